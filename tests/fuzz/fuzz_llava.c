#include "fusion/eye.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted has sizes that an eye can be made of, and any picture a plan. */
static void check(const gaze_llava_config *config) {
  static const int sides[][2] = {{1, 1}, {1, 5000}, {5000, 1}, {640, 480}, {333, 1000}};
  const gaze_tiling *t = &config->tiling;
  gaze_eye eye;
  if (gaze_eye_init(&eye, config) != GAZE_OK)
    abort();
  if (!gaze_parameters_size(&eye.parameters) || t->preprocess.size < 1 || !t->tile_rows)
    abort();
  for (size_t i = 0; i < 2 * sizeof sides / sizeof *sides; i++) {
    gaze_tile_plan plan;
    gaze_picture_piece piece;
    gaze_tiling_plan(t, sides[i / 2][0], sides[i / 2][1], 1 + i % 2, &plan);
    size_t rows = 0, pieces = gaze_picture_pieces(t, &plan);
    for (size_t k = 0; k < pieces; k++) {
      gaze_picture_piece_get(t, &plan, k, &piece);
      rows += piece.rows;
    }
    if (rows != plan.tokens || !plan.tiles ||
        (t->kind == GAZE_TILING_GRID && plan.rows_kept > (size_t)plan.rows * t->side))
      abort();
  }
  gaze_eye_fini(&eye);
}

static char path[64];

static void remove_file(void) { unlink(path); }

/* An mmproj file, through a path, as weights are opened. */
static void read_mmproj(const uint8_t *data, size_t size) {
  const char *base = getenv("TMPDIR");
  gaze_weights *weights;
  gaze_llava_config config;
  if (!path[0]) {
    snprintf(path, sizeof path, "%.40s/gaze-%d.gguf", base ? base : "/tmp", (int)getpid());
    atexit(remove_file);
  }
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
    abort();
  if (gaze_weights_open(path, &weights) != GAZE_OK)
    return;
  if (gaze_llava_config_read_mmproj(weights, &config) == GAZE_OK)
    check(&config);
  gaze_weights_close(weights);
}

/* {"model": ..., "pictures": ..., "tower": ..., "tower_pictures": ...}: the files of a folder in one; or a GGUF. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  json_t *json;
  gaze_llava_config config;
  if (size > 4 && memcmp(data, "GGUF", 4) == 0) {
    read_mmproj(data, size);
    return 0;
  }
  if (gaze_json_parse(data, size, "fuzz", &json) != GAZE_OK)
    return 0;
  const gaze_llava_files files = {.model = json_object_get(json, "model"),
                                  .pictures = json_object_get(json, "pictures"),
                                  .tower = json_object_get(json, "tower"),
                                  .tower_pictures = json_object_get(json, "tower_pictures")};
  if (gaze_llava_config_read(&files, &config) == GAZE_OK)
    check(&config);
  json_decref(json);
  return 0;
}
