/*
 * One C source for Lua 5.1 (and LuaJIT), 5.2, 5.3 and 5.4: the names that differ, and no more than
 * are in use.
 *
 * The 5.1 build must load into LuaJIT and into PUC Lua alike, so it uses nothing that LuaJIT adds
 * to the 5.1 API.
 */
#ifndef GEM_COMPAT_H
#define GEM_COMPAT_H

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>

#if defined(_WIN32)
#define GEM_EXPORT __declspec(dllexport)
#else
#define GEM_EXPORT __attribute__((visibility("default")))
#endif

#if LUA_VERSION_NUM >= 503
#define GEM_HAS_INTEGERS 1
typedef lua_Integer gem_arrayindex; /* what lua_rawgeti and lua_rawseti take */
#else
#define GEM_HAS_INTEGERS 0
typedef int gem_arrayindex;
#endif

#if LUA_VERSION_NUM == 501

#define gem_rawlen(L, i) lua_objlen(L, i)

/* A full userdata's one associated table: the environment in 5.1, the user value later. */
#define gem_setuservalue(L, i) lua_setfenv(L, i)
#define gem_getuservalue(L, i) lua_getfenv(L, i)

static inline int gem_absindex(lua_State *L, int i) {
  return i > 0 || i <= LUA_REGISTRYINDEX ? i : lua_gettop(L) + i + 1;
}

static inline void gem_setfuncs(lua_State *L, const luaL_Reg *funcs) {
  for (; funcs->name; funcs++) {
    lua_pushcfunction(L, funcs->func);
    lua_setfield(L, -2, funcs->name);
  }
}

#else

#define gem_rawlen(L, i)   lua_rawlen(L, i)
#define gem_absindex(L, i) lua_absindex(L, i)
#define gem_setfuncs(L, f) luaL_setfuncs(L, f, 0)

#if LUA_VERSION_NUM >= 504
#define gem_setuservalue(L, i) lua_setiuservalue(L, i, 1)
#define gem_getuservalue(L, i) lua_getiuservalue(L, i, 1)
#else
#define gem_setuservalue(L, i) lua_setuservalue(L, i)
#define gem_getuservalue(L, i) lua_getuservalue(L, i)
#endif

#endif

/* Pushes a number of bytes: an integer where there are such, else a double, exact up to 2^53. */
static inline void gem_pushcount(lua_State *L, int64_t count) {
#if GEM_HAS_INTEGERS
  lua_pushinteger(L, (lua_Integer)count);
#else
  lua_pushnumber(L, (lua_Number)count);
#endif
}

/* Makes the metatable of a type of userdata, whose methods are its fields. Each has the metatable as its
 * upvalue. */
static inline void gem_newtype(lua_State *L, const char *name, const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  for (; methods->name; methods++) {
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, methods->func, 1);
    lua_setfield(L, -2, methods->name);
  }
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

/* In such a method: its first argument, as luaL_checkudata has it. No name is looked up for that. */
static inline void *gem_self(lua_State *L, const char *name) {
  void *self = NULL;
  if (lua_getmetatable(L, 1)) {
    if (lua_rawequal(L, -1, lua_upvalueindex(1))) self = lua_touserdata(L, 1);
    lua_pop(L, 1);
  }
  return self ? self : luaL_checkudata(L, 1, name);
}

#endif
