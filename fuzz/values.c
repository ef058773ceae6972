#include "values.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "../src/json.h"
#include "check.h"

static int is_marked(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return 0;
  gem_json_pusharraymt(L);
  int marked = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return marked;
}

static int count(lua_State *L, int index) {
  int n = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
    n++;
  return n;
}

static int same_tables(lua_State *L, int a, int b) {
  int top = lua_gettop(L), n = count(L, a);
  luaL_checkstack(L, 8, NULL);
  if (n != count(L, b) || (n == 0 && is_marked(L, a) != is_marked(L, b))) return 0;
  for (lua_pushnil(L); lua_next(L, a); lua_settop(L, top + 1)) {
    lua_pushvalue(L, top + 1);
    lua_rawget(L, b);
    if (!fuzz_same(L, top + 2, top + 3)) return 0;
  }
  return 1;
}

int fuzz_same(lua_State *L, int a, int b) {
  if (lua_type(L, a) != lua_type(L, b)) return 0;
  if (lua_istable(L, a)) return same_tables(L, a, b);
  if (!lua_rawequal(L, a, b)) return 0;
  return !lua_isnumber(L, a) || lua_isinteger(L, a) ||
         !signbit(lua_tonumber(L, a)) == !signbit(lua_tonumber(L, b)) || lua_tonumber(L, a) != 0;
}

void fuzz_check_message(lua_State *L) {
  size_t len;
  const char *text = lua_tolstring(L, -1, &len);
  CHECK(text && len > 0 && lua_isnil(L, -2));
  for (size_t i = 0; i < len; i++)
    CHECK((unsigned char)text[i] >= 0x20);
}
