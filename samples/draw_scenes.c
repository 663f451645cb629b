/* Draws scenes with captions that speak of objects, colours, counts and sides.
 *
 *   draw-scenes --seed 1 --count 12000 --size 128 --out drawings.tar      to train on
 *   draw-scenes --seed 1000003 --count 1000 --size 128 --pairs heldout    to measure: captions right and wrong
 *   draw-scenes --seed 2 --count 12000 --size 128 --layout sides --out sides.tar    one layout alone: single, count,
 *                                                                         sides, stacked, rich or aside
 *   draw-scenes --pictures samples/pictures                               the sample pictures of this repository
 *
 * A name that ends in .tar gives a WebDataset tar (KEY.png, KEY.json), another one a folder. The same seed gives
 * the same drawings. */
#include "samples/draw_gallery.h"
#include "samples/draw_pack.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SIDE = 2048 };

static const char USAGE[] =
    "usage: draw-scenes [--seed N] [--count K] [--size PIXELS] [--layout L] --out|--pairs TAR|FOLDER\n"
    "       draw-scenes [--size PIXELS] --pictures FOLDER\n";

typedef struct draw_order {
  uint64_t seed, count;
  int side; /* 0: not given */
  const char *out, *pictures;
  bool pairs;
  draw_layout layout;
} draw_order;

static bool add_picture(draw_pack *pack, const char *key, const draw_scene *scene, int side) {
  uint8_t *rgb = malloc((size_t)side * (size_t)side * 3);
  void *png = NULL;
  size_t size = 0;
  char name[128];
  snprintf(name, sizeof name, "%s.png", key);
  bool painted = rgb && draw_scene_paint(scene, side, rgb);
  if (!painted)
    fprintf(stderr, "draw-scenes: out of memory: a picture of %d pixels: ask for a smaller --size\n", side);
  bool done = painted && draw_png_write(rgb, side, &png, &size) && draw_pack_add(pack, name, png, size);
  free(png);
  free(rgb);
  return done;
}

static bool add_scene(draw_pack *pack, const draw_order *order, uint64_t index) {
  draw_scene scene = draw_scene_new(order->seed, index, !order->pairs, order->layout);
  draw_random random = draw_random_new(order->seed, index * 4 + 3);
  char captions[DRAW_MOST_CAPTIONS][DRAW_CAPTION_SIZE], key[32];
  draw_pair pairs[DRAW_MOST_PAIRS];
  int n_captions = draw_captions_write(&scene, &random, captions);
  int n_pairs = order->pairs ? draw_pairs_write(&scene, &random, pairs) : 0;
  char *json = draw_scene_json(&scene, (const char(*)[DRAW_CAPTION_SIZE])captions, n_captions, pairs, n_pairs);
  snprintf(key, sizeof key, "draw%06llu", (unsigned long long)index);
  bool done = json && add_picture(pack, key, &scene, order->side);
  snprintf(key, sizeof key, "draw%06llu.json", (unsigned long long)index);
  done = done && draw_pack_add(pack, key, json, strlen(json));
  free(json);
  return done;
}

static bool draw_scenes(const draw_order *order) {
  draw_pack pack;
  if (!draw_pack_open(&pack, order->out))
    return false;
  bool done = true;
  for (uint64_t i = 0; done && i < order->count; i++)
    done = add_scene(&pack, order, i);
  return draw_pack_close(&pack) && done;
}

/* captions.json: {"NAME.png": [captions], ...} */
static char *gallery_json(void) {
  char *json = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&json, &size);
  if (!out)
    return NULL;
  for (int i = 0; i < draw_gallery_size; i++) {
    const draw_piece *piece = &draw_gallery[i];
    fprintf(out, "%s \"%s.png\": [\"%s\", \"%s\", \"%s\"]", i ? ",\n" : "{\n", piece->name, piece->captions[0],
            piece->captions[1], piece->captions[2]);
  }
  fputs("\n}\n", out);
  if (fclose(out) == 0)
    return json;
  free(json);
  return NULL;
}

static bool draw_pictures(const draw_order *order) {
  draw_pack pack;
  if (!draw_pack_open(&pack, order->pictures))
    return false;
  bool done = true;
  for (int i = 0; done && i < draw_gallery_size; i++) {
    draw_scene scene = draw_piece_scene(&draw_gallery[i]);
    done = add_picture(&pack, draw_gallery[i].name, &scene, order->side);
  }
  char *json = gallery_json();
  done = done && json && draw_pack_add(&pack, "captions.json", json, strlen(json));
  free(json);
  return draw_pack_close(&pack) && done;
}

static bool read_number(const char *text, uint64_t *out) {
  char *end;
  *out = strtoull(text, &end, 10);
  return *text >= '0' && *text <= '9' && *end == 0;
}

static bool read_layout(const char *text, draw_layout *out) {
  static const char *const names[] = {"single", "count", "sides", "stacked", "rich", "aside"};
  for (int i = 0; i < DRAW_ANY; i++)
    if (strcmp(text, names[i]) == 0) {
      *out = (draw_layout)i;
      return true;
    }
  return false;
}

static bool read_order(int argc, char **argv, draw_order *order) {
  uint64_t side = 0;
  for (int i = 1; i < argc; i += 2) {
    const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
    bool known = false;
    if (!strcmp(name, "--seed"))
      known = read_number(value, &order->seed);
    else if (!strcmp(name, "--count"))
      known = read_number(value, &order->count);
    else if (!strcmp(name, "--size"))
      known = read_number(value, &side) && side >= 16 && side <= MOST_SIDE;
    else if (!strcmp(name, "--layout"))
      known = read_layout(value, &order->layout);
    else if ((known = !strcmp(name, "--out") || !strcmp(name, "--pairs"))) {
      order->out = value;
      order->pairs = name[2] == 'p';
    } else if ((known = !strcmp(name, "--pictures")))
      order->pictures = value;
    if (!known || !*value)
      return false;
  }
  order->side = (int)side;
  return (order->out != NULL) != (order->pictures != NULL);
}

int main(int argc, char **argv) {
  draw_order order = {.seed = 1, .count = 100, .layout = DRAW_ANY};
  if (!read_order(argc, argv, &order)) {
    fputs(USAGE, stderr);
    return 2;
  }
  if (order.side == 0)
    order.side = order.pictures ? 320 : 160;
  return (order.pictures ? draw_pictures(&order) : draw_scenes(&order)) ? 0 : 1;
}
