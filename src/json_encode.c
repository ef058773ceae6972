#include "json.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "json_number.h"
#include "json_string.h"
#include "json_vector.h"
#include "memory.h"
#include "scratch.h"

#define SLACK       10 /* stack slots for one level and for what is pushed meanwhile */
#define OBJECT      SIZE_MAX
#define PATH_LEVELS 16 /* of a path that tells a cycle */

/* What comes after a step: WHOLE, a value is written and off the stack; NEXT, a value on the
 * stack's top is to be written; FAIL, a message is on the stack's top. */
enum step { FAIL, WHOLE, NEXT };

typedef struct level {
  size_t done; /* elements or members written or begun */
  size_t size; /* of an array, or OBJECT */
} level;

/* Open tables lie on the Lua stack from slot `first` on, outermost first, an object with its
 * current key. */
typedef struct encoder {
  lua_State *L;
  gem_buf *out;
  int array_mt, first;
  int depth;
  level levels[GEM_JSON_DEPTH];
} encoder;

static void check(encoder *e, bool ok) {
  if (!ok) gem_no_memory(e->L);
}

static void put(encoder *e, const char *s, size_t n) {
  check(e, gem_buf_append(e->out, s, n) == GEM_OK);
}

static bool is_identifier(const char *s, size_t n) {
  if (n == 0 || (s[0] >= '0' && s[0] <= '9')) return false;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    if (c >= 0x80 || !(isalnum(c) || c == '_')) return false;
  }
  return true;
}

static void put_key(encoder *e, int slot, bool at_root) {
  size_t n, bad;
  const char *key = lua_tolstring(e->L, slot, &n);
  if (is_identifier(key, n)) {
    if (!at_root) put(e, ".", 1);
    put(e, key, n);
    return;
  }
  put(e, "[", 1);
  /* A key on a path was written before, so it is UTF-8. */
  check(e, gem_string_encode(e->out, key, n, &bad) == GEM_STRING_OK);
  put(e, "]", 1);
}

static void put_index(encoder *e, size_t index) {
  char text[GEM_NUMBER_SIZE];
  put(e, "[", 1);
  put(e, text, gem_number_write_integer(text, (int64_t)index));
  put(e, "]", 1);
}

static void put_path(encoder *e) {
  int slot = e->first;
  for (int i = 0; i < e->depth; i++) {
    bool is_object = e->levels[i].size == OBJECT;
    if (is_object)
      put_key(e, slot + 1, i == 0);
    else
      put_index(e, e->levels[i].done);
    slot += is_object ? 2 : 1;
  }
}

/* Puts the path of the innermost level and `after` before the message on the stack's top. */
static enum step fail(encoder *e, const char *after) {
  gem_buf *b = e->out;
  if (e->depth == 0) return FAIL;
  gem_buf_consume(b, gem_buf_len(b));
  put_path(e);
  put(e, after, strlen(after));
  lua_pushlstring(e->L, gem_buf_begin(b), gem_buf_len(b));
  lua_insert(e->L, -2);
  lua_concat(e->L, 2);
  return FAIL;
}

static enum step refuse(encoder *e, const char *what) {
  lua_pushfstring(e->L, "%s can't be sent as JSON", what);
  return fail(e, ": ");
}

static enum step refuse_type(encoder *e) {
  return refuse(e, lua_pushfstring(e->L, "a %s", luaL_typename(e->L, -1)));
}

static enum step refuse_depth(encoder *e) {
  lua_pushfstring(e->L, "nested more than %d deep (a cycle?)", GEM_JSON_DEPTH);
  if (e->depth > PATH_LEVELS) e->depth = PATH_LEVELS;
  return fail(e, "…: ");
}

/* Compares the value on the top with the field of lua-cjson, which is not loaded for that. A host's state may
 * have no table of what is. */
static bool is_cjson(lua_State *L, const char *field) {
  int top = lua_gettop(L);
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  bool same = false;
  if (lua_istable(L, -1)) {
    lua_pushliteral(L, "cjson");
    lua_rawget(L, -2);
  }
  if (lua_istable(L, -1)) {
    lua_pushstring(L, field);
    lua_rawget(L, -2);
    same = !lua_isnil(L, -1) && lua_rawequal(L, -1, top);
  }
  lua_settop(L, top);
  return same;
}

/* Whether the table on the top bears an array's metatable. */
static bool is_marked(encoder *e) {
  lua_State *L = e->L;
  if (!lua_getmetatable(L, -1)) return false;
  bool marked = lua_rawequal(L, -1, e->array_mt) || is_cjson(L, "array_mt") || is_cjson(L, "empty_array_mt");
  lua_pop(L, 1);
  return marked;
}

static bool is_index(lua_State *L, int i) {
  if (lua_type(L, i) != LUA_TNUMBER) return false;
  lua_Number key = lua_tonumber(L, i);
  return key >= 1 && key == floor(key);
}

/* Refuses the key at -2. */
static enum step refuse_key(encoder *e, bool marked) {
  char text[64];
  bool named = lua_type(e->L, -2) == LUA_TSTRING;
  if (named && marked) return refuse(e, "an array with a string key");
  if (named || is_index(e->L, -2)) return refuse(e, "a table with both string and number keys");
  if (lua_type(e->L, -2) != LUA_TNUMBER)
    return refuse(e, lua_pushfstring(e->L, "a table with a %s as a key", luaL_typename(e->L, -2)));
  snprintf(text, sizeof text, "a table with the number key %.14g", lua_tonumber(e->L, -2));
  return refuse(e, text);
}

static enum step refuse_sparse(encoder *e, size_t count, lua_Number last) {
  char text[96];
  snprintf(text, sizeof text, "a sparse array (%.0f values, the last at %.14g)", (double)count, last);
  return refuse(e, text);
}

/* The size of the array on the top, whose keys must be exactly 1..size. */
static bool array_size(encoder *e, bool marked, size_t *size) {
  lua_State *L = e->L;
  size_t count = 0;
  lua_Number last = 0;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1), count++) {
    if (!is_index(L, -2)) {
      refuse_key(e, marked);
      return false;
    }
    if (lua_tonumber(L, -2) > last) last = lua_tonumber(L, -2);
  }
  *size = count;
  if (last == (lua_Number)count) return true;
  refuse_sparse(e, count, last);
  return false;
}

static enum step open_level(encoder *e, char bracket, size_t size) {
  put(e, &bracket, 1);
  e->levels[e->depth].done = 0;
  e->levels[e->depth++].size = size;
  return WHOLE;
}

static enum step close_level(encoder *e, char bracket) {
  put(e, &bracket, 1);
  lua_pop(e->L, 1);
  e->depth--;
  return WHOLE;
}

static enum step put_whole(encoder *e, const char *text) {
  put(e, text, strlen(text));
  lua_pop(e->L, 1);
  return WHOLE;
}

static enum step open_array(encoder *e, bool marked) {
  size_t size;
  return array_size(e, marked, &size) ? open_level(e, '[', size) : FAIL;
}

static enum step open_object(encoder *e) {
  open_level(e, '{', OBJECT);
  lua_pushnil(e->L);
  return WHOLE;
}

static enum step open_table(encoder *e) {
  lua_State *L = e->L;
  if (e->depth == GEM_JSON_DEPTH) return refuse_depth(e);
  gem_need_stack(L, SLACK);
  bool marked = is_marked(e);
  lua_pushnil(L);
  if (!lua_next(L, -2)) return put_whole(e, marked ? "[]" : "{}");
  bool named = lua_type(L, -2) == LUA_TSTRING;
  lua_pop(L, 2);
  return named && !marked ? open_object(e) : open_array(e, marked);
}

static enum step encode_real(encoder *e, double x) {
  if (x != x) return refuse(e, "nan");
  if (isinf(x)) return refuse(e, x > 0 ? "inf" : "-inf");
  check(e, gem_buf_reserve(e->out, GEM_NUMBER_SIZE) == GEM_OK);
  e->out->end += gem_number_write(e->out->data + e->out->end, x);
  lua_pop(e->L, 1);
  return WHOLE;
}

static enum step encode_number(encoder *e) {
#if GEM_HAS_INTEGERS
  if (lua_isinteger(e->L, -1)) {
    char text[GEM_NUMBER_SIZE];
    put(e, text, gem_number_write_integer(text, lua_tointeger(e->L, -1)));
    lua_pop(e->L, 1);
    return WHOLE;
  }
#endif
  return encode_real(e, lua_tonumber(e->L, -1));
}

/* Writes the string at the index, or leaves a message on the top that wants its path. */
static bool put_string(encoder *e, int index, const char *what) {
  size_t n, bad;
  char place[32];
  const char *s = lua_tolstring(e->L, index, &n);
  enum gem_string_status status = gem_string_encode(e->out, s, n, &bad);
  if (status == GEM_STRING_OK) return true;
  check(e, status != GEM_STRING_NOMEM);
  snprintf(place, sizeof place, "%llu", (unsigned long long)bad + 1);
  lua_pushfstring(e->L, "%s is not valid UTF-8 (byte %s); binary data goes as base64", what, place);
  return false;
}

static enum step encode_string(encoder *e) {
  if (!put_string(e, -1, "the string")) return fail(e, ": ");
  lua_pop(e->L, 1);
  return WHOLE;
}

static enum step encode_light(encoder *e) {
  if (!lua_touserdata(e->L, -1)) return put_whole(e, "null");
  if (is_cjson(e->L, "empty_array")) return put_whole(e, "[]");
  return refuse_type(e);
}

static enum step encode_userdata(encoder *e) {
  const gem_vector *v = gem_vector_at(e->L, -1);
  if (!v) return refuse_type(e);
  check(e, gem_json_write_vector(e->out, v));
  lua_pop(e->L, 1);
  return WHOLE;
}

/* Takes the value on the top. */
static enum step encode_value(encoder *e) {
  switch (lua_type(e->L, -1)) {
  case LUA_TSTRING: return encode_string(e);
  case LUA_TNUMBER: return encode_number(e);
  case LUA_TBOOLEAN: return put_whole(e, lua_toboolean(e->L, -1) ? "true" : "false");
  case LUA_TTABLE: return open_table(e);
  case LUA_TLIGHTUSERDATA: return encode_light(e);
  case LUA_TUSERDATA: return encode_userdata(e);
  default: return refuse_type(e);
  }
}

static enum step next_element(encoder *e, level *l) {
  if (l->done == l->size) return close_level(e, ']');
  if (l->done++) put(e, ",", 1);
  lua_rawgeti(e->L, -1, (gem_arrayindex)l->done);
  return NEXT;
}

/* What is wrong with a key has the path of its table. */
static enum step next_member(encoder *e, level *l) {
  if (!lua_next(e->L, -2)) return close_level(e, '}');
  if (lua_type(e->L, -2) != LUA_TSTRING) {
    e->depth--;
    return refuse_key(e, false);
  }
  if (l->done++) put(e, ",", 1);
  if (!put_string(e, -2, "a key")) {
    e->depth--;
    return fail(e, ": ");
  }
  put(e, ":", 1);
  return NEXT;
}

static bool encode_document(encoder *e) {
  enum step step;
  do {
    step = encode_value(e);
    while (step == WHOLE && e->depth) {
      level *l = &e->levels[e->depth - 1];
      step = l->size == OBJECT ? next_member(e, l) : next_element(e, l);
    }
  } while (step == NEXT);
  return step == WHOLE;
}

/* `levels` is left as it is: it is large, and filled as levels open. */
static void start(encoder *e, lua_State *L, int index) {
  int base = lua_gettop(L), value = gem_absindex(L, index);
  gem_need_stack(L, SLACK);
  e->L = L;
  e->out = gem_scratch_borrow(L);
  e->array_mt = base + 2;
  e->first = base + 3;
  e->depth = 0;
  gem_json_pusharraymt(L);
  lua_pushvalue(L, value);
}

int gem_json_encode(lua_State *L, int index) {
  encoder e;
  int base = lua_gettop(L);
  start(&e, L, index);
  bool ok = encode_document(&e);
  if (ok) lua_pushlstring(L, gem_buf_begin(e.out), gem_buf_len(e.out));
  gem_scratch_return(L, base + 1);
  lua_replace(L, base + 2); /* the text or the message */
  lua_settop(L, base + 2);
  if (ok) {
    lua_remove(L, base + 1);
    return 1;
  }
  lua_pushnil(L);
  lua_replace(L, base + 1);
  return 2;
}
