#include "fusion/hub_blob.h"

#include "core/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct blob {
  gaze_hub_request request;
  gaze_hub_transfer *transfer;
  const gaze_hub_file *file;
  char *incomplete, *address;
  int descriptor;
  EVP_MD_CTX *digest;
} blob;

/* A small file's name is git's: SHA-1 of "blob SIZE", a byte 0 and the contents. */
static gaze_err restart_digest(blob *b) {
  char head[40];
  bool git = strlen(b->file->oid) == 40;
  int length = snprintf(head, sizeof head, "blob %lld", (long long)b->file->size);
  if (EVP_DigestInit_ex(b->digest, git ? EVP_sha1() : EVP_sha256(), NULL) != 1 ||
      (git && EVP_DigestUpdate(b->digest, head, (size_t)length + 1) != 1))
    return gaze_fail(GAZE_ERR_UNSUPPORTED, "libcrypto has no %s: %s: allow it", git ? "SHA-1" : "SHA-256",
                     b->request.subject);
  return GAZE_OK;
}

static gaze_err start_over(blob *b) {
  b->request.from = 0;
  if (ftruncate(b->descriptor, 0) != 0)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s", b->incomplete);
  return restart_digest(b);
}

static gaze_err digest_what_is_there(blob *b) {
  uint8_t piece[1 << 16];
  GAZE_TRY(restart_digest(b));
  for (int64_t at = 0; at < b->request.from;) {
    ssize_t got = pread(b->descriptor, piece, sizeof piece, at);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return gaze_fail_errno(GAZE_ERR_IO, "cannot read: %s", b->incomplete);
    EVP_DigestUpdate(b->digest, piece, (size_t)got);
    at += got;
  }
  return GAZE_OK;
}

static gaze_err fail_size(const blob *b, int64_t size) {
  return gaze_fail(GAZE_ERR_MISMATCH, "wrong size: %s: %lld bytes come where %lld belong: try again later",
                   b->request.subject, (long long)size, (long long)b->file->size);
}

/* Content-Range alone ties a part to the file: an oid names contents that never change, and hosts of large files have
 * entity tags of their own, so that If-Range would begin each of them anew. */
static gaze_err begin(gaze_hub_request *request, bool part, const gaze_hub_headers *headers) {
  blob *b = request->user;
  int64_t all = part ? headers->range_total : headers->length;
  bool fits = !part || headers->range_start == request->from;
  if (!part || !fits)
    GAZE_TRY(start_over(b));
  if (!fits)
    return gaze_fail(GAZE_ERR_FORMAT, "another part than was asked for: %s: gaze model pull %s begins it anew",
                     request->subject, b->transfer->store->name);
  return all >= 0 && all != request->size ? fail_size(b, all) : GAZE_OK;
}

static gaze_err take(gaze_hub_request *request, const void *bytes, size_t n) {
  blob *b = request->user;
  const gaze_pull_options *options = b->transfer->options;
  if ((uint64_t)n > (uint64_t)(request->size - request->from)) {
    GAZE_TRY(start_over(b));
    return gaze_fail(GAZE_ERR_MISMATCH, "wrong size: %s: more than %lld bytes come: try again later", request->subject,
                     (long long)request->size);
  }
  for (size_t written = 0; written < n;) {
    ssize_t got = write(b->descriptor, (const char *)bytes + written, n - written);
    if (got < 0 && errno != EINTR)
      return gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s: free space, gaze model pull %s goes on with it",
                             b->incomplete, b->transfer->store->name);
    written += got > 0 ? (size_t)got : 0;
  }
  EVP_DigestUpdate(b->digest, bytes, n);
  request->from += (int64_t)n;
  if (options->progress)
    options->progress(options->user, b->transfer->done + (uint64_t)request->from, b->transfer->total, b->file->path);
  return GAZE_OK;
}

static bool has_right_digest(const blob *b) {
  uint8_t value[EVP_MAX_MD_SIZE];
  char hex[2 * EVP_MAX_MD_SIZE + 1];
  unsigned n = 0;
  if (EVP_DigestFinal_ex(b->digest, value, &n) != 1)
    return false;
  for (unsigned i = 0; i < n; i++)
    snprintf(hex + 2 * i, 3, "%02x", value[i]);
  return strcmp(hex, b->file->oid) == 0;
}

/* Gets what is missing; *whole says whether it is what the oid names. */
static gaze_err complete(blob *b, bool *whole) {
  GAZE_TRY(digest_what_is_there(b));
  if (b->request.from < b->request.size)
    GAZE_TRY(gaze_hub_send(b->transfer->client, &b->request));
  const char *commit = b->request.answer.commit;
  if (*commit && strcmp(commit, b->transfer->commit) != 0)
    return gaze_fail(GAZE_ERR_MISMATCH, "the hub sends another commit's file: %s: try again", b->request.subject);
  *whole = has_right_digest(b);
  return GAZE_OK;
}

static gaze_err complete_and_check(blob *b) {
  bool whole, resumed = b->request.from > 0;
  GAZE_TRY(complete(b, &whole));
  if (!whole && resumed) {
    GAZE_TRY(start_over(b));
    GAZE_TRY(complete(b, &whole));
  }
  if (whole)
    return gaze_hub_store_finish(b->transfer->store, b->file->oid, b->descriptor);
  unlink(b->incomplete);
  return gaze_fail(GAZE_ERR_FORMAT,
                   "damaged on its way: %s: its hash is not the one the hub names, it was removed, try "
                   "again",
                   b->request.subject);
}

static gaze_err open_incomplete(blob *b) {
  struct stat facts;
  b->descriptor = open(b->incomplete, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (b->descriptor < 0 || fstat(b->descriptor, &facts) != 0)
    return gaze_fail_errno(GAZE_ERR_IO, "cannot write: %s", b->incomplete);
  b->request.from = facts.st_size <= b->file->size ? (int64_t)facts.st_size : 0;
  return b->request.from < facts.st_size ? start_over(b) : GAZE_OK;
}

gaze_err gaze_hub_file_address(const char *name, const char *commit, const char *path, char **out) {
  char *encoded;
  GAZE_TRY(gaze_hub_url_encode(path, true, &encoded));
  gaze_err err = gaze_format(out, "/%s/resolve/%s/%s", name, commit, encoded);
  free(encoded);
  return err;
}

gaze_err gaze_hub_blob_fetch(gaze_hub_transfer *transfer, const gaze_hub_file *file) {
  blob b = {.transfer = transfer, .file = file, .descriptor = -1, .digest = EVP_MD_CTX_new()};
  gaze_err err;
  char *subject = NULL;
  if (!b.digest)
    return gaze_fail(GAZE_ERR_MEMORY, "out of memory: a digest: free memory");
  GAZE_TRY_DONE(gaze_format(&subject, "%s of %s", file->path, transfer->store->name));
  GAZE_TRY_DONE(gaze_hub_store_blob(transfer->store, file->oid, ".incomplete", &b.incomplete));
  GAZE_TRY_DONE(gaze_hub_file_address(transfer->store->name, transfer->commit, file->path, &b.address));
  b.request = (gaze_hub_request){
      .path = b.address, .subject = subject, .size = file->size, .user = &b, .begin = begin, .take = take};
  GAZE_TRY_DONE(open_incomplete(&b));
  GAZE_TRY_DONE(complete_and_check(&b));
done:
  if (b.descriptor >= 0)
    close(b.descriptor);
  EVP_MD_CTX_free(b.digest);
  free(b.incomplete);
  free(b.address);
  free(subject);
  return err;
}
