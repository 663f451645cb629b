/* The operations of a pickle: each takes its argument out of the file and works on the stack. */
#include "core/base/memory.h"
#include "core/tensor/pickle_machine.h"

#include <string.h>

typedef gaze_pickle_machine machine;
typedef gaze_pickle_value value;

static gaze_err push(machine *m, value pushed) { return gaze_pickle_push(m, &m->stack, pushed); }

static gaze_err push_none(machine *m) { return push(m, (value){.kind = GAZE_PICKLE_NONE}); }
static gaze_err push_mark(machine *m) { return push(m, (value){.kind = GAZE_PICKLE_MARK}); }
static gaze_err push_list(machine *m) { return push(m, (value){.kind = GAZE_PICKLE_LIST}); }
static gaze_err push_empty_tuple(machine *m) { return push(m, (value){.kind = GAZE_PICKLE_TUPLE}); }

static gaze_err push_dict(machine *m) { return push(m, gaze_pickle_new_dict(m)); }

static gaze_err push_integer(machine *m, int64_t integer) {
  return push(m, (value){.kind = GAZE_PICKLE_INTEGER, .integer = integer});
}
static gaze_err push_true(machine *m) { return push_integer(m, 1); }
static gaze_err push_false(machine *m) { return push_integer(m, 0); }

static gaze_err push_1_byte(machine *m) {
  uint64_t number;
  GAZE_TRY(gaze_pickle_take_number(m, 1, &number));
  return push_integer(m, (int64_t)number);
}
static gaze_err push_2_bytes(machine *m) {
  uint64_t number;
  GAZE_TRY(gaze_pickle_take_number(m, 2, &number));
  return push_integer(m, (int64_t)number);
}
static gaze_err push_4_bytes(machine *m) {
  uint64_t number;
  GAZE_TRY(gaze_pickle_take_number(m, 4, &number));
  return push_integer(m, (int32_t)(uint32_t)number);
}

/* Any number of bytes in two's complement; nothing that is read here has more than 8. */
static gaze_err push_long(machine *m) {
  uint64_t length, number;
  GAZE_TRY(gaze_pickle_take_number(m, 1, &length));
  if (length > 8)
    return gaze_pickle_fail(m, "a number of more than 64 bits");
  GAZE_TRY(gaze_pickle_take_number(m, length, &number));
  if (length && length < 8 && number >> (8 * length - 1))
    number |= UINT64_MAX << (8 * length);
  return push_integer(m, (int64_t)number);
}

static gaze_err push_float(machine *m) {
  const uint8_t *ignored;
  GAZE_TRY(gaze_pickle_take(m, 8, &ignored));
  return push_none(m);
}

static gaze_err push_string(machine *m) {
  uint64_t length;
  const uint8_t *text;
  GAZE_TRY(gaze_pickle_take_number(m, 4, &length));
  GAZE_TRY(gaze_pickle_take(m, length, &text));
  return push(m, (value){.kind = GAZE_PICKLE_STRING, .size = (uint32_t)length, .text = (const char *)text});
}

static gaze_err take_line(machine *m, const char **out, size_t *length) {
  const uint8_t *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
  *out = (const char *)m->at;
  *length = end ? (size_t)(end - m->at) : 0;
  if (!end)
    return gaze_pickle_fail(m, "its early end");
  m->at = end + 1;
  return GAZE_OK;
}

static gaze_err push_global(machine *m) {
  const char *module, *name;
  size_t module_length, name_length;
  value global;
  GAZE_TRY(take_line(m, &module, &module_length));
  GAZE_TRY(take_line(m, &name, &name_length));
  GAZE_TRY(gaze_pickle_global(m, module, module_length, name, name_length, &global));
  return push(m, global);
}

/* A pickler numbers what it remembers from 0 up: a gap is none of its making. */
static gaze_err put(machine *m, uint64_t place) {
  value top;
  GAZE_TRY(gaze_pickle_pop(m, &top));
  m->stack.n++;
  if (place > m->memo.n)
    return gaze_pickle_fail(m, "a gap in the memo");
  if (place == m->memo.n)
    return gaze_pickle_push(m, &m->memo, top);
  m->memo.items[place] = top;
  return GAZE_OK;
}
static gaze_err put_1_byte(machine *m) {
  uint64_t place;
  GAZE_TRY(gaze_pickle_take_number(m, 1, &place));
  return put(m, place);
}
static gaze_err put_4_bytes(machine *m) {
  uint64_t place;
  GAZE_TRY(gaze_pickle_take_number(m, 4, &place));
  return put(m, place);
}

static gaze_err get(machine *m, uint64_t place) {
  if (place >= m->memo.n)
    return gaze_pickle_fail(m, "what the memo does not hold");
  return push(m, m->memo.items[place]);
}
static gaze_err get_1_byte(machine *m) {
  uint64_t place;
  GAZE_TRY(gaze_pickle_take_number(m, 1, &place));
  return get(m, place);
}
static gaze_err get_4_bytes(machine *m) {
  uint64_t place;
  GAZE_TRY(gaze_pickle_take_number(m, 4, &place));
  return get(m, place);
}

/* The n last values become a tuple; no mark may be among them. */
static gaze_err pack(machine *m, size_t n) {
  if (n > m->stack.n)
    return gaze_pickle_fail(m, "a tuple without its items");
  const value tuple = {.kind = GAZE_PICKLE_TUPLE, .size = (uint32_t)n, .first = m->items.n};
  for (size_t i = m->stack.n - n; i < m->stack.n; i++) {
    if (m->stack.items[i].kind == GAZE_PICKLE_MARK)
      return gaze_pickle_fail(m, "a tuple without its items");
    GAZE_TRY(gaze_pickle_push(m, &m->items, m->stack.items[i]));
  }
  m->stack.n -= n;
  return push(m, tuple);
}
static gaze_err pack_1(machine *m) { return pack(m, 1); }
static gaze_err pack_2(machine *m) { return pack(m, 2); }
static gaze_err pack_3(machine *m) { return pack(m, 3); }

/* How many values lie above the last mark. */
static gaze_err count_to_mark(machine *m, size_t *out) {
  size_t at = m->stack.n;
  while (at > 0 && m->stack.items[at - 1].kind != GAZE_PICKLE_MARK)
    at--;
  *out = m->stack.n - at;
  if (at == 0)
    return gaze_pickle_fail(m, "a mark that is not there");
  return GAZE_OK;
}

static gaze_err pack_to_mark(machine *m) {
  size_t n;
  value tuple;
  GAZE_TRY(count_to_mark(m, &n));
  GAZE_TRY(pack(m, n));
  GAZE_TRY(gaze_pickle_pop(m, &tuple));
  m->stack.n--;
  return push(m, tuple);
}

/* The kind of the value below the n last ones, which are taken off. */
static gaze_err expect_below(machine *m, size_t n, gaze_pickle_kind kind) {
  m->stack.n -= n;
  if (m->stack.n == 0 || m->stack.items[m->stack.n - 1].kind != kind)
    return gaze_pickle_fail(m, "items of what has none");
  return GAZE_OK;
}

/* What lists hold is nothing that a model needs. */
static gaze_err append(machine *m) {
  value item;
  GAZE_TRY(gaze_pickle_pop(m, &item));
  return expect_below(m, 0, GAZE_PICKLE_LIST);
}
static gaze_err append_to_mark(machine *m) {
  size_t n;
  GAZE_TRY(count_to_mark(m, &n));
  return expect_below(m, n + 1, GAZE_PICKLE_LIST);
}

/* The n last values, keys and values in turn, go into the dictionary below them and, if there is one, a mark. */
static gaze_err set_items(machine *m, size_t n, size_t mark) {
  const size_t first = m->stack.n - n;
  if (n % 2)
    return gaze_pickle_fail(m, "a key without a value");
  GAZE_TRY(expect_below(m, n + mark, GAZE_PICKLE_DICT));
  if (m->n_pairs + n / 2 > GAZE_PICKLE_LIMIT)
    return gaze_pickle_fail_limit(m, "values");
  GAZE_TRY(gaze_grow(&m->pairs, &m->pairs_capacity, m->n_pairs + n / 2, sizeof *m->pairs));
  for (const value *at = m->stack.items + first; at < m->stack.items + first + n; at += 2)
    m->pairs[m->n_pairs++] = (gaze_pickle_pair){m->stack.items[m->stack.n - 1].id, at[0], at[1]};
  return GAZE_OK;
}
static gaze_err set_item(machine *m) {
  value key, item;
  GAZE_TRY(gaze_pickle_pop(m, &item));
  GAZE_TRY(gaze_pickle_pop(m, &key));
  m->stack.n += 2;
  return set_items(m, 2, 0);
}
static gaze_err set_to_mark(machine *m) {
  size_t n;
  GAZE_TRY(count_to_mark(m, &n));
  return set_items(m, n, 1);
}

static gaze_err call_function(machine *m) {
  value function, arguments, made;
  GAZE_TRY(gaze_pickle_pop(m, &arguments));
  GAZE_TRY(gaze_pickle_pop(m, &function));
  GAZE_TRY(gaze_pickle_call(m, &function, &arguments, &made));
  return push(m, made);
}

/* A dictionary's attributes: torch keeps versions of modules in _metadata. */
static gaze_err build(machine *m) {
  value state;
  GAZE_TRY(gaze_pickle_pop(m, &state));
  if (state.kind != GAZE_PICKLE_DICT || m->stack.n == 0 || m->stack.items[m->stack.n - 1].kind != GAZE_PICKLE_DICT)
    return gaze_pickle_refuse(m, "BUILD of what is no dictionary");
  return GAZE_OK;
}

static gaze_err open_storage(machine *m) {
  value identity, storage;
  GAZE_TRY(gaze_pickle_pop(m, &identity));
  GAZE_TRY(gaze_pickle_open_storage(m, &identity, &storage));
  return push(m, storage);
}

static gaze_err check_protocol(machine *m) {
  uint64_t protocol;
  GAZE_TRY(gaze_pickle_take_number(m, 1, &protocol));
  if (protocol == 2)
    return GAZE_OK;
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "pickle of protocol %u: %s: save it with torch.save's own, 2, or convert it to "
                   "safetensors",
                   (unsigned)protocol, m->name);
}

static gaze_err stop(machine *m) {
  if (m->stack.n != 1 || m->at != m->end)
    return gaze_pickle_fail(m, "more than one value");
  m->stopped = true;
  return GAZE_OK;
}

/* Operations without a function are refused by name. */
static const struct {
  const char *name;
  gaze_err (*run)(machine *m);
} operations[256] = {
    [0x80] = {"PROTO", check_protocol},
    [0x81] = {"NEWOBJ", NULL},
    [0x82] = {"EXT1", NULL},
    [0x83] = {"EXT2", NULL},
    [0x84] = {"EXT4", NULL},
    [0x85] = {"TUPLE1", pack_1},
    [0x86] = {"TUPLE2", pack_2},
    [0x87] = {"TUPLE3", pack_3},
    [0x88] = {"NEWTRUE", push_true},
    [0x89] = {"NEWFALSE", push_false},
    [0x8a] = {"LONG1", push_long},
    [0x8b] = {"LONG4", NULL},
    [0x8c] = {"SHORT_BINUNICODE", NULL},
    [0x8d] = {"BINUNICODE8", NULL},
    [0x8e] = {"BINBYTES8", NULL},
    [0x8f] = {"EMPTY_SET", NULL},
    [0x90] = {"ADDITEMS", NULL},
    [0x91] = {"FROZENSET", NULL},
    [0x92] = {"NEWOBJ_EX", NULL},
    [0x93] = {"STACK_GLOBAL", NULL},
    [0x94] = {"MEMOIZE", NULL},
    [0x95] = {"FRAME", NULL},
    [0x96] = {"BYTEARRAY8", NULL},
    [0x97] = {"NEXT_BUFFER", NULL},
    [0x98] = {"READONLY_BUFFER", NULL},
    ['('] = {"MARK", push_mark},
    [')'] = {"EMPTY_TUPLE", push_empty_tuple},
    ['.'] = {"STOP", stop},
    ['0'] = {"POP", NULL},
    ['1'] = {"POP_MARK", NULL},
    ['2'] = {"DUP", NULL},
    ['B'] = {"BINBYTES", NULL},
    ['C'] = {"SHORT_BINBYTES", NULL},
    ['F'] = {"FLOAT", NULL},
    ['G'] = {"BINFLOAT", push_float},
    ['I'] = {"INT", NULL},
    ['J'] = {"BININT", push_4_bytes},
    ['K'] = {"BININT1", push_1_byte},
    ['L'] = {"LONG", NULL},
    ['M'] = {"BININT2", push_2_bytes},
    ['N'] = {"NONE", push_none},
    ['P'] = {"PERSID", NULL},
    ['Q'] = {"BINPERSID", open_storage},
    ['R'] = {"REDUCE", call_function},
    ['S'] = {"STRING", NULL},
    ['T'] = {"BINSTRING", NULL},
    ['U'] = {"SHORT_BINSTRING", NULL},
    ['V'] = {"UNICODE", NULL},
    ['X'] = {"BINUNICODE", push_string},
    [']'] = {"EMPTY_LIST", push_list},
    ['a'] = {"APPEND", append},
    ['b'] = {"BUILD", build},
    ['c'] = {"GLOBAL", push_global},
    ['d'] = {"DICT", NULL},
    ['e'] = {"APPENDS", append_to_mark},
    ['g'] = {"GET", NULL},
    ['h'] = {"BINGET", get_1_byte},
    ['i'] = {"INST", NULL},
    ['j'] = {"LONG_BINGET", get_4_bytes},
    ['l'] = {"LIST", NULL},
    ['o'] = {"OBJ", NULL},
    ['p'] = {"PUT", NULL},
    ['q'] = {"BINPUT", put_1_byte},
    ['r'] = {"LONG_BINPUT", put_4_bytes},
    ['s'] = {"SETITEM", set_item},
    ['t'] = {"TUPLE", pack_to_mark},
    ['u'] = {"SETITEMS", set_to_mark},
    ['}'] = {"EMPTY_DICT", push_dict},
};

static gaze_err refuse_operation(const machine *m, uint8_t code) {
  if (!operations[code].name)
    return gaze_pickle_fail(m, "an unknown operation");
  return gaze_fail(GAZE_ERR_UNSUPPORTED,
                   "pickle with an operation that no state dictionary needs: %s in %s: convert it to safetensors, or "
                   "get another copy",
                   operations[code].name, m->name);
}

/* An operation takes at least one byte, and what it makes is bounded by GAZE_PICKLE_LIMIT; none calls another. */
gaze_err gaze_pickle_run(machine *m) {
  while (!m->stopped) {
    const uint8_t *code;
    GAZE_TRY(gaze_pickle_take(m, 1, &code));
    if (!operations[*code].run)
      return refuse_operation(m, *code);
    GAZE_TRY(operations[*code].run(m));
  }
  return GAZE_OK;
}
