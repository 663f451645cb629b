/* The list of a repository's files, and which of them make a model. */
#include "core/base/json.h"
#include "core/base/memory.h"
#include "fusion/hub.h"
#include "fusion/model_files.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static gaze_err fail_answer(const char *name, const char *what) {
  return gaze_fail(GAZE_ERR_FORMAT, "not an answer of the hub: %s: %s, check HF_ENDPOINT", name, what);
}

/* oid and size: of the object `lfs` where there is one, else the file's own. */
static gaze_err read_contents(const json_t *entry, const char *name, gaze_hub_file *file) {
  const json_t *lfs = json_object_get(entry, "lfs");
  bool large = json_is_object(lfs);
  const char *oid;
  GAZE_TRY(gaze_json_string(large ? lfs : entry, large ? "sha256" : "blobId", "", &oid));
  GAZE_TRY(gaze_json_integer(large ? lfs : entry, "size", -1, &file->size));
  if (*oid && !gaze_hub_is_oid(oid))
    return fail_answer(name, "a file's blob has no name in hex digits");
  if (large && *oid && strlen(oid) != 64)
    return fail_answer(name, "a large file's sha256 has not 64 digits");
  if (file->size < -1)
    return fail_answer(name, "a file has a negative size");
  strcpy(file->oid, oid);
  return GAZE_OK;
}

static gaze_err read_file(const json_t *entry, const char *name, gaze_hub_file *file) {
  const char *path;
  GAZE_TRY(gaze_json_string(entry, "rfilename", "", &path));
  size_t length = json_string_length(json_object_get(entry, "rfilename"));
  if (strlen(path) != length || !gaze_hub_is_path(path))
    return gaze_fail(GAZE_ERR_FORMAT, "a file's name leads out of its folder: \"%s\" in %s: nothing was downloaded",
                     path, name);
  GAZE_TRY(read_contents(entry, name, file));
  return gaze_strdup(path, &file->path);
}

static gaze_err read_files(const json_t *siblings, const char *name, gaze_hub_listing *listing) {
  size_t i, capacity = 0;
  json_t *entry;
  json_array_foreach(siblings, i, entry) {
    GAZE_TRY(gaze_grow(&listing->files, &capacity, i + 1, sizeof *listing->files));
    listing->files[i] = (gaze_hub_file){.size = -1};
    GAZE_TRY(read_file(entry, name, &listing->files[i]));
    listing->n++;
  }
  return GAZE_OK;
}

gaze_err gaze_hub_listing_parse(const void *bytes, size_t size, const char *name, gaze_hub_listing *out) {
  json_t *json;
  const char *commit;
  gaze_hub_listing listing = {0};
  gaze_err err = gaze_json_parse(bytes, size, name, &json);
  if (err != GAZE_OK)
    return err == GAZE_ERR_FORMAT ? fail_answer(name, "it is not valid JSON") : err;
  GAZE_TRY_DONE(gaze_json_string(json, "sha", "", &commit));
  if (!gaze_hub_is_commit(commit))
    GAZE_TRY_DONE(fail_answer(name, "it names no commit"));
  strcpy(listing.commit, commit);
  GAZE_TRY_DONE(read_files(json_object_get(json, "siblings"), name, &listing));
  *out = listing;
done:
  json_decref(json);
  if (err != GAZE_OK)
    gaze_hub_listing_fini(&listing);
  return err;
}

void gaze_hub_listing_fini(gaze_hub_listing *listing) {
  for (size_t i = 0; i < listing->n; i++)
    free(listing->files[i].path);
  free(listing->files);
  *listing = (gaze_hub_listing){0};
}

static size_t want(gaze_hub_listing *listing, const char *pattern) {
  size_t found = 0;
  for (size_t i = 0; i < listing->n; i++)
    if (fnmatch(pattern, listing->files[i].path, FNM_PATHNAME | FNM_PERIOD) == 0) {
      listing->files[i].wanted = true;
      found++;
    }
  return found;
}

static bool has(const gaze_hub_listing *listing, const char *path) {
  for (size_t i = 0; i < listing->n; i++)
    if (strcmp(listing->files[i].path, path) == 0)
      return true;
  return false;
}

/* One kind: the same numbers in another file would only take room. Names of shards are transformers'. */
static bool want_weights(gaze_hub_listing *listing) {
  static const struct {
    const char *path, *shards;
  } kinds[] = {{"model.safetensors", NULL},
               {"model.safetensors.index.json", "model-[0-9]*-of-[0-9]*.safetensors"},
               {"open_clip_model.safetensors", NULL},
               {"pytorch_model.bin", NULL},
               {"pytorch_model.bin.index.json", "pytorch_model-[0-9]*-of-[0-9]*.bin"}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (has(listing, kinds[i].path) && (!kinds[i].shards || want(listing, kinds[i].shards)))
      return want(listing, kinds[i].path);
  return false;
}

static gaze_err want_model(gaze_hub_listing *listing, const char *name) {
  static const char *const tokenizers[] = {
      "tokenizer.json", "tokenizer_config.json", "vocab.json", "special_tokens_map.json", "merges.txt", "vocab.txt",
      "*.model"};
  if (!want_weights(listing))
    return gaze_fail(GAZE_ERR_UNSUPPORTED,
                     "no weights that gaze reads: %s: it has neither model.safetensors nor open_clip_model.safetensors "
                     "nor pytorch_model.bin, name its files with --file",
                     name);
  if (!has(listing, "config.json") && !has(listing, "open_clip_config.json"))
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "no configuration that gaze reads: %s: name its files with --file", name);
  for (const char *const *configuration = gaze_model_configurations; *configuration; configuration++)
    want(listing, *configuration);
  for (size_t i = 0; i < sizeof tokenizers / sizeof *tokenizers; i++)
    want(listing, tokenizers[i]);
  return GAZE_OK;
}

static gaze_err want_named(gaze_hub_listing *listing, const char *path, const char *name) {
  for (size_t i = 0; i < listing->n; i++)
    if (strcmp(listing->files[i].path, path) == 0) {
      listing->files[i].wanted = true;
      return GAZE_OK;
    }
  return gaze_fail(GAZE_ERR_NOT_FOUND, "no such file in the repository: %s in %s: check the spelling", path, name);
}

gaze_err gaze_hub_choose(gaze_hub_listing *listing, const char *const *paths, size_t n, const char *name) {
  if (n == 0)
    GAZE_TRY(want_model(listing, name));
  for (size_t i = 0; i < n; i++)
    GAZE_TRY(want_named(listing, paths[i], name));
  size_t kept = 0;
  for (size_t i = 0; i < listing->n; i++)
    if (listing->files[i].wanted)
      listing->files[kept++] = listing->files[i];
    else
      free(listing->files[i].path);
  listing->n = kept;
  return GAZE_OK;
}
