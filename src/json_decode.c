#include "json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "json_keys.h"
#include "json_number.h"
#include "json_scan.h"
#include "json_string.h"
#include "json_vector.h"
#include "memory.h"
#include "scratch.h"

#define ARRAY_MT   "gemini.array"
#define LEVELS     8         /* that room on the stack is made for at a time */
#define PER_LEVEL  2         /* slots: a container, and the key of a value to come */
#define SLACK      10        /* slots for what is pushed meanwhile */
#define MOST_ROOM  (1 << 16) /* no array is made larger before its elements are read */
#define MOST_AHEAD (1 << 20) /* bytes that are looked at to tell its size */

/* What comes after a step: WHOLE, a finished value is on the stack's top; NEXT, a value must follow
 * in the text. */
enum step { FAIL, WHOLE, NEXT };

typedef struct level {
  size_t count; /* elements or members so far */
  bool is_object;
  int first_key; /* of an object: its place among the keys */
} level;

/* Open containers lie on the Lua stack, outermost first, an object with the key that waits for its
 * value. */
typedef struct decoder {
  lua_State *L;
  const char *text, *p, *end;
  const char *message; /* of a failure; p is where */
  gem_keys *keys;
  gem_buf *scratch;             /* borrowed at the first string that needs it */
  int array_mt, strings, owner; /* stack slots: the metatable, the keys, the scratch buffer's userdata */
  int packed;                   /* stack slot of the key whose numbers become vectors; 0 for none */
  int depth, most;              /* open containers, and how many there may be */
  char too_deep[48];            /* the message where there are more */
  level levels[GEM_JSON_DEPTH];
} decoder;

void gem_json_pusharraymt(lua_State *L) {
  luaL_newmetatable(L, ARRAY_MT);
}

static enum step fail(decoder *d, const char *at, const char *message) {
  d->p = at;
  d->message = at == d->end ? "unexpected end of text" : message;
  return FAIL;
}

static void skip_space(decoder *d) {
  const char *p = d->p;
  while (p < d->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
    p++;
  d->p = p;
}

static bool next_is(const decoder *d, char c) {
  return d->p < d->end && *d->p == c;
}

static gem_buf *borrow_scratch(decoder *d) {
  if (!d->scratch) {
    d->scratch = gem_scratch_borrow(d->L);
    lua_replace(d->L, d->owner);
  }
  return d->scratch;
}

static enum step decode_escaped(decoder *d, const char *from) {
  static const char *const messages[] = {
      [GEM_STRING_CUT] = "unexpected end of text",
      [GEM_STRING_CONTROL] = "control character in a string",
      [GEM_STRING_ESCAPE] = "invalid escape in a string",
  };
  gem_buf *b = borrow_scratch(d);
  gem_buf_consume(b, gem_buf_len(b));
  d->p = from;
  enum gem_string_status status = gem_string_decode(b, &d->p, d->end);
  if (status == GEM_STRING_NOMEM) gem_no_memory(d->L);
  if (status != GEM_STRING_OK) return fail(d, d->p, messages[status]);
  lua_pushlstring(d->L, gem_buf_len(b) ? gem_buf_begin(b) : "", gem_buf_len(b));
  d->p++;
  return WHOLE;
}

/* Where a string's plain part ends: mostly at the first look. */
static const char *plain_end(const char *p, const char *end) {
  p = gem_scan_stop(p, end);
  return p < end && *p != '"' ? gem_string_plain(p, end) : p;
}

/* p is at the opening quote. */
static enum step decode_string(decoder *d) {
  const char *from = d->p + 1;
  const char *stop = plain_end(from, d->end);
  if (stop == d->end || *stop != '"') return decode_escaped(d, from);
  lua_pushlstring(d->L, from, (size_t)(stop - from));
  d->p = stop + 1;
  return WHOLE;
}

static void push_integer(lua_State *L, int64_t i) {
#if GEM_HAS_INTEGERS
  lua_pushinteger(L, (lua_Integer)i);
#else
  lua_pushnumber(L, (lua_Number)i);
#endif
}

static enum step decode_number(decoder *d) {
  gem_number n;
  if (*d->p != '-' && (*d->p < '0' || *d->p > '9')) return fail(d, d->p, "expected a value");
  switch (gem_number_read(d->p, d->end, &n)) {
  case GEM_NUMBER_BAD: return fail(d, n.stop, "invalid number");
  case GEM_NUMBER_RANGE: return fail(d, d->p, "number out of range");
  case GEM_NUMBER_INTEGER: push_integer(d->L, n.integer); break;
  case GEM_NUMBER_REAL: lua_pushnumber(d->L, n.real); break;
  }
  d->p = n.stop;
  return WHOLE;
}

/* Takes the word, or fails at the first byte that differs. */
static bool take_word(decoder *d, const char *word) {
  const char *p = d->p;
  for (; *word; word++, p++) {
    if (p == d->end || *p != *word) {
      fail(d, p, "expected a value");
      return false;
    }
  }
  d->p = p;
  return true;
}

static enum step decode_boolean(decoder *d, const char *word, int value) {
  if (!take_word(d, word)) return FAIL;
  lua_pushboolean(d->L, value);
  return WHOLE;
}

static enum step decode_null(decoder *d) {
  if (!take_word(d, "null")) return FAIL;
  lua_pushlightuserdata(d->L, NULL);
  return WHOLE;
}

/* The same for a key; *place is where it is kept. */
static enum step decode_name(decoder *d, int *place) {
  const char *from = d->p + 1;
  const char *stop = plain_end(from, d->end);
  *place = GEM_KEY_NOT_KEPT;
  if (stop == d->end || *stop != '"') return decode_escaped(d, from);
  *place = gem_keys_pushkey(d->keys, d->L, d->strings, from, (size_t)(stop - from));
  d->p = stop + 1;
  return WHOLE;
}

static enum step decode_key(decoder *d, int *place) {
  skip_space(d);
  if (!next_is(d, '"')) return fail(d, d->p, "expected a string as the key");
  if (decode_name(d, place) == FAIL) return FAIL;
  skip_space(d);
  if (!next_is(d, ':')) return fail(d, d->p, "expected ':'");
  d->p++;
  return NEXT;
}

static bool can_open(decoder *d) {
  if (d->depth == d->most) {
    snprintf(d->too_deep, sizeof d->too_deep, "nested more than %d deep", d->most);
    fail(d, d->p, d->too_deep);
    return false;
  }
  if (d->depth % LEVELS == 0) gem_need_stack(d->L, LEVELS * PER_LEVEL + SLACK);
  d->p++;
  return true;
}

/* For one that is not empty. A row of numbers gets its size at once, and no byte is looked at for two arrays.
 */
static int array_room(const decoder *d) {
  size_t scalars = gem_scan_row(d->p, d->end - d->p > MOST_AHEAD ? d->p + MOST_AHEAD : d->end);
  if (scalars > MOST_ROOM) return MOST_ROOM;
  return scalars ? (int)scalars : 1;
}

/* Whether the array that opens is the value of the key whose numbers become vectors. */
static bool is_packed(const decoder *d) {
  return d->packed && d->depth && d->levels[d->depth - 1].is_object && lua_rawequal(d->L, -1, d->packed);
}

static enum step open_array(decoder *d) {
  if (!can_open(d)) return FAIL;
  skip_space(d);
  if (is_packed(d) && gem_json_read_vector(d->L, borrow_scratch(d), &d->p, d->end)) return WHOLE;
  bool empty = next_is(d, ']');
  lua_createtable(d->L, empty ? 0 : array_room(d), 0);
  lua_pushvalue(d->L, d->array_mt);
  lua_setmetatable(d->L, -2);
  if (empty) {
    d->p++;
    return WHOLE;
  }
  d->levels[d->depth++] = (level){.is_object = false};
  return NEXT;
}

static enum step open_empty_object(decoder *d) {
  lua_newtable(d->L);
  d->p++;
  return WHOLE;
}

static enum step open_object(decoder *d) {
  level opened = {.is_object = true};
  if (!can_open(d)) return FAIL;
  skip_space(d);
  if (next_is(d, '}')) return open_empty_object(d);
  if (decode_key(d, &opened.first_key) == FAIL) return FAIL;
  lua_createtable(d->L, 0, gem_keys_members(d->keys, opened.first_key));
  lua_insert(d->L, -2);
  d->levels[d->depth++] = opened;
  return NEXT;
}

static enum step decode_value(decoder *d) {
  skip_space(d);
  if (d->p == d->end) return fail(d, d->p, NULL);
  switch (*d->p) {
  case '"': return decode_string(d);
  case '[': return open_array(d);
  case '{': return open_object(d);
  case 't': return decode_boolean(d, "true", 1);
  case 'f': return decode_boolean(d, "false", 0);
  case 'n': return decode_null(d);
  default: return decode_number(d);
  }
}

/* The container is finished, and so is a value of the one around it. */
static enum step close_container(decoder *d) {
  d->p++;
  d->depth--;
  return WHOLE;
}

static enum step store_element(decoder *d, level *in) {
  lua_rawseti(d->L, -2, (gem_arrayindex)++in->count);
  skip_space(d);
  if (next_is(d, ']')) return close_container(d);
  if (!next_is(d, ',')) return fail(d, d->p, "expected ',' or ']'");
  d->p++;
  return NEXT;
}

static enum step close_object(decoder *d, const level *in) {
  gem_keys_note(d->keys, in->first_key, in->count);
  return close_container(d);
}

static enum step store_member(decoder *d, level *in) {
  int place;
  lua_rawset(d->L, -3);
  in->count++;
  skip_space(d);
  if (next_is(d, '}')) return close_object(d, in);
  if (!next_is(d, ',')) return fail(d, d->p, "expected ',' or '}'");
  d->p++;
  return decode_key(d, &place);
}

static enum step store(decoder *d) {
  level *in = &d->levels[d->depth - 1];
  return in->is_object ? store_member(d, in) : store_element(d, in);
}

static bool decode_document(decoder *d) {
  enum step step;
  do {
    step = decode_value(d);
    while (step == WHOLE && d->depth)
      step = store(d);
  } while (step == NEXT);
  if (step == FAIL) return false;
  skip_space(d);
  return d->p == d->end || fail(d, d->p, "text after the value") != FAIL;
}

static void skip_byte_order_mark(decoder *d) {
  if (d->end - d->p >= 3 && memcmp(d->p, "\xEF\xBB\xBF", 3) == 0) d->p += 3;
}

static int push_failure(const decoder *d) {
  char number[32];
  snprintf(number, sizeof number, "%llu", (unsigned long long)(d->p - d->text + 1));
  lua_pushnil(d->L);
  lua_pushfstring(d->L, "%s at byte %s", d->message, number);
  return 2;
}

/* Found by its name once a state. */
static void push_kept_arraymt(lua_State *L, int strings) {
  lua_rawgeti(L, strings, GEM_KEYS_FREE);
  if (!lua_isnil(L, -1)) return;
  lua_pop(L, 1);
  gem_json_pusharraymt(L);
  lua_pushvalue(L, -1);
  lua_rawseti(L, strings, GEM_KEYS_FREE);
}

/* `levels` is left as it is: it is large, and filled as levels open. */
static void start(decoder *d, lua_State *L, const char *text, size_t len) {
  d->L = L;
  d->text = d->p = len ? text : "";
  d->end = d->text + len;
  d->scratch = NULL;
  d->array_mt = lua_gettop(L) + 1;
  d->strings = d->array_mt + 1;
  d->owner = d->array_mt + 2;
  d->depth = 0;
  gem_need_stack(L, SLACK);
  lua_pushnil(L);
  d->keys = gem_keys_push(L);
  push_kept_arraymt(L, d->strings);
  lua_replace(L, d->array_mt);
  lua_pushnil(L);
  skip_byte_order_mark(d);
}

int gem_json_depth(lua_State *L, int index) {
  lua_Number depth = luaL_optnumber(L, index, GEM_JSON_DEPTH);
  return depth >= 1 && depth < GEM_JSON_DEPTH ? (int)depth : GEM_JSON_DEPTH;
}

int gem_json_packed(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TSTRING ? index : 0;
}

int gem_json_decode(lua_State *L, const char *text, size_t len, int depth, int packed) {
  decoder d;
  int base = lua_gettop(L);
  start(&d, L, text, len);
  d.most = depth;
  d.packed = packed;
  bool ok = decode_document(&d);
  if (d.scratch) gem_scratch_return(L, d.owner);
  if (ok) lua_replace(L, base + 1);
  lua_settop(L, base + ok);
  return ok ? 1 : push_failure(&d);
}
