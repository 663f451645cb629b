/* Downloads a model: lists, chooses, fetches what is not there, links, and refers to it last. */
#include "core/base/json.h"
#include "core/base/memory.h"
#include "fusion/hub_blob.h"

#include <stdlib.h>
#include <string.h>

typedef struct text {
  char *bytes;
  size_t size, capacity;
} text;

static gaze_err begin_text(gaze_hub_request *request, bool part, const gaze_hub_headers *headers) {
  ((text *)request->user)->size = 0;
  return GAZE_OK;
}

static gaze_err take_text(gaze_hub_request *request, const void *bytes, size_t n) {
  text *t = request->user;
  if (n > GAZE_HUB_JSON_LIMIT - t->size)
    return gaze_fail(GAZE_ERR_LIMIT, "answer too large: %s: at most %zu bytes are read, check HF_ENDPOINT",
                     request->subject, GAZE_HUB_JSON_LIMIT);
  GAZE_TRY(gaze_grow(&t->bytes, &t->capacity, t->size + n, 1));
  memcpy(t->bytes + t->size, bytes, n);
  t->size += n;
  return GAZE_OK;
}

static gaze_err list_files(gaze_hub_client *client, const char *name, const char *revision, gaze_hub_listing *out) {
  text answer = {0};
  char *encoded, *path = NULL, *subject = NULL;
  gaze_err err;
  GAZE_TRY(gaze_hub_url_encode(revision, false, &encoded));
  GAZE_TRY_DONE(gaze_format(&path, "/api/models/%s/revision/%s?blobs=true", name, encoded));
  GAZE_TRY_DONE(gaze_format(&subject, strcmp(revision, "main") == 0 ? "%s" : "%s, revision %s", name, revision));
  gaze_hub_request request = {
      .path = path, .subject = subject, .size = -1, .user = &answer, .begin = begin_text, .take = take_text};
  GAZE_TRY_DONE(gaze_hub_send(client, &request));
  GAZE_TRY_DONE(gaze_hub_listing_parse(answer.bytes ? answer.bytes : "", answer.size, subject, out));
done:
  free(answer.bytes);
  free(encoded);
  free(path);
  free(subject);
  return err;
}

/* What the list leaves out of a file stands in the headers of its address. */
static gaze_err ask_for_facts(gaze_hub_client *client, const char *name, const char *commit, gaze_hub_file *file) {
  char *address;
  GAZE_TRY(gaze_hub_file_address(name, commit, file->path, &address));
  gaze_hub_request request = {.path = address, .subject = file->path, .head = true, .size = -1};
  gaze_err err = gaze_hub_send(client, &request);
  free(address);
  GAZE_TRY(err);
  const gaze_hub_headers *answer = &request.answer;
  if (*answer->commit && strcmp(answer->commit, commit) != 0)
    return gaze_fail(GAZE_ERR_MISMATCH, "the hub sends another commit's file: %s of %s: try again", file->path, name);
  strcpy(file->oid, *answer->linked_oid ? answer->linked_oid : answer->oid);
  file->size = answer->linked_size >= 0 ? answer->linked_size : answer->length;
  if (!*file->oid || file->size < 0)
    return gaze_fail(GAZE_ERR_FORMAT, "the hub does not say what the file is: %s of %s: check HF_ENDPOINT", file->path,
                     name);
  return GAZE_OK;
}

static gaze_err look_for_blobs(const gaze_hub_store *store, gaze_hub_listing *listing, uint64_t *missing,
                               uint64_t *begun) {
  *missing = *begun = 0;
  for (size_t i = 0; i < listing->n; i++) {
    gaze_hub_file *file = &listing->files[i];
    int64_t whole, part;
    GAZE_TRY(gaze_hub_store_size(store, file->oid, "", &whole));
    GAZE_TRY(gaze_hub_store_size(store, file->oid, ".incomplete", &part));
    file->present = whole == file->size;
    if (file->present)
      continue;
    if (__builtin_add_overflow(*missing, (uint64_t)file->size, missing))
      return gaze_fail(GAZE_ERR_LIMIT, "sizes beyond all bounds: %s: check HF_ENDPOINT", store->name);
    *begun += part > 0 && part <= file->size ? (uint64_t)part : 0;
  }
  return GAZE_OK;
}

static gaze_err tell_plan(const gaze_hub_listing *listing, const gaze_pull_options *options) {
  gaze_pull_file *files;
  if (!options->plan)
    return GAZE_OK;
  GAZE_TRY(gaze_alloc(listing->n, sizeof *files, &files));
  for (size_t i = 0; i < listing->n; i++)
    files[i] = (gaze_pull_file){listing->files[i].path, (uint64_t)listing->files[i].size, listing->files[i].present};
  options->plan(options->user, files, listing->n);
  free(files);
  return GAZE_OK;
}

/* A file may stand in the list twice, or two with the same contents: the second one is there by then. */
static gaze_err fetch_all(gaze_hub_transfer *transfer, const gaze_hub_listing *listing) {
  for (size_t i = 0; i < listing->n; i++) {
    const gaze_hub_file *file = &listing->files[i];
    int64_t size;
    GAZE_TRY(gaze_hub_store_size(transfer->store, file->oid, "", &size));
    if (size != file->size)
      GAZE_TRY(gaze_hub_blob_fetch(transfer, file));
    transfer->done += file->present ? 0 : (uint64_t)file->size;
    GAZE_TRY(gaze_hub_store_link(transfer->store, listing->commit, file->path, file->oid));
  }
  return GAZE_OK;
}

static gaze_err write_result(const gaze_hub_store *store, const gaze_hub_listing *listing, char **out) {
  char *folder;
  GAZE_TRY(gaze_hub_store_snapshot(store, listing->commit, &folder));
  json_t *files = json_array();
  bool added = true;
  for (size_t i = 0; i < listing->n; i++) {
    const gaze_hub_file *file = &listing->files[i];
    json_t *entry =
        json_pack("{s:s, s:I, s:b}", "path", file->path, "bytes", (json_int_t)file->size, "downloaded", !file->present);
    added = json_array_append_new(files, entry) == 0 && added;
  }
  json_t *result = json_pack("{s:s, s:s, s:s, s:o}", "model", store->name, "commit", listing->commit, "folder", folder,
                             "files", files);
  gaze_err err = gaze_json_text(added ? result : NULL, 0, out);
  json_decref(result);
  free(folder);
  return err;
}

/* The index of a repository may name shards that nobody uploaded. */
static gaze_err check_model(const gaze_hub_store *store, const char *commit) {
  char *folder;
  bool whole = false;
  GAZE_TRY(gaze_hub_store_snapshot(store, commit, &folder));
  gaze_err err = gaze_hub_is_whole(folder, &whole);
  free(folder);
  GAZE_TRY(err);
  return whole ? GAZE_OK
               : gaze_fail(GAZE_ERR_FORMAT,
                           "a file is missing in the repository: %s: its index of weights names more "
                           "than there are, choose files with --file",
                           store->name);
}

static gaze_err fill(gaze_hub_transfer *transfer, gaze_hub_listing *listing, const char *revision) {
  uint64_t begun;
  GAZE_TRY(look_for_blobs(transfer->store, listing, &transfer->total, &begun));
  GAZE_TRY(gaze_hub_store_check_room(transfer->store, transfer->total - begun));
  GAZE_TRY(tell_plan(listing, transfer->options));
  GAZE_TRY(fetch_all(transfer, listing));
  if (!transfer->options->n_files)
    GAZE_TRY(check_model(transfer->store, listing->commit));
  if (strcmp(revision, listing->commit) == 0)
    return GAZE_OK;
  return gaze_hub_store_refer(transfer->store, revision, listing->commit);
}

static gaze_err pull(const char *name, const char *revision, const gaze_pull_options *options, char **json) {
  gaze_hub_client *client;
  gaze_hub_listing listing = {0};
  gaze_hub_store store = {.lock = -1};
  gaze_err err;
  GAZE_TRY(gaze_hub_client_new(name, options, &client));
  GAZE_TRY_DONE(list_files(client, name, revision, &listing));
  GAZE_TRY_DONE(gaze_hub_choose(&listing, options->files, options->n_files, name));
  for (size_t i = 0; i < listing.n; i++)
    if (!*listing.files[i].oid || listing.files[i].size < 0)
      GAZE_TRY_DONE(ask_for_facts(client, name, listing.commit, &listing.files[i]));
  GAZE_TRY_DONE(gaze_hub_store_open(name, &store));
  gaze_hub_transfer transfer = {.client = client, .store = &store, .options = options, .commit = listing.commit};
  GAZE_TRY_DONE(fill(&transfer, &listing, revision));
  GAZE_TRY_DONE(write_result(&store, &listing, json));
done:
  gaze_hub_store_close(&store);
  gaze_hub_listing_fini(&listing);
  gaze_hub_client_free(client);
  return err;
}

gaze_err gaze_model_pull(const char *name, const gaze_pull_options *options, char **json) {
  static const gaze_pull_options none;
  options = options ? options : &none;
  const char *revision = options->revision ? options->revision : "main";
  GAZE_TRY(gaze_hub_check_names(name, revision, options));
  if (gaze_hub_is_offline())
    return gaze_fail(GAZE_ERR_IO, "HF_HUB_OFFLINE forbids the network: %s: unset it to download", name);
  return pull(name, revision, options, json);
}
