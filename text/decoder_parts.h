/* What the readers of a gaze_decoder_config share. */
#ifndef GAZE_TEXT_DECODER_PARTS_H
#define GAZE_TEXT_DECODER_PARTS_H

#include "text/decoder.h"

/* family: its model_type; out: its sizes are read. */
GAZE_CHECKED gaze_err gaze_decoder_read_rope(const json_t *json, const char *family, gaze_decoder_config *out);

#endif
