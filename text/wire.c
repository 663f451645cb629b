#include "text/wire.h"

#include "text/points.h"

#include <string.h>

static gaze_err fail(const gaze_wire *wire) {
  return gaze_fail(GAZE_ERR_FORMAT, "a damaged SentencePiece model: %s: get the file again", wire->name);
}

static bool read_varint(gaze_wire *wire, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; shift < 64 && wire->at < wire->end; shift += 7) {
    uint8_t byte = *wire->at++;
    *value |= (uint64_t)(byte & 0x7F) << shift;
    if (byte < 0x80)
      return true;
  }
  return false;
}

static bool read_fixed(gaze_wire *wire, size_t size) {
  if ((size_t)(wire->end - wire->at) < size)
    return false;
  wire->value = 0;
  for (size_t i = 0; i < size; i++)
    wire->value |= (uint64_t)wire->at[i] << (8 * i);
  wire->at += size;
  return true;
}

static bool read_bytes(gaze_wire *wire) {
  uint64_t size;
  if (!read_varint(wire, &size) || size > (uint64_t)(wire->end - wire->at))
    return false;
  wire->bytes = wire->at;
  wire->size = (size_t)size;
  wire->at += size;
  return true;
}

gaze_err gaze_wire_next(gaze_wire *wire, bool *more) {
  uint64_t tag;
  *more = wire->at < wire->end;
  if (!*more)
    return GAZE_OK;
  if (!read_varint(wire, &tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX)
    return fail(wire);
  wire->field = (uint32_t)(tag >> 3);
  wire->type = tag & 7;
  switch (tag & 7) {
  case GAZE_WIRE_INTEGER:
    return read_varint(wire, &wire->value) ? GAZE_OK : fail(wire);
  case GAZE_WIRE_64:
    return read_fixed(wire, 8) ? GAZE_OK : fail(wire);
  case GAZE_WIRE_BYTES:
    return read_bytes(wire) ? GAZE_OK : fail(wire);
  case GAZE_WIRE_32:
    return read_fixed(wire, 4) ? GAZE_OK : fail(wire);
  default:
    return fail(wire); /* groups, which no version of the format has had */
  }
}

gaze_err gaze_wire_message(const gaze_wire *wire, gaze_wire *message) {
  if (wire->type != GAZE_WIRE_BYTES)
    return fail(wire);
  *message = (gaze_wire){.at = wire->bytes, .end = wire->bytes + wire->size, .name = wire->name};
  return GAZE_OK;
}

gaze_err gaze_wire_text(const gaze_wire *wire, const char **text, size_t *size) {
  if (wire->type != GAZE_WIRE_BYTES)
    return fail(wire);
  for (size_t i = 0; i < wire->size;) {
    int32_t point;
    i += gaze_point_decode(wire->bytes + i, wire->size - i, &point);
    if (point < 0)
      return fail(wire);
  }
  *text = (const char *)wire->bytes;
  *size = wire->size;
  return GAZE_OK;
}

gaze_err gaze_wire_bool(const gaze_wire *wire, bool *value) {
  *value = wire->value != 0;
  return wire->type == GAZE_WIRE_INTEGER ? GAZE_OK : fail(wire);
}

gaze_err gaze_wire_integer(const gaze_wire *wire, int32_t *value) {
  *value = (int32_t)(uint32_t)wire->value;
  return wire->type == GAZE_WIRE_INTEGER ? GAZE_OK : fail(wire);
}

gaze_err gaze_wire_float(const gaze_wire *wire, float *value) {
  uint32_t bits = (uint32_t)wire->value;
  memcpy(value, &bits, sizeof bits);
  return wire->type == GAZE_WIRE_32 ? GAZE_OK : fail(wire);
}
