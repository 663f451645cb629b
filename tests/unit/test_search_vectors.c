/* A real index without a model: 500 photos with their vectors by the original CLIP, and text vectors of the same space.
 */
#include "index_fixture.h"

#include "fusion/npy.h"
#include "fusion/tar.h"

#include <jansson.h>

#define PHOTOS 500
#define DIM 512

typedef struct corel {
  gaze_map tar, vectors;
  const float *rows;    /* [PHOTOS, DIM], in key order */
  char keys[PHOTOS][8]; /* "000", ... in the tar's order, which is key order */
  char classes[PHOTOS][32];
} corel;

static const char *shared_path(const char *name) {
  static char path[4096];
  const char *shared = getenv("GAZE_SHARED");
  snprintf(path, sizeof path, "%s/%s", shared ? shared : "../shared", name);
  return path;
}

static void keep_class(corel *c, size_t number, const gaze_tar_member *member) {
  json_t *json = json_loadb((const char *)member->data, member->size, 0, NULL);
  assert_non_null(json);
  snprintf(c->classes[number], sizeof c->classes[number], "%s", json_string_value(json_object_get(json, "class")));
  json_decref(json);
}

static void unpack(corel *c, const place *p) {
  gaze_tar tar;
  gaze_tar_member member;
  bool found;
  size_t photos = 0, labels = 0;
  gaze_tar_init(&tar, c->tar.data, c->tar.size, "corel500.tar");
  for (;;) {
    assert_ok(gaze_tar_next(&tar, &member, &found));
    if (!found)
      break;
    if (strstr(member.name, ".json")) {
      keep_class(c, labels++, &member);
      continue;
    }
    assert_in_range(photos, 0, PHOTOS - 1);
    snprintf(c->keys[photos++], sizeof c->keys[0], "%.*s", (int)strcspn(member.name, "."), member.name);
    assert_ok(gaze_file_replace(place_path(p, member.name), member.data, member.size));
  }
  assert_int_equal(photos, PHOTOS);
  assert_int_equal(labels, PHOTOS);
}

static size_t number_of(const corel *c, const char *path) {
  const char *name = strrchr(path, '/') + 1;
  for (size_t i = 0; i < PHOTOS; i++)
    if (strncmp(name, c->keys[i], strlen(c->keys[i])) == 0)
      return i;
  return SIZE_MAX;
}

static gaze_err find_row(void *user, const void *bytes, size_t size, const char *path, void *item,
                         gaze_picture_facts *facts) {
  const corel *c = user;
  size_t number = number_of(c, path);
  if (number == SIZE_MAX)
    return gaze_fail(GAZE_ERR_NOT_FOUND, "no vector: %s: see the test", path);
  memcpy(item, c->rows + number * DIM, DIM * sizeof *c->rows);
  return GAZE_OK;
}

static gaze_err copy_rows(void *user, const void *items, size_t n, float *vectors) {
  memcpy(vectors, items, n * DIM * sizeof *vectors);
  return GAZE_OK;
}

static const float *text_vector(const gaze_map *map, const char *name) {
  gaze_tensor tensor;
  char line[64];
  assert_ok(gaze_npy_parse(map->data, map->size, "coco80", &tensor));
  FILE *names = fopen(shared_path("vectors/coco80-names.txt"), "r");
  assert_non_null(names);
  size_t row = 0;
  while (fgets(line, sizeof line, names) && strcmp(strtok(line, "\n"), name) != 0)
    row++;
  fclose(names);
  return (const float *)tensor.data + row * DIM;
}

static void check_first(const corel *c, gaze_index *index, const float *query, const char *class_name) {
  gaze_search_options options = {.top = 20, .min_score = -1};
  gaze_hit *hits;
  size_t n, right = 0;
  assert_ok(gaze_search(index, "corel", query, DIM, &options, &hits, &n));
  assert_int_equal(n, 20);
  for (size_t i = 0; i < n; i++)
    right += strcmp(c->classes[number_of(c, hits[i].path)], class_name) == 0;
  if (right < 19)
    fail_msg("%zu of the first 20 are %s", right, class_name);
  free(hits);
}

static void finds_the_class_of_a_word(void **unused) {
  static corel c;
  gaze_map words;
  gaze_tensor tensor;
  gaze_index *index;
  gaze_index_stats stats;
  place p;
  if (gaze_map_open(shared_path("data/corel500.tar"), &c.tar) != GAZE_OK ||
      gaze_map_open(shared_path("vectors/corel500-clip-vit-b32.npy"), &c.vectors) != GAZE_OK ||
      gaze_map_open(shared_path("vectors/coco80-clip-vit-b32.npy"), &words) != GAZE_OK) {
    printf("SKIP: %s\n", gaze_last_error());
    skip();
  }
  assert_ok(gaze_npy_parse(c.vectors.data, c.vectors.size, "corel500", &tensor));
  c.rows = tensor.data;
  place_init(&p);
  unpack(&c, &p);
  gaze_embedder embedder = {.user = &c,
                            .model_key = "corel",
                            .dim = DIM,
                            .item_size = DIM * sizeof(float),
                            .prepare = find_row,
                            .encode = copy_rows};
  const char *folder = p.photos;
  assert_ok(gaze_index_open(p.db, GAZE_INDEX_WRITE, &index));
  assert_ok(gaze_index_update(index, &embedder, &folder, 1, NULL, &stats));
  assert_int_equal(stats.added, PHOTOS);
  for (int sequenced = 0; sequenced < 2; sequenced++) {
    check_first(&c, index, text_vector(&words, "bus"), "bus");
    check_first(&c, index, text_vector(&words, "elephant"), "elephant");
    check_first(&c, index, text_vector(&words, "horse"), "horse");
    assert_ok(gaze_index_compact(index));
  }
  assert_ok(gaze_index_check(index));
  gaze_index_close(index);
  place_fini(&p);
  gaze_map_close(&c.tar);
  gaze_map_close(&c.vectors);
  gaze_map_close(&words);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_class_of_a_word)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
