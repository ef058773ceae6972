#include "vector.h"

#include "memory.h"

gem_vector *gem_vector_push(lua_State *L, size_t count) {
  if (count > (SIZE_MAX / 2 - sizeof(gem_vector)) / sizeof(float)) gem_no_memory(L);
  gem_vector *v = lua_newuserdata(L, sizeof *v + count * sizeof v->values[0]);
  v->count = count;
  v->norm = -1;
  luaL_getmetatable(L, GEM_VECTOR);
  lua_setmetatable(L, -2);
  return v;
}

gem_vector *gem_vector_at(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return NULL;
  luaL_getmetatable(L, GEM_VECTOR);
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same ? lua_touserdata(L, index) : NULL;
}

gem_vector *gem_vector_check(lua_State *L, int index, const char *what) {
  gem_vector *v = gem_vector_at(L, index);
  if (!v) luaL_error(L, "%s must be a vector, got %s", what, luaL_typename(L, index));
  return v;
}
