/* Models of Hugging Face's hub: what its answers say, and the cache on this machine,
 * models--ORG--REPO/{refs/REVISION, blobs/OID, snapshots/COMMIT/PATH -> ../../blobs/OID}. An oid names contents: 64 hex
 * digits of SHA-256 for large files (LFS), 40 of git's SHA-1 for small ones. */
#ifndef GAZE_FUSION_HUB_H
#define GAZE_FUSION_HUB_H

#include "core/base/error.h"

#define GAZE_HUB_JSON_LIMIT ((size_t)16 << 20) /* bytes of an answer in JSON */

/* ---- Names that come from outside: all end up in paths and addresses ---- */
bool gaze_hub_is_id(const char *name); /* ORG/REPO */
bool gaze_hub_is_revision(const char *revision);
bool gaze_hub_is_commit(const char *text); /* 40 hex digits */
bool gaze_hub_is_oid(const char *text);
bool gaze_hub_is_path(const char *path); /* stays under the folder that it is joined to */
/* GAZE_ERR_ARGUMENT where one of a pull's names is none. */
GAZE_CHECKED gaze_err gaze_hub_check_names(const char *name, const char *revision, const gaze_pull_options *options);

/* ---- The environment ---- */
/* Folder of the cache to write to; yours: free(). */
GAZE_CHECKED gaze_err gaze_hub_folder(char **out);
/* hub/models--ORG--REPO; yours: free(). */
GAZE_CHECKED gaze_err gaze_hub_repository(const char *hub, const char *name, char **out);
/* HF_TOKEN, the file HF_TOKEN_PATH, the file token in HF_HOME; yours: free(). NULL: there is none. */
GAZE_CHECKED gaze_err gaze_hub_token(char **out);
/* Takes off the white space around a token that came from `where`; a line break inside would begin a header of its own:
 * GAZE_ERR_FORMAT. */
GAZE_CHECKED gaze_err gaze_hub_check_token(char *token, const char *where);
const char *gaze_hub_endpoint(void); /* HF_ENDPOINT or the public hub; may end in slashes */
bool gaze_hub_is_offline(void);

/* ---- What lies in the cache ---- */
typedef struct gaze_hub_facts {
  char *folder;      /* of the snapshot that refs/main names, else of the repository; yours: free(). NULL: nothing */
  bool whole, begun; /* begun: a download that is not finished */
  uint64_t bytes;
} gaze_hub_facts;

/* A configuration and weights lie in the folder, and all files that it names. */
GAZE_CHECKED gaze_err gaze_hub_is_whole(const char *folder, bool *out);
GAZE_CHECKED gaze_err gaze_hub_look(const char *repository, gaze_hub_facts *out);

/* ---- The list of a repository's files ---- */
typedef struct gaze_hub_file {
  char *path;
  char oid[65]; /* empty: the list does not say */
  int64_t size; /* bytes; -1: the list does not say */
  bool wanted, present;
} gaze_hub_file;

typedef struct gaze_hub_listing {
  char commit[41];
  gaze_hub_file *files;
  size_t n;
} gaze_hub_listing;

/* bytes: the answer of /api/models/ORG/REPO/revision/REV?blobs=true; name is for messages. */
GAZE_CHECKED gaze_err gaze_hub_listing_parse(const void *bytes, size_t size, const char *name, gaze_hub_listing *out);
void gaze_hub_listing_fini(gaze_hub_listing *listing);
/* Keeps the files `paths` (n of them; 0: what a model needs, with weights of one kind) and forgets the others. */
GAZE_CHECKED gaze_err gaze_hub_choose(gaze_hub_listing *listing, const char *const *paths, size_t n, const char *name);

/* ---- Headers of an answer ---- */
typedef struct gaze_hub_headers {
  char commit[41], oid[65], linked_oid[65]; /* empty: absent, or nothing that could be one */
  int64_t linked_size, length;              /* bytes; -1: absent */
  int64_t range_start, range_total;         /* Content-Range; -1: absent */
  char location[8192];
} gaze_hub_headers;

void gaze_hub_headers_init(gaze_hub_headers *headers);
void gaze_hub_headers_read(gaze_hub_headers *headers, const char *line, size_t size); /* one line, with its end */

#endif
