/* What a second run finds, and what it does not do again. */
#include "index_fixture.h"

#include <sys/stat.h>

static void check_stats(gaze_index_stats s, size_t added, size_t updated, size_t moved, size_t unchanged,
                        size_t removed, size_t failed) {
  assert_int_equal(s.added, added);
  assert_int_equal(s.updated, updated);
  assert_int_equal(s.moved, moved);
  assert_int_equal(s.unchanged, unchanged);
  assert_int_equal(s.removed, removed);
  assert_int_equal(s.failed, failed);
}

static size_t count_hits(const place *p, const char *key, const char *name) {
  gaze_index *index;
  gaze_hit *hits;
  size_t n, matching = 0;
  float query[FAKE_DIM] = {1};
  gaze_search_options options = {.top = 1000, .min_score = -1};
  assert_ok(gaze_index_open(p->db, GAZE_INDEX_READ, &index));
  assert_ok(gaze_search(index, key, query, FAKE_DIM, &options, &hits, &n));
  for (size_t i = 0; i < n; i++)
    matching += !name || strcmp(hits[i].path, place_path(p, name)) == 0;
  free(hits);
  gaze_index_close(index);
  return matching;
}

static void add_three(const place *p, fake *state) {
  place_write(p, "a.jpg", "one");
  place_write(p, "deep/er/b.PNG", "two");
  place_write(p, "c.webp", "three");
  place_write(p, "notes.txt", "no picture");
  check_stats(place_update(p, state), 3, 0, 0, 0, 0, 0);
  assert_int_equal(state->prepared, 3);
}

static void unchanged_files_are_not_read(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  add_three(&p, &state);
  check_stats(place_update(&p, &state), 0, 0, 0, 3, 0, 0);
  assert_int_equal(state.prepared, 3);
  place_fini(&p);
}

static void touched_file_is_hashed_but_not_decoded(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  add_three(&p, &state);
  place_write(&p, "a.jpg", "one");
  check_stats(place_update(&p, &state), 0, 0, 0, 3, 0, 0);
  assert_int_equal(state.prepared, 3);
  place_fini(&p);
}

static void changed_file_is_embedded_again(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  add_three(&p, &state);
  place_write(&p, "a.jpg", "another one");
  check_stats(place_update(&p, &state), 0, 1, 0, 2, 0, 0);
  assert_int_equal(state.prepared, 4);
  assert_int_equal(count_hits(&p, "fake", NULL), 3);
  place_fini(&p);
}

static void moved_file_keeps_its_vector(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  add_three(&p, &state);
  place_move(&p, "a.jpg", "deep/renamed.jpg");
  check_stats(place_update(&p, &state), 0, 0, 1, 2, 0, 0);
  assert_int_equal(state.prepared, 3);
  assert_int_equal(count_hits(&p, "fake", "deep/renamed.jpg"), 1);
  assert_int_equal(count_hits(&p, "fake", "a.jpg"), 0);
  place_fini(&p);
}

static void swapped_files_are_not_decoded(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  add_three(&p, &state);
  place_move(&p, "a.jpg", "x.jpg");
  place_move(&p, "c.webp", "a.jpg");
  place_move(&p, "x.jpg", "c.webp");
  check_stats(place_update(&p, &state), 0, 2, 0, 1, 0, 0);
  assert_int_equal(state.prepared, 3);
  place_fini(&p);
}

static void copies_share_a_vector(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  place_write(&p, "a.jpg", "same");
  place_write(&p, "b.jpg", "same");
  check_stats(place_update(&p, &state), 2, 0, 0, 0, 0, 0);
  assert_int_equal(state.prepared, 1);
  place_write(&p, "c.jpg", "same");
  check_stats(place_update(&p, &state), 1, 0, 0, 2, 0, 0);
  assert_int_equal(state.prepared, 1);
  assert_int_equal(count_hits(&p, "fake", NULL), 3);
  place_fini(&p);
}

static void deleted_file_disappears_and_may_come_back(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  add_three(&p, &state);
  assert_int_equal(unlink(place_path(&p, "a.jpg")), 0);
  check_stats(place_update(&p, &state), 0, 0, 0, 2, 1, 0);
  assert_int_equal(count_hits(&p, "fake", NULL), 2);
  place_write(&p, "a.jpg", "one");
  check_stats(place_update(&p, &state), 1, 0, 0, 2, 0, 0);
  assert_int_equal(state.prepared, 3);
  place_fini(&p);
}

static void only_the_given_folders_lose_photos(void **unused) {
  place p;
  fake state = {0};
  gaze_index *index;
  gaze_index_stats stats;
  gaze_embedder embedder = fake_embedder(&state, "fake");
  place_init(&p);
  add_three(&p, &state);
  place_write(&p, "deep.jpg", "beside the folder deep");
  place_write(&p, "deep-sea/d.jpg", "beside it too");
  place_write(&p, "deep/e.jpg", "stays");
  place_update(&p, &state);
  assert_int_equal(unlink(place_path(&p, "a.jpg")), 0);
  assert_int_equal(unlink(place_path(&p, "deep/er/b.PNG")), 0);
  char folder[4096];
  snprintf(folder, sizeof folder, "%s", place_path(&p, "deep/"));
  const char *folders[] = {folder, folder};
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_update(index, &embedder, folders, 2, NULL, &stats));
  gaze_index_close(index);
  check_stats(stats, 0, 0, 0, 1, 1, 0);
  assert_int_equal(count_hits(&p, "fake", NULL), 5);
  place_fini(&p);
}

static void overlapping_folders_do_not_double(void **unused) {
  place p;
  fake state = {0};
  gaze_index *index;
  gaze_index_stats stats;
  gaze_embedder embedder = fake_embedder(&state, "fake");
  place_init(&p);
  add_three(&p, &state);
  char deep[4096];
  snprintf(deep, sizeof deep, "%s", place_path(&p, "deep/../deep/er"));
  const char *folders[] = {deep, p.photos, p.photos};
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_update(index, &embedder, folders, 3, NULL, &stats));
  gaze_index_close(index);
  check_stats(stats, 0, 0, 0, 3, 0, 0);
  place_fini(&p);
}

typedef struct failures {
  int n;
  char last[4096];
} failures;

static void keep_failure(void *user, const char *path, const char *message) {
  failures *f = user;
  f->n++;
  snprintf(f->last, sizeof f->last, "%s|%s", path, message);
}

static void failed_file_is_named_and_tried_again(void **unused) {
  place p;
  fake state = {0};
  failures f = {0};
  gaze_index_options options = {.failed = keep_failure, .user = &f};
  place_init(&p);
  place_write(&p, "good.jpg", "good");
  place_write(&p, "bad.jpg", "broken");
  place_write(&p, "copy-of-bad.jpg", "broken");
  for (int run = 1; run <= 2; run++) {
    check_stats(place_update_with(&p, &state, "fake", &options), run == 1, 0, 0, run == 2, 0, 2);
    assert_int_equal(f.n, 2 * run);
    assert_int_equal(state.prepared, 1 + run);
  }
  assert_non_null(strstr(f.last, "bad.jpg|"));
  place_write(&p, "bad.jpg", "mended");
  check_stats(place_update_with(&p, &state, "fake", &options), 1, 0, 0, 1, 0, 1);
  place_fini(&p);
}

static void file_that_breaks_is_no_longer_found(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  add_three(&p, &state);
  place_write(&p, "a.jpg", "broken now");
  check_stats(place_update(&p, &state), 0, 0, 0, 2, 0, 1);
  assert_int_equal(count_hits(&p, "fake", NULL), 2);
  place_fini(&p);
}

static void models_live_side_by_side(void **unused) {
  place p;
  fake first = {0}, second = {.seed = 7};
  place_init(&p);
  add_three(&p, &first);
  check_stats(place_update_with(&p, &second, "second", NULL), 3, 0, 0, 0, 0, 0);
  assert_int_equal(second.prepared, 3);
  check_stats(place_update(&p, &first), 0, 0, 0, 3, 0, 0);
  assert_int_equal(first.prepared, 3);
  assert_int_equal(count_hits(&p, "fake", NULL), 3);
  assert_int_equal(count_hits(&p, "second", NULL), 3);
  place_write(&p, "a.jpg", "changed under the second alone");
  check_stats(place_update_with(&p, &second, "second", NULL), 0, 1, 0, 2, 0, 0);
  check_stats(place_update(&p, &first), 1, 0, 0, 2, 0, 0);
  place_fini(&p);
}

/* The one photo's vector as the search sees it: by the file beside the database and without. */
static void check_vector(const place *p, const char *name, const char *text, const fake *state) {
  gaze_index *index;
  gaze_hit *hits;
  size_t n;
  float query[FAKE_DIM];
  fake_vector(text, strlen(text), state->seed, FAKE_DIM, query);
  assert_ok(gaze_index_open(p->db, GAZE_INDEX_READ, &index));
  assert_ok(gaze_search(index, "fake", query, FAKE_DIM, NULL, &hits, &n));
  assert_string_equal(hits[0].path, place_path(p, name));
  assert_true(hits[0].score > 0.999f);
  assert_ok(gaze_index_check(index));
  gaze_index_close(index);
  free(hits);
}

/* Turned as its EXIF says, or not: the same file and model, another vector. */
static void other_options_make_vectors_again(void **unused) {
  place p;
  fake plain = {0}, turned = {.seed = 9, .variant = 2};
  place_init(&p);
  add_three(&p, &plain);
  place_write(&p, "copy.jpg", "a copied one");
  place_write(&p, "copy2.jpg", "a copied one");
  check_stats(place_update(&p, &plain), 2, 0, 0, 3, 0, 0);
  gaze_index *kept; /* open all the time, with the file of vectors mapped */
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &kept));
  assert_ok(gaze_index_compact(kept));
  check_vector(&p, "copy.jpg", "a copied one", &plain);
  check_stats(place_update(&p, &turned), 0, 5, 0, 0, 0, 0);
  assert_int_equal(turned.prepared, 4);
  check_vector(&p, "copy.jpg", "a copied one", &turned);
  assert_ok(gaze_index_check(kept));
  gaze_index_close(kept);
  check_stats(place_update(&p, &turned), 0, 0, 0, 5, 0, 0);
  check_stats(place_update(&p, &plain), 0, 5, 0, 0, 0, 0);
  check_vector(&p, "copy.jpg", "a copied one", &plain);
  place_fini(&p);
}

/* A new copy of a picture that has a vector of other options is no reason to keep it. */
static void a_copy_does_not_borrow_from_other_options(void **unused) {
  place p;
  fake plain = {0}, turned = {.seed = 9, .variant = 2};
  place_init(&p);
  place_write(&p, "a/one.jpg", "one");
  place_update(&p, &turned);
  place_move(&p, "a/one.jpg", "two.jpg");
  check_stats(place_update(&p, &plain), 0, 0, 1, 0, 0, 0);
  check_vector(&p, "two.jpg", "one", &plain);
  place_fini(&p);
}

static void same_key_of_another_size_is_refused(void **unused) {
  place p;
  fake state = {0};
  gaze_index *index;
  place_init(&p);
  add_three(&p, &state);
  gaze_embedder embedder = fake_embedder(&state, "fake");
  embedder.dim = 16;
  const char *folder = p.photos;
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_int_equal(gaze_index_update(index, &embedder, &folder, 1, NULL, NULL), GAZE_ERR_MISMATCH);
  gaze_index_close(index);
  place_fini(&p);
}

static void excludes_and_defaults(void **unused) {
  place p;
  fake state = {0};
  const char *globs[] = {"raw", "trips/*/draft*", "*.heic"};
  gaze_index_options options = {.exclude = globs, .n_exclude = 3};
  static const char *const left_out[] = {".git/a.jpg", "node_modules/b.jpg", "@eaDir/c.jpg",          ".hidden/d.jpg",
                                         "raw/e.jpg",  "x/raw/f.jpg",        "trips/rome/draft1.jpg", "g.heic",
                                         "._h.jpg"};
  place_init(&p);
  for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
    place_write(&p, left_out[i], left_out[i]);
  place_write(&p, "trips/rome/final.jpg", "kept");
  place_write(&p, "rawest.jpeg", "kept too");
  check_stats(place_update_with(&p, &state, "fake", &options), 2, 0, 0, 0, 0, 0);
  globs[0] = "rawest*";
  options.n_exclude = 1;
  gaze_index_stats stats = place_update_with(&p, &state, "fake", &options);
  assert_int_equal(stats.removed, 1);
  place_fini(&p);
}

static void links_neither_loop_nor_double(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  place_write(&p, "deep/a.jpg", "one");
  assert_int_equal(symlink("..", place_path(&p, "deep/up")), 0);
  assert_int_equal(symlink("nowhere", place_path(&p, "dangling.jpg")), 0);
  assert_int_equal(symlink("deep/a.jpg", place_path(&p, "link.jpg")), 0);
  assert_int_equal(mkfifo(place_path(&p, "pipe.jpg"), 0600), 0);
  check_stats(place_update(&p, &state), 2, 0, 0, 0, 0, 0);
  assert_int_equal(state.prepared, 1);
  place_write(&p, "other.JFIF", "two");
  assert_int_equal(unlink(place_path(&p, "link.jpg")), 0);
  assert_int_equal(symlink("other.JFIF", place_path(&p, "link.jpg")), 0);
  check_stats(place_update(&p, &state), 1, 1, 0, 1, 0, 0);
  assert_int_equal(unlink(place_path(&p, "other.JFIF")), 0);
  check_stats(place_update(&p, &state), 0, 0, 0, 1, 2, 0); /* the link leads nowhere */
  place_fini(&p);
}

static void names_may_hold_any_bytes(void **unused) {
  place p;
  fake state = {0};
  place_init(&p);
  place_write(&p, "\xed\x95\x9c\xea\xb8\x80 %s ' \n.jpg", "Hangul and a line break");
  place_write(&p, "\xff\xfe latin.jpg", "no UTF-8");
  check_stats(place_update(&p, &state), 2, 0, 0, 0, 0, 0);
  check_stats(place_update(&p, &state), 0, 0, 0, 2, 0, 0);
  assert_int_equal(count_hits(&p, "fake", "\xff\xfe latin.jpg"), 1);
  place_fini(&p);
}

static void wrong_folders_are_refused(void **unused) {
  place p;
  fake state = {0};
  gaze_index *index;
  gaze_embedder embedder = fake_embedder(&state, "fake");
  place_init(&p);
  place_write(&p, "a.jpg", "one");
  char missing[4096], file[4096];
  snprintf(missing, sizeof missing, "%s", place_path(&p, "missing"));
  snprintf(file, sizeof file, "%s", place_path(&p, "a.jpg"));
  const char *folders[] = {missing, file};
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_int_equal(gaze_index_update(index, &embedder, &folders[0], 1, NULL, NULL), GAZE_ERR_NOT_FOUND);
  assert_int_equal(gaze_index_update(index, &embedder, &folders[1], 1, NULL, NULL), GAZE_ERR_ARGUMENT);
  gaze_index_close(index);
  place_fini(&p);
}

/* Raises the stop flag at a chosen photo. */
typedef struct stopper {
  int stop;
  size_t at;
} stopper;

static void stop_at(void *user, const gaze_index_progress *progress) {
  stopper *s = user;
  if (progress->total && progress->done >= s->at)
    __atomic_store_n(&s->stop, 1, __ATOMIC_RELAXED);
}

static void remove_trip(const place *p) {
  char command[4400];
  snprintf(command, sizeof command, "rm -r '%s'", place_path(p, "trip"));
  assert_int_equal(system(command), 0);
}

/* Folders that are gone or empty: an unmounted disk looks like that. One beside them is not touched. */
static void a_vanished_folder_is_kept_until_told(void **unused) {
  place p;
  fake state = {0};
  gaze_index *index;
  gaze_index_stats stats;
  gaze_index_options options = {0};
  gaze_embedder embedder = fake_embedder(&state, "fake");
  place_init(&p);
  place_write(&p, "trip/deep/a.jpg", "one");
  place_write(&p, "trip/b.jpg", "two");
  place_write(&p, "trip2/c.jpg", "three");
  place_update(&p, &state);
  char gone[4200], deep[4200];
  snprintf(gone, sizeof gone, "%s/", place_path(&p, "trip"));
  snprintf(deep, sizeof deep, "%s", place_path(&p, "trip/deep"));
  const char *folders[] = {gone, deep}, *beside = p.photos;
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_update(index, &embedder, folders, 2, &options, &stats)); /* one in the other: nothing is gone */
  check_stats(stats, 0, 0, 0, 2, 0, 0);
  remove_trip(&p);
  assert_ok(gaze_index_update(index, &embedder, folders, 1, &options, &stats));
  check_stats(stats, 0, 0, 0, 0, 0, 1);
  assert_int_equal(mkdir(gone, 0777), 0);
  assert_ok(gaze_index_update(index, &embedder, folders, 1, &options, &stats));
  check_stats(stats, 0, 0, 0, 0, 0, 1);
  assert_int_equal(count_hits(&p, "fake", "trip/b.jpg"), 1);
  options.forget = true;
  assert_ok(gaze_index_update(index, &embedder, folders, 1, &options, &stats));
  check_stats(stats, 0, 0, 0, 0, 2, 0);
  remove_trip(&p);
  assert_int_equal(gaze_index_update(index, &embedder, folders, 1, &options, NULL), GAZE_ERR_NOT_FOUND);
  options.forget = false;
  assert_ok(gaze_index_update(index, &embedder, &beside, 1, &options, &stats));
  check_stats(stats, 0, 0, 0, 1, 0, 0);
  gaze_index_close(index);
  assert_int_equal(count_hits(&p, "fake", NULL), 1);
  place_fini(&p);
}

static void interrupted_run_goes_on(void **unused) {
  place p;
  fake state = {0};
  gaze_index *index;
  gaze_index_stats stats;
  place_init(&p);
  for (int i = 0; i < 500; i++) {
    char name[32];
    snprintf(name, sizeof name, "%03d.jpg", i);
    place_write(&p, name, name);
  }
  stopper s = {.at = 40};
  gaze_index_options options = {.stop = &s.stop, .progress = stop_at, .user = &s, .threads = 3};
  gaze_embedder embedder = fake_embedder(&state, "fake");
  const char *folder = p.photos;
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_int_equal(gaze_index_update(index, &embedder, &folder, 1, &options, &stats), GAZE_ERR_INTERRUPTED);
  assert_ok(gaze_index_check(index));
  gaze_index_close(index);
  assert_in_range(stats.added, 40, 499);
  assert_int_equal(stats.added, state.prepared);
  gaze_index_stats rest = place_update(&p, &state);
  assert_int_equal(rest.added + stats.added, 500);
  assert_int_equal(rest.unchanged, stats.added);
  assert_int_equal(state.prepared, 500);
  place_fini(&p);
}

static gaze_err encode_nonsense(void *user, const void *items, size_t n, float *vectors) {
  for (size_t i = 0; i < n * FAKE_DIM; i++)
    vectors[i] = NAN;
  return GAZE_OK;
}

static gaze_err encode_never(void *user, const void *items, size_t n, float *vectors) {
  return gaze_fail(GAZE_ERR_MEMORY, "out of memory: encoding: free memory");
}

static void a_model_that_fails(void **unused) {
  place p;
  fake state = {0};
  gaze_index *index;
  gaze_index_stats stats;
  place_init(&p);
  place_write(&p, "a.jpg", "one");
  gaze_embedder embedder = fake_embedder(&state, "fake");
  const char *folder = p.photos;
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  embedder.encode = encode_nonsense;
  assert_ok(gaze_index_update(index, &embedder, &folder, 1, NULL, &stats));
  check_stats(stats, 0, 0, 0, 0, 0, 1);
  embedder.encode = encode_never;
  assert_int_equal(gaze_index_update(index, &embedder, &folder, 1, NULL, &stats), GAZE_ERR_MEMORY);
  assert_ok(gaze_index_check(index));
  gaze_index_close(index);
  place_fini(&p);
}

/* Encodes while a second writer knocks. */
typedef struct rival {
  fake state;
  gaze_index *index;
  const char *folder;
  gaze_err answer;
} rival;

static gaze_err encode_beside_rival(void *user, const void *items, size_t n, float *vectors) {
  rival *r = user;
  gaze_embedder embedder = fake_embedder(&r->state, "fake");
  r->answer = gaze_index_update(r->index, &embedder, &r->folder, 1, NULL, NULL);
  return fake_encode(&r->state, items, n, vectors);
}

static void second_indexer_is_told_to_wait(void **unused) {
  place p;
  rival r = {0};
  gaze_index *index;
  place_init(&p);
  place_write(&p, "a.jpg", "one");
  r.folder = p.photos;
  gaze_embedder embedder = fake_embedder(&r.state, "fake");
  embedder.user = &r;
  embedder.encode = encode_beside_rival;
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &r.index));
  assert_ok(gaze_index_update(index, &embedder, &r.folder, 1, NULL, NULL));
  assert_int_equal(r.answer, GAZE_ERR_BUSY);
  gaze_index_close(index);
  gaze_index_close(r.index);
  place_fini(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(unchanged_files_are_not_read),
                                     cmocka_unit_test(touched_file_is_hashed_but_not_decoded),
                                     cmocka_unit_test(changed_file_is_embedded_again),
                                     cmocka_unit_test(moved_file_keeps_its_vector),
                                     cmocka_unit_test(swapped_files_are_not_decoded),
                                     cmocka_unit_test(copies_share_a_vector),
                                     cmocka_unit_test(deleted_file_disappears_and_may_come_back),
                                     cmocka_unit_test(only_the_given_folders_lose_photos),
                                     cmocka_unit_test(overlapping_folders_do_not_double),
                                     cmocka_unit_test(failed_file_is_named_and_tried_again),
                                     cmocka_unit_test(file_that_breaks_is_no_longer_found),
                                     cmocka_unit_test(models_live_side_by_side),
                                     cmocka_unit_test(other_options_make_vectors_again),
                                     cmocka_unit_test(a_copy_does_not_borrow_from_other_options),
                                     cmocka_unit_test(same_key_of_another_size_is_refused),
                                     cmocka_unit_test(excludes_and_defaults),
                                     cmocka_unit_test(links_neither_loop_nor_double),
                                     cmocka_unit_test(names_may_hold_any_bytes),
                                     cmocka_unit_test(wrong_folders_are_refused),
                                     cmocka_unit_test(a_vanished_folder_is_kept_until_told),
                                     cmocka_unit_test(interrupted_run_goes_on),
                                     cmocka_unit_test(a_model_that_fails),
                                     cmocka_unit_test(second_indexer_is_told_to_wait)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
