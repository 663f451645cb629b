/* Writes a repository of the cache. What lies under its final name is whole: files get that name after their check,
 * links come after the files, and the reference, by which a model is found, comes last. */
#ifndef GAZE_FUSION_HUB_STORE_H
#define GAZE_FUSION_HUB_STORE_H

#include "fusion/hub.h"

typedef struct gaze_hub_store {
  const char *name; /* ORG/REPO, borrowed */
  char *hub, *repository;
  int lock;
} gaze_hub_store;

/* Makes the folders. GAZE_ERR_BUSY: another process downloads this repository. */
GAZE_CHECKED gaze_err gaze_hub_store_open(const char *name, gaze_hub_store *out);
void gaze_hub_store_close(gaze_hub_store *store);

/* Path of blobs/OID with ending; yours: free(). */
GAZE_CHECKED gaze_err gaze_hub_store_blob(const gaze_hub_store *store, const char *oid, const char *ending, char **out);
/* Bytes of that file; -1: there is none. */
GAZE_CHECKED gaze_err gaze_hub_store_size(const gaze_hub_store *store, const char *oid, const char *ending,
                                          int64_t *out);
GAZE_CHECKED gaze_err gaze_hub_store_check_room(const gaze_hub_store *store, uint64_t bytes);
/* blobs/OID.incomplete, which is whole, becomes blobs/OID. */
GAZE_CHECKED gaze_err gaze_hub_store_finish(const gaze_hub_store *store, const char *oid, int descriptor);
GAZE_CHECKED gaze_err gaze_hub_store_link(const gaze_hub_store *store, const char *commit, const char *path,
                                          const char *oid);
GAZE_CHECKED gaze_err gaze_hub_store_refer(const gaze_hub_store *store, const char *revision, const char *commit);
/* Path of snapshots/COMMIT; yours: free(). */
GAZE_CHECKED gaze_err gaze_hub_store_snapshot(const gaze_hub_store *store, const char *commit, char **out);

#endif
