/*
 * The JSON encoder. An input is a program for a stack of values: each byte is an instruction, some have
 * operands behind them. The value at the bottom is encoded.
 *
 * Holds: exactly what JSON has a text for is encoded, and the text decodes to the same value; what it has
 * none for is refused with one line of text; where memory runs out, that is raised, and nothing is kept.
 */
#include <math.h>
#include <string.h>

#include <lualib.h>

#include "../src/json.h"
#include "check.h"
#include "state.h"
#include "values.h"

#define MOST_VALUES     200
#define MOST_REFERENCES 8 /* each may double the text */
#define HEAP_KEPT       (256 * 1024)

static fuzz_heap heap;

/* ---- Building a value. ---- */

typedef struct program {
  lua_State *L;
  const uint8_t *p, *end;
  int bottom; /* the stack's slot of the first value */
  int references;
} program;

/* As many operands as there are, zeros for the others. */
static void operands(program *g, void *to, size_t n) {
  size_t there = (size_t)(g->end - g->p);
  memset(to, 0, n);
  if (there > n) there = n;
  memcpy(to, g->p, there);
  g->p += there;
}

static void push_small(program *g) {
  int8_t small;
  operands(g, &small, sizeof small);
  lua_pushinteger(g->L, small);
}

static void push_integer(program *g) {
  lua_Integer integer;
  operands(g, &integer, sizeof integer);
  lua_pushinteger(g->L, integer);
}

static void push_real(program *g) {
  lua_Number real;
  operands(g, &real, sizeof real);
  lua_pushnumber(g->L, real);
}

static void push_string(program *g) {
  char text[UINT8_MAX];
  uint8_t n;
  operands(g, &n, sizeof n);
  operands(g, text, n);
  lua_pushlstring(g->L, text, n);
}

static void push_true(program *g) {
  lua_pushboolean(g->L, 1);
}

static void push_false(program *g) {
  lua_pushboolean(g->L, 0);
}

static void push_null(program *g) {
  lua_pushlightuserdata(g->L, NULL);
}

static void push_pointer(program *g) {
  lua_pushlightuserdata(g->L, g);
}

static int nothing(lua_State *L) {
  (void)L;
  return 0;
}

static void push_function(program *g) {
  lua_pushcfunction(g->L, nothing);
}

static void push_table(program *g) {
  lua_newtable(g->L);
}

static void push_array(program *g) {
  lua_newtable(g->L);
  gem_json_pusharraymt(g->L);
  lua_setmetatable(g->L, -2);
}

/* A value that is there already: so a table comes to be in two places, or in itself. */
static void push_reference(program *g) {
  uint8_t which;
  int count = lua_gettop(g->L) - g->bottom + 1;
  operands(g, &which, sizeof which);
  if (count > 0 && g->references++ < MOST_REFERENCES) lua_pushvalue(g->L, g->bottom + which % count);
}

/* Whether there are so many values, the first of them a table. */
static int has(program *g, int n) {
  return lua_gettop(g->L) - g->bottom + 1 >= n && lua_istable(g->L, -n);
}

static void append(program *g) {
  if (has(g, 2)) lua_rawseti(g->L, -2, (lua_Integer)lua_rawlen(g->L, -2) + 1);
}

static void set(program *g) {
  if (!has(g, 3)) return;
  if (lua_type(g->L, -2) == LUA_TNUMBER && isnan(lua_tonumber(g->L, -2)))
    lua_pop(g->L, 2);
  else
    lua_rawset(g->L, -3);
}

static void (*const instructions[])(program *) = {
    push_small, push_integer, push_real,     push_string, push_true,   push_false,
    push_null,  push_table,   push_function, push_table,  push_array,  push_reference,
    append,     set,          append,        set,         push_pointer};

static void build(lua_State *L) {
  program g = {.L = L, .p = lua_touserdata(L, 1), .bottom = lua_gettop(L) + 1};
  g.end = g.p + lua_tointeger(L, 2);
  luaL_checkstack(L, MOST_VALUES + 8, NULL);
  while (g.p < g.end && lua_gettop(L) < MOST_VALUES)
    instructions[*g.p++ % (sizeof instructions / sizeof *instructions)](&g);
  while (has(&g, 2))
    append(&g);
  lua_settop(L, g.bottom);
}

/* ---- What JSON can hold, by a plain look. ---- */

/* Lua's own library decides what UTF-8 is. */
static int is_utf8(lua_State *L, int index) {
  lua_getfield(L, LUA_REGISTRYINDEX, "fuzz.utf8len");
  lua_pushvalue(L, index);
  lua_call(L, 1, 1);
  int valid = lua_isinteger(L, -1);
  lua_pop(L, 1);
  return valid;
}

static int can_be_sent(lua_State *L, int index, int depth);

static int is_key(lua_State *L, int index, lua_Unsigned length, int named) {
  if (named) return lua_type(L, index) == LUA_TSTRING && is_utf8(L, index);
  return lua_isinteger(L, index) && (lua_Unsigned)lua_tointeger(L, index) - 1 < length;
}

static int can_be_members(lua_State *L, int table, int depth) {
  int top = lua_gettop(L), count = 0;
  luaL_checkstack(L, 8, NULL);
  int marked = lua_getmetatable(L, table);
  lua_settop(L, top);
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
    count++;
  lua_pushnil(L);
  int named = lua_next(L, table) && lua_type(L, top + 1) == LUA_TSTRING && !marked;
  lua_settop(L, top);
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (is_key(L, top + 1, (lua_Unsigned)count, named) && can_be_sent(L, top + 2, depth)) continue;
    lua_settop(L, top);
    return 0;
  }
  return 1;
}

static int can_be_sent(lua_State *L, int index, int depth) {
  switch (lua_type(L, index)) {
  case LUA_TBOOLEAN: return 1;
  case LUA_TSTRING: return is_utf8(L, index);
  case LUA_TNUMBER: return isfinite(lua_tonumber(L, index));
  case LUA_TLIGHTUSERDATA: return lua_touserdata(L, index) == NULL;
  case LUA_TTABLE: return depth < GEM_JSON_DEPTH && can_be_members(L, index, depth + 1);
  default: return 0;
  }
}

/* ---- The target. ---- */

static int build_and_encode(lua_State *L) {
  build(L);
  gem_json_encode(L, -1);
  return 0;
}

static int check(lua_State *L) {
  build(L);
  int value = lua_gettop(L), sendable = can_be_sent(L, value, 0);
  int results = gem_json_encode(L, value);
  CHECK(results == (sendable ? 1 : 2) && lua_gettop(L) == value + results);
  if (!sendable) {
    fuzz_check_message(L);
    return 0;
  }
  size_t len;
  const char *text = lua_tolstring(L, -1, &len);
  CHECK(gem_json_decode(L, text, len, GEM_JSON_DEPTH, 0) == 1);
  CHECK(fuzz_same(L, value, value + 2));
  return 0;
}

static int open(lua_State *L) {
  luaopen_utf8(L);
  lua_getfield(L, -1, "len");
  lua_setfield(L, LUA_REGISTRYINDEX, "fuzz.utf8len");
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lua_State *L;
  if (!L) {
    L = fuzz_state(&heap);
    fuzz_run(L, open, data, size);
  }
  fuzz_run_short(L, &heap, size ? data[size / 2] : 0, build_and_encode, data, size);
  fuzz_collect(L, &heap);
  fuzz_run(L, check, data, size);
  fuzz_collect(L, &heap);
  CHECK(heap.held <= HEAP_KEPT);
  return 0;
}
