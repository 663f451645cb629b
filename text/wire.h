/* A walk over the fields of a Protocol Buffers message (the wire format of protobuf.dev/programming-guides/encoding).
 */
#ifndef GAZE_TEXT_WIRE_H
#define GAZE_TEXT_WIRE_H

#include "core/base/error.h"

/* Begin with where the message begins and ends, and a name for messages. */
typedef struct gaze_wire {
  const uint8_t *at, *end;
  const char *name;
  uint32_t field; /* number of the field that was read last */
  enum { GAZE_WIRE_INTEGER = 0, GAZE_WIRE_64 = 1, GAZE_WIRE_BYTES = 2, GAZE_WIRE_32 = 5 } type;
  uint64_t value; /* of INTEGER, 64 and 32 */
  size_t size;    /* of BYTES, which begin at `bytes`, borrowed */
  const uint8_t *bytes;
} gaze_wire;

/* Reads the next field; *more is false at the end. */
GAZE_CHECKED gaze_err gaze_wire_next(gaze_wire *wire, bool *more);
/* The value of the field, which has to be of the type. */
GAZE_CHECKED gaze_err gaze_wire_message(const gaze_wire *wire, gaze_wire *message);
GAZE_CHECKED gaze_err gaze_wire_text(const gaze_wire *wire, const char **text, size_t *size); /* UTF-8, no end mark */
GAZE_CHECKED gaze_err gaze_wire_bool(const gaze_wire *wire, bool *value);
GAZE_CHECKED gaze_err gaze_wire_integer(const gaze_wire *wire, int32_t *value);
GAZE_CHECKED gaze_err gaze_wire_float(const gaze_wire *wire, float *value);

#endif
