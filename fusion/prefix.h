/* What a decoder read of a conversation up to its last picture, kept between processes as a session file without
 * messages (fusion/session.h), by the name of its keys: another question about the same pictures begins there. */
#ifndef GAZE_FUSION_PREFIX_H
#define GAZE_FUSION_PREFIX_H

#include "fusion/chat.h"

#define GAZE_PREFIXES_LIMIT ((uint64_t)8 << 30) /* bytes of all */

/* Puts what is kept of the prompt's beginning into the reading, if that is more than it has. A failure costs time
 * alone.
 */
void gaze_prefix_recall(gaze_chat *chat);
/* Keeps what was read of it, if it is not kept; the ones that were not used for longest go. */
void gaze_prefix_keep(gaze_chat *chat);
/* Removes files of a folder, the ones that were not used for longest first, until `bytes` more have room. */
void gaze_prefix_make_room(const char *folder, uint64_t limit, uint64_t bytes);

#endif
