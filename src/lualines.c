#include "lualines.h"

#include "memory.h"

#define LINES "gemini.lines"

static int lines_gc(lua_State *L) {
  gem_lines **owned = gem_self(L, LINES);
  gem_lines_give_back(*owned);
  *owned = NULL;
  return 0;
}

static const luaL_Reg methods[] = {{"__gc", lines_gc}, {NULL, NULL}};

void gem_lualines_register(lua_State *L) {
  gem_newtype(L, LINES, methods);
}

static gem_lines *push_empty(lua_State *L) {
  gem_lines **owned = lua_newuserdata(L, sizeof *owned);
  *owned = NULL;
  luaL_getmetatable(L, LINES);
  lua_setmetatable(L, -2);
  *owned = gem_lines_new();
  if (!*owned) gem_no_memory(L);
  return *owned;
}

/* Pushes the userdata of the lines in the list at `list`. */
static gem_lines *push_lines(lua_State *L, int list) {
  gem_lines *l = push_empty(L);
  int count = (int)gem_rawlen(L, list);
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, list, i);
    luaL_checktype(L, -1, LUA_TSTRING);
    if (!gem_lines_add(l, lua_tostring(L, -1))) gem_no_memory(L);
    lua_pop(L, 1);
  }
  if (!gem_lines_end(l)) gem_no_memory(L);
  return l;
}

int gem_lualines_new(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  push_lines(L, 1);
  return 1;
}

gem_lines *gem_lualines_push(lua_State *L, int table, int given) {
  if (lua_isnoneornil(L, given)) {
    lua_pushliteral(L, "headers");
    lua_rawget(L, table);
    luaL_checktype(L, -1, LUA_TTABLE);
    gem_lines *made = push_lines(L, lua_gettop(L));
    lua_remove(L, -2);
    return made;
  }
  gem_lines **owned = luaL_checkudata(L, given, LINES);
  if (!*owned) luaL_error(L, "the headers have been given back");
  lua_pushvalue(L, given);
  return *owned;
}
