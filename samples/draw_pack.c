#include "samples/draw_pack.h"

#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool complain(const char *what, const char *path) {
  fprintf(stderr, "draw-scenes: cannot %s: %s: %s\n", what, path, strerror(errno));
  return false;
}

bool draw_pack_open(draw_pack *pack, const char *path) {
  size_t n = strlen(path);
  *pack = (draw_pack){.path = path};
  if (n < 4 || strcmp(path + n - 4, ".tar") != 0)
    return mkdir(path, 0777) == 0 || errno == EEXIST || complain("make the folder", path);
  pack->tar = fopen(path, "wb");
  return pack->tar || complain("write", path);
}

/* A ustar entry without time and owner, so that the same drawings give the same tar. */
static bool add_to_tar(draw_pack *pack, const char *name, const void *bytes, size_t size) {
  unsigned char block[512] = {0};
  char *text = (char *)block;
  snprintf(text, 100, "%s", name);
  memcpy(text + 100, "0000644\0000000000\0000000000", 24);
  snprintf(text + 124, 12, "%011zo", size);
  memcpy(text + 136, "00000000000", 12);
  memset(text + 148, ' ', 8);
  text[156] = '0';
  memcpy(text + 257, "ustar\00000", 8);
  unsigned sum = 0;
  for (int i = 0; i < 512; i++)
    sum += block[i];
  snprintf(text + 148, 8, "%06o", sum);
  static const char zeros[512];
  return fwrite(block, 512, 1, pack->tar) == 1 && fwrite(bytes, 1, size, pack->tar) == size &&
         fwrite(zeros, 1, (512 - size % 512) % 512, pack->tar) == (512 - size % 512) % 512;
}

bool draw_pack_add(draw_pack *pack, const char *name, const void *bytes, size_t size) {
  if (pack->tar)
    return add_to_tar(pack, name, bytes, size) || complain("write", pack->path);
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", pack->path, name);
  FILE *file = fopen(path, "wb");
  if (!file)
    return complain("write", path);
  bool written = fwrite(bytes, 1, size, file) == size;
  return (fclose(file) == 0 && written) || complain("write", path);
}

bool draw_pack_close(draw_pack *pack) {
  if (!pack->tar)
    return true;
  static const char end[1024];
  bool written = fwrite(end, sizeof end, 1, pack->tar) == 1;
  return (fclose(pack->tar) == 0 && written) || complain("write", pack->path);
}

bool draw_png_write(const uint8_t *rgb, int side, void **png, size_t *size) {
  png_image image = {
      .version = PNG_IMAGE_VERSION, .width = (png_uint_32)side, .height = (png_uint_32)side, .format = PNG_FORMAT_RGB};
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  *png = malloc(bytes);
  if (*png && png_image_write_to_memory(&image, *png, &bytes, 0, rgb, 0, NULL)) {
    *size = bytes;
    return true;
  }
  fprintf(stderr, "draw-scenes: cannot encode a picture: %s\n", *png ? image.message : "out of memory");
  free(*png);
  *png = NULL;
  return false;
}

/* Captions hold no quotes, backslashes or control characters, so that they go into JSON as they are. */
char *draw_scene_json(const draw_scene *scene, const char (*captions)[DRAW_CAPTION_SIZE], int n_captions,
                      const draw_pair *pairs, int n_pairs) {
  char *json = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&json, &size);
  if (!out)
    return NULL;
  fputs("{\"captions\":[", out);
  for (int i = 0; i < n_captions; i++)
    fprintf(out, "%s\"%s\"", i ? "," : "", captions[i]);
  fputs("],\"augment\":false,\"objects\":[", out);
  for (int i = 0; i < scene->n; i++) {
    const draw_object *object = &scene->objects[i];
    fprintf(out, "%s[\"%s\",%.3f,%.3f,%.3f,%.3f]", i ? "," : "", draw_kinds[object->kind].name,
            object->x - object->width / 2, object->y - object->height / 2, object->width, object->height);
  }
  fputs("]", out);
  for (int i = 0; i < n_pairs; i++)
    fprintf(out, "%s{\"kind\":\"%s\",\"right\":\"%s\",\"wrong\":\"%s\"}", i ? "," : ",\"pairs\":[", pairs[i].kind,
            pairs[i].right, pairs[i].wrong);
  fputs(n_pairs ? "]}\n" : "}\n", out);
  if (fclose(out) != 0) {
    free(json);
    return NULL;
  }
  return json;
}
