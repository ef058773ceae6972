#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "file.h"

static int refused(lua_State *L, int reason) {
  lua_pushnil(L);
  lua_pushstring(L, strerror(reason));
  return 2;
}

static int describe(lua_State *L) {
  gem_file_info info;
  char modified[48];
  if (!gem_file_describe(luaL_checkstring(L, 1), &info)) return refused(L, errno);
  lua_newtable(L);
#if GEM_HAS_INTEGERS
  lua_pushinteger(L, (lua_Integer)info.size);
#else
  lua_pushnumber(L, (lua_Number)info.size);
#endif
  lua_setfield(L, -2, "size");
  snprintf(modified, sizeof modified, "%lld.%09lld", (long long)info.modified, (long long)info.nanoseconds);
  lua_pushstring(L, modified);
  lua_setfield(L, -2, "modified");
  lua_pushboolean(L, info.regular);
  lua_setfield(L, -2, "regular");
  return 1;
}

static int create(lua_State *L) {
  if (gem_file_create(luaL_checkstring(L, 1))) {
    lua_pushboolean(L, 1);
    return 1;
  }
  int reason = errno;
  refused(L, reason);
  lua_pushboolean(L, reason == EEXIST);
  return 3;
}

static const luaL_Reg functions[] = {{"describe", describe}, {"create", create}, {NULL, NULL}};

void gem_files_register(lua_State *L) {
  gem_setfuncs(L, functions);
}
