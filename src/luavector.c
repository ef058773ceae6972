#include "luavector.h"

#include <stdint.h>
#include <string.h>

#include "luatopk.h"
#include "memory.h"
#include "scratch.h"
#include "similarity.h"
#include "vector.h"

#define FLOAT_BYTES 4

/* ---- Making. ---- */

/* The number at the stack's top, the list's i-th. */
static float check_number(lua_State *L, size_t i) {
  bool is_number = lua_type(L, -1) == LUA_TNUMBER;
  if (is_number && gem_is_float(lua_tonumber(L, -1))) return (float)lua_tonumber(L, -1);
  const char *got = is_number ? lua_tostring(L, -1) : luaL_typename(L, -1);
  luaL_error(L, "gemini.vector.new: list[%d] must be a finite number in a float32's range, got %s", (int)i,
             got);
  return 0;
}

static void refuse_names(lua_State *L) {
  lua_pushnil(L);
  if (lua_next(L, 1))
    luaL_error(L, "gemini.vector.new: list must be a list of numbers, got a table without list[1]");
}

static int vector_new(lua_State *L) {
  if (!lua_istable(L, 1))
    return luaL_error(L, "gemini.vector.new: list must be a table of numbers, got %s", luaL_typename(L, 1));
  size_t count = gem_rawlen(L, 1);
  if (count == 0) refuse_names(L);
  gem_vector *v = gem_vector_push(L, count);
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, 1, (gem_arrayindex)i);
    v->values[i - 1] = check_number(L, i);
    lua_pop(L, 1);
  }
  return 1;
}

static float get_float(const char *bytes) {
  const unsigned char *p = (const unsigned char *)bytes;
  uint32_t bits = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static void put_float(char *bytes, float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  for (int i = 0; i < FLOAT_BYTES; i++, bits >>= 8)
    bytes[i] = (char)(bits & 0xFF);
}

static int vector_from_bytes(lua_State *L) {
  if (lua_type(L, 1) != LUA_TSTRING)
    return luaL_error(L, "gemini.vector.fromBytes: bytes must be a string, got %s", luaL_typename(L, 1));
  size_t len;
  const char *bytes = lua_tolstring(L, 1, &len);
  if (len % FLOAT_BYTES)
    return luaL_error(L, "gemini.vector.fromBytes: bytes must be four for each number, got %d in all",
                      (int)len);
  gem_vector *v = gem_vector_push(L, len / FLOAT_BYTES);
  for (size_t i = 0; i < v->count; i++) {
    v->values[i] = get_float(bytes + FLOAT_BYTES * i);
    if (!isfinite(v->values[i]))
      return luaL_error(L, "gemini.vector.fromBytes: number %d must be finite, got nan or inf", (int)i + 1);
  }
  return 1;
}

/* ---- Methods. ---- */

static int vector_to_bytes(lua_State *L) {
  const gem_vector *v = gem_vector_check(L, 1, "vector:toBytes: v");
  gem_buf *b = gem_scratch_borrow(L);
  int owner = lua_gettop(L);
  size_t len = v->count * FLOAT_BYTES;
  if (gem_buf_reserve(b, len) != GEM_OK) return gem_no_memory(L);
  for (size_t i = 0; i < v->count; i++)
    put_float(b->data + FLOAT_BYTES * i, v->values[i]);
  lua_pushlstring(L, len ? b->data : "", len);
  gem_scratch_return(L, owner);
  return 1;
}

static int vector_to_table(lua_State *L) {
  const gem_vector *v = gem_vector_check(L, 1, "vector:toTable: v");
  lua_createtable(L, (int)v->count, 0);
  for (size_t i = 0; i < v->count; i++) {
    lua_pushnumber(L, v->values[i]);
    lua_rawseti(L, -2, (gem_arrayindex)i + 1);
  }
  return 1;
}

static void check_sizes(lua_State *L, const char *name, const gem_vector *v, const gem_vector *w) {
  if (v->count != w->count)
    luaL_error(L, "%s: v has %d numbers, w has %d", name, (int)v->count, (int)w->count);
}

static int vector_dot(lua_State *L) {
  const gem_vector *v = gem_vector_check(L, 1, "vector:dot: v");
  const gem_vector *w = gem_vector_check(L, 2, "vector:dot: w");
  check_sizes(L, "vector:dot", v, w);
  lua_pushnumber(L, gem_dot(v, w));
  return 1;
}

static int vector_cosine(lua_State *L) {
  gem_vector *v = gem_vector_check(L, 1, "vector:cosine: v");
  gem_vector *w = gem_vector_check(L, 2, "vector:cosine: w");
  check_sizes(L, "vector:cosine", v, w);
  lua_pushnumber(L, gem_cosine(v, w));
  return 1;
}

static int vector_normalize(lua_State *L) {
  gem_vector *v = gem_vector_check(L, 1, "vector:normalize: v");
  double norm = gem_norm(v);
  for (size_t i = 0; norm > 0 && i < v->count; i++)
    v->values[i] = (float)(v->values[i] / norm);
  v->norm = -1;
  lua_settop(L, 1);
  return 1;
}

/* ---- Metamethods. ---- */

static int vector_len(lua_State *L) {
  gem_pushcount(L, (int64_t)gem_vector_check(L, 1, "vector: v")->count);
  return 1;
}

static void push_value(lua_State *L, const gem_vector *v, lua_Number index) {
  if (index >= 1 && index <= (lua_Number)v->count && index == floor(index))
    lua_pushnumber(L, v->values[(size_t)index - 1]);
  else
    lua_pushnil(L);
}

/* Its upvalue is the metatable, which holds the methods. */
static int vector_index(lua_State *L) {
  const gem_vector *v = gem_vector_check(L, 1, "vector: v");
  lua_settop(L, 2);
  if (lua_type(L, 2) == LUA_TNUMBER)
    push_value(L, v, lua_tonumber(L, 2));
  else
    lua_rawget(L, lua_upvalueindex(1));
  return 1;
}

#if LUA_VERSION_NUM < 503

static int vector_next(lua_State *L) {
  const gem_vector *v = gem_vector_check(L, 1, "vector: v");
  lua_Number next = lua_tonumber(L, 2) + 1;
  lua_pushnumber(L, next);
  push_value(L, v, next);
  return lua_isnil(L, -1) ? 1 : 2;
}

/* For LuaJIT where it is built like 5.2; from 5.3 on ipairs goes by __index. */
static int vector_ipairs(lua_State *L) {
  lua_settop(L, 1);
  lua_pushcfunction(L, vector_next);
  lua_insert(L, 1);
  lua_pushinteger(L, 0);
  return 3;
}

#endif

static int vector_newindex(lua_State *L) {
  return luaL_error(
      L, "a vector can't be changed; change v:toTable(), of which gemini.vector.new makes another one");
}

static int vector_eq(lua_State *L) {
  const gem_vector *v = gem_vector_at(L, 1), *w = gem_vector_at(L, 2);
  size_t same = 0;
  if (v && w && v->count == w->count)
    while (same < v->count && v->values[same] == w->values[same])
      same++;
  lua_pushboolean(L, v && w && v->count == w->count && same == v->count);
  return 1;
}

static int vector_tostring(lua_State *L) {
  const gem_vector *v = gem_vector_check(L, 1, "vector: v");
  lua_pushfstring(L, "gemini.vector: %d numbers", (int)v->count);
  return 1;
}

/* ---- Registering. ---- */

static const luaL_Reg methods[] = {
    {"toBytes", vector_to_bytes},
    {"toTable", vector_to_table},
    {"dot", vector_dot},
    {"cosine", vector_cosine},
    {"normalize", vector_normalize},
    {"__len", vector_len},
    {"__newindex", vector_newindex},
    {"__eq", vector_eq},
    {"__tostring", vector_tostring},
#if LUA_VERSION_NUM < 503
    {"__ipairs", vector_ipairs},
#endif
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"new", vector_new},
    {"fromBytes", vector_from_bytes},
    {"topK", gem_luatopk},
    {NULL, NULL},
};

void gem_luavector_register(lua_State *L) {
  luaL_newmetatable(L, GEM_VECTOR);
  gem_setfuncs(L, methods);
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, vector_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

void gem_luavector_push(lua_State *L) {
  lua_newtable(L);
  gem_setfuncs(L, functions);
}
