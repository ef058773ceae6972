/*
 * The JSON decoder, and the encoder on what it gives.
 *
 * Holds: a text is decoded, or refused with a message that names a byte of it, also for its depth; what was
 * decoded can be encoded and decodes to the same value, which is encoded to as many bytes, also where a key's
 * numbers become vectors; memory is bounded by the text's size; where memory runs out, that is raised, and
 * nothing is kept.
 */
#include <string.h>

#include "../src/json.h"
#include "../src/luavector.h"
#include "check.h"
#include "state.h"
#include "values.h"

/* Bytes of Lua's heap for a byte of text at most, with the garbage of tables and of the stack that grow: `[`
 * is a table with one slot, and a slot of the stack; `{"a":` a table with as many as the last one like it
 * had. And what a state may keep from one input to the next: the table of its strings. */
#define HEAP_EACH 128
#define HEAP_KEPT (256 * 1024)

static fuzz_heap heap;

static void check_refusal(lua_State *L, size_t size) {
  fuzz_check_message(L);
  const char *place = strstr(lua_tostring(L, -1), " at byte ");
  CHECK(place);
  char *end;
  unsigned long long byte = strtoull(place + strlen(" at byte "), &end, 10);
  CHECK(*end == '\0' && byte >= 1 && byte <= size + 1);
}

/* Encodes the value at the index. */
static const char *encoded(lua_State *L, int index, size_t *len) {
  CHECK(gem_json_encode(L, index) == 1);
  return lua_tolstring(L, -1, len);
}

static void check_round(lua_State *L) {
  size_t len, again;
  int value = lua_gettop(L);
  const char *text = encoded(L, value, &len);
  for (size_t i = 0; i < len; i++)
    CHECK((unsigned char)text[i] >= 0x20);
  CHECK(gem_json_decode(L, text, len, GEM_JSON_DEPTH, 0) == 1);
  CHECK(fuzz_same(L, value, value + 2));
  encoded(L, value + 2, &again);
  CHECK(again == len);
}

/* A text that is JSON is so with vectors in it too, and what they are written as is what is read. */
static void check_packed(lua_State *L, size_t size) {
  size_t len, again;
  int key = lua_gettop(L) + 1;
  lua_pushliteral(L, "values");
  CHECK(gem_json_decode(L, lua_touserdata(L, 1), size, GEM_JSON_DEPTH, key) == 1);
  const char *text = encoded(L, key + 1, &len);
  CHECK(gem_json_decode(L, text, len, GEM_JSON_DEPTH, key) == 1);
  encoded(L, key + 3, &again);
  CHECK(again == len);
  lua_settop(L, key - 1);
}

/* How deep the value at the absolute index is nested, where that is not more than `most`. */
static int depth_of(lua_State *L, int index, int most) {
  int deepest = 0;
  if (!lua_istable(L, index) || most == 0) return lua_istable(L, index);
  luaL_checkstack(L, 4, NULL);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    int depth = depth_of(L, lua_gettop(L), most - 1);
    if (depth > deepest) deepest = depth;
  }
  return deepest + 1;
}

/* A text whose value is the one on the top is refused for its depth alone. */
static void check_depth(lua_State *L, size_t size) {
  int value = lua_gettop(L), most = 1 + (int)(size % 8);
  int results = gem_json_decode(L, lua_touserdata(L, 1), size, most, 0);
  if (results == 1) {
    CHECK(depth_of(L, value, most) <= most && fuzz_same(L, value, value + 1));
  } else {
    fuzz_check_message(L);
    CHECK(strncmp(lua_tostring(L, -1), "nested more than ", strlen("nested more than ")) == 0);
  }
  lua_settop(L, value);
}

static int decode_and_encode(lua_State *L) {
  if (gem_json_decode(L, lua_touserdata(L, 1), (size_t)lua_tointeger(L, 2), GEM_JSON_DEPTH, 0) == 1)
    gem_json_encode(L, -1);
  return 0;
}

static int check(lua_State *L) {
  size_t size = (size_t)lua_tointeger(L, 2), before = heap.held;
  int results = gem_json_decode(L, lua_touserdata(L, 1), size, GEM_JSON_DEPTH, 0);
  CHECK(heap.peak <= before + HEAP_EACH * size + 4096);
  CHECK(results == lua_gettop(L) - 2);
  if (results == 2) {
    check_refusal(L, size);
    return 0;
  }
  check_depth(L, size);
  check_round(L);
  check_packed(L, size);
  return 0;
}

/* What the first text makes is there for all. */
static int open(lua_State *L) {
  gem_luavector_register(L);
  gem_json_decode(L, "{}", 2, GEM_JSON_DEPTH, 0);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lua_State *L;
  if (!L) {
    L = fuzz_state(&heap);
    fuzz_run(L, open, data, size);
  }
  fuzz_run_short(L, &heap, size ? data[size / 2] : 0, decode_and_encode, data, size);
  fuzz_collect(L, &heap);
  fuzz_run(L, check, data, size);
  fuzz_collect(L, &heap);
  CHECK(heap.held <= HEAP_KEPT);
  return 0;
}
