#include "luabacklog.h"

#include "memory.h"

#define BACKLOG "gemini.backlog"

gem_backlog *gem_luabacklog_opt(lua_State *L, int index) {
  return lua_isnoneornil(L, index) ? NULL : luaL_checkudata(L, index, BACKLOG);
}

static int backlog_take(lua_State *L) {
  gem_backlog *b = gem_self(L, BACKLOG);
  const char *text;
  size_t len;
  if (!gem_backlog_has(b)) return 0;
  if (gem_backlog_take(b, &text, &len) != GEM_OK) return gem_no_memory(L);
  lua_pushlstring(L, text, len);
  return 1;
}

static int backlog_gc(lua_State *L) {
  gem_backlog_free(gem_self(L, BACKLOG));
  return 0;
}

static const luaL_Reg methods[] = {{"take", backlog_take}, {"__gc", backlog_gc}, {NULL, NULL}};

void gem_luabacklog_register(lua_State *L) {
  gem_newtype(L, BACKLOG, methods);
}

int gem_luabacklog_new(lua_State *L) {
  gem_backlog *b = lua_newuserdata(L, sizeof *b);
  gem_backlog_init(b);
  luaL_getmetatable(L, BACKLOG);
  lua_setmetatable(L, -2);
  return 1;
}
