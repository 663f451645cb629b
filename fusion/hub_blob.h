/* One file from the hub into blobs/OID. Only where the build has libcurl. */
#ifndef GAZE_FUSION_HUB_BLOB_H
#define GAZE_FUSION_HUB_BLOB_H

#include "fusion/hub_client.h"
#include "fusion/hub_store.h"

typedef struct gaze_hub_transfer {
  gaze_hub_client *client;
  const gaze_hub_store *store;
  const gaze_pull_options *options;
  const char *commit;
  uint64_t done, total; /* bytes of all files; done: of the files before this one */
} gaze_hub_transfer;

/* Path of a file's address behind the endpoint; yours: free(). */
GAZE_CHECKED gaze_err gaze_hub_file_address(const char *name, const char *commit, const char *path, char **out);

/* Goes on with blobs/OID.incomplete where there is one. file: oid and size are known. What comes and is not of this
 * size and hash is removed. */
GAZE_CHECKED gaze_err gaze_hub_blob_fetch(gaze_hub_transfer *transfer, const gaze_hub_file *file);

#endif
