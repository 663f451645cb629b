/* Runs a fuzz target without a fuzzer, so that any compiler replays its corpora:
 *   fuzz_NAME [--mutate N SEED] FILE|FOLDER...
 * With --mutate each file also runs N times cut short or with flipped bits, the same ones for the same SEED. */
#include "core/base/file.h"
#include "core/base/random.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t mutations, runs;
static uint64_t seed;

/* In a block of exactly this size, so that a sanitizer sees every read behind it. */
static void run(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size ? size : 1);
  if (!copy)
    abort();
  memcpy(copy, data, size);
  LLVMFuzzerTestOneInput(copy, size);
  free(copy);
  runs++;
}

static void run_mutated(const uint8_t *data, size_t size, gaze_random *random) {
  size_t kept = gaze_random_below(random, 4) == 0 ? gaze_random_below(random, size + 1) : size;
  size_t flips = kept == size || gaze_random_below(random, 2) ? 1 + gaze_random_below(random, 8) : 0;
  uint8_t *changed = malloc(kept ? kept : 1);
  if (!changed)
    abort();
  memcpy(changed, data, kept);
  for (size_t i = 0; i < flips && kept; i++)
    changed[gaze_random_below(random, kept)] ^= (uint8_t)(1 << gaze_random_below(random, 8));
  run(changed, kept);
  free(changed);
}

static int run_file(const char *path, const struct stat *status, int type, struct FTW *where) {
  if (type != FTW_F)
    return 0;
  gaze_map map;
  if (gaze_map_open(path, &map) != GAZE_OK) {
    fprintf(stderr, "%s\n", gaze_last_error());
    return 1;
  }
  run(map.data, map.size);
  gaze_random random;
  gaze_random_init(&random, seed, map.size);
  for (size_t i = 0; i < mutations; i++)
    run_mutated(map.data, map.size, &random);
  gaze_map_close(&map);
  return 0;
}

int main(int argc, char **argv) {
  int i = 1;
  if (argc > 3 && strcmp(argv[1], "--mutate") == 0) {
    mutations = strtoul(argv[2], NULL, 10);
    seed = strtoull(argv[3], NULL, 10);
    i = 4;
  }
  gaze_set_warn(NULL);
  for (; i < argc; i++)
    if (nftw(argv[i], run_file, 16, FTW_PHYS) != 0) {
      fprintf(stderr, "cannot replay: %s\n", argv[i]);
      return 1;
    }
  printf("%zu runs\n", runs);
  return runs ? 0 : 1;
}
