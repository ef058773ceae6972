/* luaopen_gemini of libgemini.a: the module with all its parts, without a file. */
#include "compat.h"
#include "embed.h"
#include "gemini.h"

/* In package.preload; its upvalue is the module's index. */
static int load_module(lua_State *L) {
  const gem_module *m = &gem_modules[lua_tointeger(L, lua_upvalueindex(1))];
  if (luaL_loadbuffer(L, (const char *)m->text, m->size, m->chunk) != 0) return lua_error(L);
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

/* Sets their loaders in the table at the stack's top. */
static void add_modules(lua_State *L) {
  for (int i = 0; gem_modules[i].name; i++) {
    lua_pushinteger(L, i);
    lua_pushcclosure(L, load_module, 1);
    lua_setfield(L, -2, gem_modules[i].name);
  }
}

static const luaL_Reg core[] = {
    {"gemini.codec", luaopen_gemini_codec},
    {"gemini.transport", luaopen_gemini_transport},
    {NULL, NULL},
};

/* By the registry, for a host may hide `package` from its scripts. */
static void push_preload(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  if (lua_istable(L, -1)) lua_getfield(L, -1, "package");
  if (!lua_istable(L, -1)) luaL_error(L, "gemini needs Lua's standard libraries: call luaL_openlibs first");
  lua_getfield(L, -1, "preload");
}

GEM_EXPORT int luaopen_gemini(lua_State *L) {
  push_preload(L);
  add_modules(L);
  gem_setfuncs(L, core);
  lua_getfield(L, -1, "gemini");
  lua_pushliteral(L, "gemini");
  lua_call(L, 1, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "gemini");
  lua_pop(L, 1);
  return 1;
}
