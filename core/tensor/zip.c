#include "core/tensor/zip.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
  LOCAL = 30,       /* bytes of a header before an entry's name */
  CENTRAL = 46,     /* of an entry's record in the directory before its name */
  END = 22,         /* of the record that ends the archive, without its comment */
  END64 = 56,       /* of zip64's */
  LOCATOR64 = 20,   /* of what says where zip64's is; it stands right before END */
  ZIP64_EXTRA = 1,  /* the extra field with numbers of 64 bits */
  ENCRYPTED = 1,    /* flag */
  COMMENT = 0xffff, /* most bytes of the comment */
};

/* Where the directory lies, [start, end) from the archive's beginning, and how many records it says it has. */
typedef struct directory {
  size_t start, end;
  uint64_t n;
} directory;

typedef struct archive {
  const uint8_t *bytes;
  size_t size;
  const char *name;
} archive;

/* Numbers are little-endian, as every machine gaze runs on. */
static uint16_t u16(const uint8_t *at) {
  uint16_t value;
  memcpy(&value, at, sizeof value);
  return value;
}
static uint32_t u32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}
static uint64_t u64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static bool is_signed(const uint8_t *at, const char *mark) { return memcmp(at, mark, 4) == 0; }

static gaze_err fail_damaged(const archive *a, const char *what) {
  return gaze_fail(GAZE_ERR_FORMAT, "damaged zip archive, or cut short: %s in %s: fetch it again", what, a->name);
}

bool gaze_zip_is(const void *bytes, size_t size) { return size >= 4 && is_signed(bytes, "PK\3\4"); }

/* The record that ends the archive: its comment reaches exactly to the end of the file. */
static gaze_err find_end(const archive *a, size_t *out) {
  *out = 0;
  for (size_t comment = 0; comment <= COMMENT && comment + END <= a->size; comment++) {
    size_t at = a->size - END - comment;
    if (is_signed(a->bytes + at, "PK\5\6") && u16(a->bytes + at + 20) == comment) {
      *out = at;
      return GAZE_OK;
    }
  }
  return fail_damaged(a, "no end of the directory");
}

static gaze_err find_directory(const archive *a, directory *out) {
  size_t end;
  *out = (directory){0};
  GAZE_TRY(find_end(a, &end));
  const uint8_t *at = a->bytes + end;
  uint64_t n = u16(at + 10), size = u32(at + 12), start = u32(at + 16);
  if (end >= LOCATOR64 && is_signed(at - LOCATOR64, "PK\6\7")) {
    uint64_t place = u64(at - LOCATOR64 + 8);
    end -= LOCATOR64;
    if (end < END64 || place > end - END64 || !is_signed(a->bytes + place, "PK\6\6"))
      return fail_damaged(a, "no zip64 end of the directory");
    end = place;
    n = u64(a->bytes + place + 32);
    size = u64(a->bytes + place + 40);
    start = u64(a->bytes + place + 48);
  }
  if (start > end || size > end - start || n > size / CENTRAL)
    return fail_damaged(a, "the directory's place");
  *out = (directory){start, start + size, n};
  return GAZE_OK;
}

/* Numbers that do not fit into 32 bits stand in an extra field, in this order, only those that do not fit. */
static gaze_err read_extra(const archive *a, const uint8_t *extra, size_t size, uint64_t *numbers[3]) {
  while (size >= 4) {
    size_t length = u16(extra + 2), used = 0;
    if (length > size - 4)
      break;
    for (int i = 0; i < 3 && u16(extra) == ZIP64_EXTRA; i++) {
      if (*numbers[i] != UINT32_MAX)
        continue;
      if (used + 8 > length)
        return fail_damaged(a, "a zip64 number");
      *numbers[i] = u64(extra + 4 + used);
      used += 8;
    }
    extra += 4 + length;
    size -= 4 + length;
  }
  return GAZE_OK;
}

/* The entry's header, of which the name must be the directory's, and the data behind it. limit: where the directory
 * begins. */
static gaze_err find_data(const archive *a, uint64_t offset, size_t limit, gaze_zip_entry *entry) {
  if (limit < LOCAL || offset > limit - LOCAL || !is_signed(a->bytes + offset, "PK\3\4"))
    return fail_damaged(a, "the place of an entry");
  const uint8_t *local = a->bytes + offset;
  size_t names = (size_t)u16(local + 26) + u16(local + 28), room = limit - LOCAL - offset;
  if (names > room || entry->size > room - names || u16(local + 26) != entry->name_length ||
      memcmp(local + LOCAL, entry->name, entry->name_length) != 0)
    return fail_damaged(a, "the header of an entry");
  entry->data = local + LOCAL + names;
  return GAZE_OK;
}

static gaze_err refuse_method(const archive *a, const gaze_zip_entry *entry, const char *what) {
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "%s entry in a zip archive: %.*s in %s: write it with torch.save, uncompressed", what,
                   (int)(entry->name_length < 100 ? entry->name_length : 100), entry->name, a->name);
}

/* The record at *at, which moves behind it. */
static gaze_err read_entry(const archive *a, const directory *d, size_t *at, gaze_zip_entry *out) {
  const uint8_t *record = a->bytes + *at;
  size_t room = d->end - *at;
  if (room < CENTRAL || !is_signed(record, "PK\1\2"))
    return fail_damaged(a, "a record of the directory");
  size_t name = u16(record + 28), extra = u16(record + 30), length = CENTRAL + name + extra + u16(record + 32);
  if (length > room)
    return fail_damaged(a, "a record of the directory");
  uint64_t packed = u32(record + 20), size = u32(record + 24), offset = u32(record + 42);
  GAZE_TRY(read_extra(a, record + CENTRAL + name, extra, (uint64_t *[]){&size, &packed, &offset}));
  *out = (gaze_zip_entry){(const char *)record + CENTRAL, name, NULL, size};
  if (u16(record + 8) & ENCRYPTED)
    return refuse_method(a, out, "encrypted");
  if (u16(record + 10) != 0)
    return refuse_method(a, out, "compressed");
  if (packed != size)
    return fail_damaged(a, "the size of an entry");
  *at += length;
  return find_data(a, offset, d->start, out);
}

static int compare_names(const char *a, size_t a_length, const char *b, size_t b_length) {
  int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
  return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int by_name(const void *x, const void *y) {
  const gaze_zip_entry *a = x, *b = y;
  return compare_names(a->name, a->name_length, b->name, b->name_length);
}
static int by_place(const void *x, const void *y) {
  const gaze_zip_entry *a = x, *b = y;
  return (a->data > b->data) - (a->data < b->data);
}

/* Archives in which names or bytes appear twice mean different things to different readers. */
static gaze_err check_entries(const archive *a, gaze_zip *zip) {
  const uint8_t *end = a->bytes;
  qsort(zip->entries, zip->n, sizeof *zip->entries, by_place);
  for (size_t i = 0; i < zip->n; i++) {
    if (zip->entries[i].size && zip->entries[i].data < end)
      return fail_damaged(a, "entries that overlap");
    if (zip->entries[i].size)
      end = zip->entries[i].data + zip->entries[i].size;
  }
  qsort(zip->entries, zip->n, sizeof *zip->entries, by_name);
  for (size_t i = 1; i < zip->n; i++)
    if (by_name(&zip->entries[i - 1], &zip->entries[i]) == 0)
      return fail_damaged(a, "two entries of one name");
  return GAZE_OK;
}

gaze_err gaze_zip_init(gaze_zip *zip, const void *bytes, size_t size, const char *name) {
  const archive a = {bytes, size, name};
  directory d;
  gaze_err err = GAZE_OK;
  *zip = (gaze_zip){0};
  GAZE_TRY(find_directory(&a, &d));
  GAZE_TRY(gaze_alloc(d.n, sizeof *zip->entries, &zip->entries));
  size_t at = d.start;
  for (; zip->n < d.n && err == GAZE_OK; zip->n++)
    err = read_entry(&a, &d, &at, &zip->entries[zip->n]);
  if (err == GAZE_OK)
    err = check_entries(&a, zip);
  if (err != GAZE_OK)
    gaze_zip_fini(zip);
  return err;
}

void gaze_zip_fini(gaze_zip *zip) {
  free(zip->entries);
  *zip = (gaze_zip){0};
}

const gaze_zip_entry *gaze_zip_find(const gaze_zip *zip, const char *name, size_t length) {
  const gaze_zip_entry wanted = {.name = name, .name_length = length};
  return zip->n ? bsearch(&wanted, zip->entries, zip->n, sizeof wanted, by_name) : NULL;
}
