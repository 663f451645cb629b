/* Ranking, filters, and the sequence file behind them. */
#include "index_fixture.h"

#include "core/base/cpu.h"
#include "index/quantise.h"
#include "index_bulk.h"

#include <fcntl.h>

typedef struct answer {
  gaze_hit *hits;
  size_t n;
} answer;

static answer ask(const char *db, const char *text, const gaze_search_options *options) {
  gaze_index *index;
  answer a = {0};
  float query[FAKE_DIM];
  fake_vector(text, strlen(text), 0, FAKE_DIM, query);
  assert_ok(gaze_index_open(db, GAZE_INDEX_READ, &index));
  assert_ok(gaze_search(index, "fake", query, FAKE_DIM, options, &a.hits, &a.n));
  gaze_index_close(index);
  return a;
}

static void check_names(const place *p, const gaze_search_options *options, const char *expected) {
  char names[400] = "";
  answer a = ask(p->db, "a0", options);
  for (size_t i = 0; i < a.n; i++)
    snprintf(names + strlen(names), sizeof names - strlen(names), "%s ", a.hits[i].path + strlen(p->photos) + 1);
  free(a.hits);
  assert_string_equal(names, expected);
}

/* Photos whose names say what they are like: the query "a0" is the first one's own vector. */
static void fill(const place *p) {
  fake state = {0};
  place_write(p, "rome/a.jpg", "a0");
  place_write(p, "rome/old/b.jpg", "b\ntaken=2019-12-31 23:59:59\ncamera=Canon EOS 5D\n");
  place_write(p, "rome-2/c.jpg", "c\ntaken=2020-02-29 08:00:00\ncamera=FUJIFILM X100\n");
  place_write(p, "d.jpg", "d\ntaken=2020-03-01 00:00:00\ncamera=canon powershot\n");
  place_update(p, &state);
}

static void filters_apply(void **unused) {
  place p;
  char folder[4096];
  gaze_search_options o = {.min_score = -1};
  place_init(&p);
  fill(&p);
  for (int sequenced = 0; sequenced < 2; sequenced++) {
    answer all = ask(p.db, "a0", NULL);
    assert_int_equal(all.n, 4);
    free(all.hits);
    snprintf(folder, sizeof folder, "%s", place_path(&p, "rome/"));
    o = (gaze_search_options){.folder = folder, .min_score = -1};
    check_names(&p, &o, "rome/a.jpg rome/old/b.jpg ");
    snprintf(folder, sizeof folder, "%s", place_path(&p, "rome/../rome/old"));
    check_names(&p, &o, "rome/old/b.jpg ");
    snprintf(folder, sizeof folder, "%s", place_path(&p, "nowhere"));
    check_names(&p, &o, "");
    o = (gaze_search_options){.camera = "CANON", .after = "2020", .min_score = -1};
    check_names(&p, &o, "d.jpg ");
    o = (gaze_search_options){.before = "2019", .min_score = -1};
    check_names(&p, &o, "rome/old/b.jpg ");
    o = (gaze_search_options){.after = "2020-02", .before = "2020-02-29", .min_score = -1};
    check_names(&p, &o, "rome-2/c.jpg ");
    o = (gaze_search_options){.after = "2020-03-01", .before = "2020-03", .min_score = -1};
    check_names(&p, &o, "d.jpg ");
    o = (gaze_search_options){.min_score = 0.999f};
    check_names(&p, &o, "rome/a.jpg ");
    o = (gaze_search_options){.top = 1, .min_score = -1};
    check_names(&p, &o, "rome/a.jpg ");
    o = (gaze_search_options){.folder = "/", .top = 1, .min_score = -1};
    check_names(&p, &o, "rome/a.jpg ");
    gaze_index *index;
    assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
    assert_ok(gaze_index_compact(index));
    gaze_index_close(index);
  }
  place_fini(&p);
}

static void wrong_questions(void **unused) {
  static const char *const dates[] = {"",           "20",         "2020-13", "2020-00",
                                      "2020-01-32", "2020/01/01", "2020-1",  "2020-01-01x"};
  place p;
  gaze_index *index;
  gaze_hit *hits;
  size_t n;
  float query[FAKE_DIM + 1] = {1}, broken[FAKE_DIM] = {NAN};
  place_init(&p);
  fill(&p);
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_READ, &index));
  for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
    gaze_search_options o = {.after = dates[i]}, b = {.before = dates[i]};
    assert_int_equal(gaze_search(index, "fake", query, FAKE_DIM, &o, &hits, &n), GAZE_ERR_ARGUMENT);
    assert_int_equal(gaze_search(index, "fake", query, FAKE_DIM, &b, &hits, &n), GAZE_ERR_ARGUMENT);
  }
  assert_int_equal(gaze_search(index, "other", query, FAKE_DIM, NULL, &hits, &n), GAZE_ERR_NOT_FOUND);
  assert_int_equal(gaze_search(index, "../fake", query, FAKE_DIM, NULL, &hits, &n), GAZE_ERR_ARGUMENT);
  assert_int_equal(gaze_search(index, "fake", query, FAKE_DIM + 1, NULL, &hits, &n), GAZE_ERR_MISMATCH);
  assert_int_equal(gaze_search(index, "fake", broken, FAKE_DIM, NULL, &hits, &n), GAZE_ERR_ARGUMENT);
  assert_ok(gaze_search(index, "fake", query, FAKE_DIM, NULL, &hits, &n));
  free(hits);
  gaze_index_close(index);
  place_fini(&p);
}

static void copies_come_in_the_order_of_their_paths(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  place_write(&p, "z.jpg", "a0");
  place_write(&p, "a.jpg", "a0");
  place_write(&p, "m.jpg", "a0");
  place_write(&p, "other.jpg", "something else");
  place_update(&p, &state);
  gaze_search_options o = {.top = 2, .min_score = -1};
  check_names(&p, &o, "a.jpg m.jpg ");
  o.top = 3;
  check_names(&p, &o, "a.jpg m.jpg z.jpg ");
  place_fini(&p);
}

static double recall_of(const bulk *b, const char *db, size_t queries, size_t top) {
  gaze_index *index;
  float *x, *q;
  size_t right = 0;
  assert_ok(gaze_alloc((size_t)b->dim, sizeof *x, &x));
  assert_ok(gaze_alloc((size_t)b->dim, sizeof *q, &q));
  assert_ok(gaze_index_open(db, GAZE_INDEX_READ, &index));
  for (size_t i = 0; i < queries; i++) {
    gaze_top exact;
    gaze_hit *hits;
    size_t n;
    gaze_search_options o = {.top = top, .min_score = -1};
    bulk_vector(b, b->n + i, q);
    assert_ok(gaze_top_init(&exact, top));
    for (size_t k = 0; k < b->n; k++) {
      bulk_vector(b, k, x);
      gaze_top_push(&exact, gaze_vector_dot(q, x, (size_t)b->dim), (int64_t)k);
    }
    assert_ok(gaze_search(index, "bulk", q, b->dim, &o, &hits, &n));
    assert_int_equal(n, top);
    for (size_t k = 0; k < n; k++)
      for (size_t j = 0; j < exact.n; j++)
        right += bulk_number(hits[k].path) == (size_t)exact.items[j].id;
    for (size_t k = 1; k < n; k++)
      assert_true(hits[k - 1].score >= hits[k].score);
    free(hits);
    gaze_top_fini(&exact);
  }
  gaze_index_close(index);
  free(x);
  free(q);
  return (double)right / (double)(queries * top);
}

static void check_recall(bulk b) {
  place p;
  gaze_index *index;
  place_init(&p);
  assert_ok(bulk_fill(p.db, &b));
  assert_true(recall_of(&b, p.db, 3, 20) == 1.0);
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_compact(index));
  assert_ok(gaze_index_check(index));
  gaze_index_close(index);
  assert_true(recall_of(&b, p.db, 10, 20) >= 0.99);
  place_fini(&p);
}

static void bytes_and_exact_ranking_find_what_floats_find(void **unused) {
  check_recall((bulk){.n = 6000, .dim = 512, .seed = 1});
  check_recall((bulk){.n = 6000, .dim = 512, .clusters = 30, .seed = 2});
  check_recall((bulk){.n = 5000, .dim = 65, .clusters = 3, .seed = 3});
  check_recall((bulk){.n = 300, .dim = 1, .seed = 4});
}

/* A sequence file of 3000 vectors, then a tail of three photos, then deleted photos at the top of the ranking. */
static void tail_and_deleted_photos(void **unused) {
  place p;
  gaze_index *index;
  gaze_hit *hits;
  size_t n;
  bulk b = {.n = 5000, .dim = 64, .clusters = 10, .seed = 5};
  float query[64];
  place_init(&p);
  assert_ok(bulk_fill(p.db, &b));
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_compact(index));
  bulk_vector(&b, 4321, query);
  assert_ok(gaze_sql_run(
      index->db, "INSERT INTO content(id, hash, width, height) VALUES(9000, zeroblob(16), 1, 1);"
                 "INSERT INTO photo(path, content, size, mtime_ns) VALUES('/tail.jpg', 9000, 1, 1);"
                 "INSERT INTO vector(model, content, f32) SELECT 1, 9000, f32 FROM vector WHERE content = 4322"));
  gaze_search_options o = {.top = 2, .min_score = -1};
  assert_ok(gaze_search(index, "bulk", query, b.dim, &o, &hits, &n));
  assert_int_equal(index->sequence.n, 5000);
  assert_string_equal(hits[0].path, "/photos/0004/0004321.jpg");
  assert_string_equal(hits[1].path, "/tail.jpg");
  free(hits);
  assert_ok(gaze_sql_run(index->db, "DELETE FROM photo WHERE id % 10 <> 7"));
  o.top = 300;
  assert_ok(gaze_search(index, "bulk", query, b.dim, &o, &hits, &n));
  assert_int_equal(n, 300);
  free(hits);
  o.top = 10000;
  assert_ok(gaze_search(index, "bulk", query, b.dim, &o, &hits, &n));
  assert_int_equal(n, 500);
  free(hits);
  gaze_index_close(index);
  place_fini(&p);
}

static void flip(const char *path, off_t at) {
  int file = open(path, O_RDWR);
  uint8_t byte;
  assert_int_equal(pread(file, &byte, 1, at), 1);
  byte ^= 0x10;
  assert_int_equal(pwrite(file, &byte, 1, at), 1);
  close(file);
}

static void damaged_sequence_file(void **unused) {
  place p;
  gaze_index *index;
  bulk b = {.n = 3000, .dim = 64, .seed = 6};
  char sequence[64];
  place_init(&p);
  assert_ok(bulk_fill(p.db, &b));
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_compact(index));
  gaze_index_close(index);
  snprintf(sequence, sizeof sequence, "%s.bulk.vec", p.db);
  static const off_t header[] = {0, 8, 16, 24, 32, 40, 48, 56, 60};
  for (size_t i = 0; i < sizeof header / sizeof *header; i++) {
    flip(sequence, header[i]);
    assert_ok(gaze_index_open(p.db, GAZE_INDEX_READ, &index));
    assert_ok(gaze_index_check(index));
    assert_int_equal(index->sequence.n, 0);
    gaze_index_close(index);
    assert_true(recall_of(&b, p.db, 1, 20) == 1.0);
    flip(sequence, header[i]);
  }
  static const off_t body[] = {64, 64 + 3000 * 64, 64 + 3000 * 64 + 3000 * 4 + 32};
  for (size_t i = 0; i < sizeof body / sizeof *body; i++) {
    flip(sequence, body[i]);
    assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
    assert_int_equal(gaze_index_check(index), GAZE_ERR_CORRUPT);
    assert_ok(gaze_index_compact(index));
    assert_ok(gaze_index_check(index));
    gaze_index_close(index);
  }
  assert_int_equal(truncate(sequence, 5000), 0);
  assert_true(recall_of(&b, p.db, 1, 20) == 1.0);
  place_fini(&p);
}

/* A database that went another way after its sequence file was written: same identity, other vectors. */
static void sequence_of_another_history(void **unused) {
  place p;
  gaze_index *index;
  bulk b = {.n = 3000, .dim = 64, .seed = 7};
  place_init(&p);
  assert_ok(bulk_fill(p.db, &b));
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_compact(index));
  assert_ok(gaze_sql_run(index->db, "UPDATE vector SET f32 = (SELECT f32 FROM vector WHERE id = 1) WHERE id = 3000"));
  gaze_index_close(index);
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_READ, &index));
  assert_ok(gaze_index_check(index));
  assert_int_equal(index->sequence.n, 0);
  gaze_index_close(index);
  place_fini(&p);
}

/* The last reader finds the file longer than what it had mapped, and writes it itself when nobody else does. */
static void sequence_grows(void **unused) {
  place p;
  gaze_index *index;
  bulk b = {.n = 20000, .dim = 8, .seed = 8};
  place_init(&p);
  assert_ok(bulk_fill(p.db, &b));
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_READ, &index));
  gaze_hit *hits;
  size_t n;
  float query[8] = {1};
  assert_ok(gaze_search(index, "bulk", query, 8, NULL, &hits, &n));
  assert_int_equal(index->sequence.n, 20000);
  free(hits);
  gaze_index_close(index);
  assert_true(recall_of(&b, p.db, 3, 20) >= 0.99);
  place_fini(&p);
}

static void kernels_agree(void **unused) {
  gaze_random random;
  gaze_random_init(&random, 9, 0);
  static int8_t rows[40 * 4096];
  static int16_t query[4096];
  int32_t a[40], b[40];
  for (size_t i = 0; i < sizeof rows; i++)
    rows[i] = i % 3 ? (int8_t)gaze_random_next(&random) : -128;
  for (size_t i = 0; i < 4096; i++)
    query[i] = i % 5 ? (int16_t)(gaze_random_below(&random, 8191) - 4095) : -4095;
  for (size_t stride = 64; stride <= 4096; stride *= 2) {
    gaze_scan_c(a, rows, 40, stride, query);
    int64_t first = 0;
    for (size_t k = 0; k < stride; k++)
      first += (int64_t)rows[k] * query[k];
    assert_int_equal(a[0], first);
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) {
      gaze_scan_avx2(b, rows, 40, stride, query);
      assert_memory_equal(a, b, sizeof a);
    }
    if (gaze_cpu_detect() & GAZE_CPU_VNNI) {
      gaze_scan_vnni(b, rows, 40, stride, query);
      assert_memory_equal(a, b, sizeof a);
    }
#endif
  }
  for (size_t i = 0; i < 4096; i++)
    rows[i] = -128, query[i] = -4095;
  gaze_scan_c(a, rows, 1, 4096, query);
  assert_int_equal(a[0], 128 * 4095 * 4096);
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) {
    gaze_scan_avx2(b, rows, 1, 4096, query);
    assert_int_equal(b[0], a[0]);
  }
  if (gaze_cpu_detect() & GAZE_CPU_VNNI) {
    gaze_scan_vnni(b, rows, 1, 4096, query);
    assert_int_equal(b[0], a[0]);
  }
#endif
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(filters_apply),
      cmocka_unit_test(wrong_questions),
      cmocka_unit_test(copies_come_in_the_order_of_their_paths),
      cmocka_unit_test(bytes_and_exact_ranking_find_what_floats_find),
      cmocka_unit_test(tail_and_deleted_photos),
      cmocka_unit_test(damaged_sequence_file),
      cmocka_unit_test(sequence_of_another_history),
      cmocka_unit_test(sequence_grows),
      cmocka_unit_test(kernels_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
