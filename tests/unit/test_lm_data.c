/* Documents as batches of ids: where they are cut, in which order they come, and what is asked of each row. */
#include "data_files.h"

#include "fusion/lm_data.h"

#include <stdlib.h>
#include <string.h>

enum { CONTEXT = 6, ROWS = 15 };

static const char *const texts[] = {"a b c d e f g h i j k l m n", "one", "x y", "two two", "q r s t u", "z"};
enum { TEXTS = sizeof texts / sizeof *texts };

static gaze_tokenizer *tokenizer;
static gaze_lm_marks marks;
static gaze_lm_data data;

static int set_up(void **state) {
  gaze_documents documents = {0};
  if (make_folder(state) != 0 || gaze_tokenizer_train_kind("lm", NULL, 0, 260, 1, test_folder) != GAZE_OK ||
      gaze_tokenizer_open(test_folder, &tokenizer) != GAZE_OK ||
      gaze_lm_marks_find(tokenizer, test_folder, &marks) != GAZE_OK)
    return -1;
  gaze_err err = GAZE_OK;
  for (size_t i = 0; i < TEXTS && err == GAZE_OK; i++)
    err = gaze_documents_add_text(&documents, texts[i]);
  if (err == GAZE_OK)
    err = gaze_lm_data_init(&data, &documents, tokenizer, &marks, CONTEXT);
  gaze_documents_fini(&documents);
  return err == GAZE_OK ? 0 : -1;
}

static int tear_down(void **state) {
  gaze_lm_data_fini(&data);
  gaze_tokenizer_free(tokenizer);
  return remove_folder(state);
}

/* Of bytes and marks alone: a text of n bytes gives n + 1 rows. */
static void documents_become_pieces(void **state) {
  size_t piece = 0, at = 0, rows = 0;
  assert_true(marks.front == marks.end && marks.end == gaze_tokenizer_find(tokenizer, "<|endoftext|>"));
  for (size_t i = 0; i < TEXTS; i++) {
    size_t n = strlen(texts[i]);
    assert_int_equal(data.ids[at], marks.front);
    assert_int_equal(data.ids[at + n + 1], marks.end);
    for (size_t done = 0; done < n + 1; done += data.pieces[piece++].rows) {
      assert_int_equal(data.pieces[piece].at, at + done);
      assert_int_equal(data.pieces[piece].rows, n + 1 - done < CONTEXT ? n + 1 - done : CONTEXT);
    }
    rows += n + 1;
    at += n + 2;
  }
  assert_int_equal(data.n, piece);
  assert_int_equal(data.rows, rows);
  assert_int_equal(data.n_ids, at);
}

/* Which piece begins with these ids in the batch. */
static size_t find_piece(const gaze_lm_batch *batch, size_t b) {
  size_t first = batch->sequences.offsets[b], n = batch->sequences.offsets[b + 1] - first;
  for (size_t i = 0; i < data.n; i++)
    if (data.pieces[i].rows == n && !memcmp(data.ids + data.pieces[i].at, batch->ids + first, n * sizeof(int32_t)) &&
        !memcmp(data.ids + data.pieces[i].at + 1, batch->labels + first, n * sizeof(int32_t)))
      return i;
  fail_msg("a sequence that is no piece");
  return 0;
}

static void check_batch(const gaze_lm_batch *batch) {
  size_t longest = 0;
  assert_true(batch->sequences.count >= 1 && gaze_sequences_rows(&batch->sequences) <= ROWS);
  for (size_t b = 0; b < batch->sequences.count; b++) {
    size_t n = batch->sequences.offsets[b + 1] - batch->sequences.offsets[b];
    longest = n > longest ? n : longest;
  }
  assert_int_equal(batch->sequences.longest, longest);
}

static void a_round_has_every_piece_once(void **state) {
  for (int shuffled = 0; shuffled < 2; shuffled++) {
    gaze_lm_reader reader;
    gaze_lm_batch batch;
    size_t seen[64] = {0}, taken = 0;
    assert_int_equal(gaze_lm_reader_init(&reader, &data, ROWS, 1, shuffled, 5), GAZE_OK);
    while (taken < data.n) {
      assert_true(gaze_lm_reader_next(&reader, &batch));
      check_batch(&batch);
      for (size_t b = 0; b < batch.sequences.count && taken < data.n; b++, taken++)
        seen[find_piece(&batch, b)]++;
    }
    for (size_t i = 0; i < data.n; i++)
      assert_int_equal(seen[i], 1);
    assert_true(gaze_lm_reader_next(&reader, &batch) == shuffled);
    gaze_lm_reader_fini(&reader);
  }
}

static void check_same(const gaze_lm_batch *a, const gaze_lm_batch *b) {
  size_t n = gaze_sequences_rows(&a->sequences);
  assert_int_equal(a->sequences.count, b->sequences.count);
  assert_int_equal(n, gaze_sequences_rows(&b->sequences));
  assert_memory_equal(a->ids, b->ids, n * sizeof *a->ids);
  assert_memory_equal(a->labels, b->labels, n * sizeof *a->labels);
}

/* Over several rounds; those that are held stay as they are. */
static void skipping_is_reading(void **state) {
  gaze_lm_reader whole, skipping;
  gaze_lm_batch a, b, before;
  uint64_t rows = 0;
  for (uint64_t batches = 0; batches < 30; batches += 7) {
    assert_int_equal(gaze_lm_reader_init(&whole, &data, ROWS, 2, true, 9), GAZE_OK);
    assert_int_equal(gaze_lm_reader_init(&skipping, &data, ROWS, 2, true, 9), GAZE_OK);
    for (uint64_t i = rows = 0; i < batches; i++) {
      assert_true(gaze_lm_reader_next(&whole, &a));
      rows += gaze_sequences_rows(&a.sequences);
    }
    assert_int_equal(gaze_lm_reader_skip(&skipping, batches), rows);
    assert_true(gaze_lm_reader_next(&whole, &before) && gaze_lm_reader_next(&skipping, &b));
    assert_true(gaze_lm_reader_next(&whole, &a));
    check_same(&before, &b);
    gaze_lm_reader_fini(&whole);
    gaze_lm_reader_fini(&skipping);
  }
}

static void seeds_and_rounds_differ(void **state) {
  uint32_t order[3][64];
  gaze_lm_reader reader;
  gaze_lm_batch batch;
  for (size_t i = 0; i < 3; i++) { /* a round, the next one, another seed's */
    assert_int_equal(gaze_lm_reader_init(&reader, &data, ROWS, 1, true, i < 2 ? 1 : 2), GAZE_OK);
    while (reader.round < i % 2)
      gaze_lm_reader_next(&reader, &batch);
    memcpy(order[i], reader.order, data.n * sizeof *reader.order);
    gaze_lm_reader_fini(&reader);
  }
  assert_memory_not_equal(order[0], order[1], data.n * sizeof **order);
  assert_memory_not_equal(order[0], order[2], data.n * sizeof **order);
}

static void nothing_to_learn_from(void **state) {
  gaze_lm_data none;
  gaze_documents documents = {0};
  check_fails(gaze_lm_data_init(&none, &documents, tokenizer, &marks, CONTEXT), GAZE_ERR_FORMAT, "no text", NULL);
  gaze_lm_data_fini(&none);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(documents_become_pieces),
                                     cmocka_unit_test(a_round_has_every_piece_once),
                                     cmocka_unit_test(skipping_is_reading), cmocka_unit_test(seeds_and_rounds_differ),
                                     cmocka_unit_test(nothing_to_learn_from)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
