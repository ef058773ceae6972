#include "luaheaders.h"

#include <string.h>

/* In ASCII, whatever the host's locale. */
static void push_lower(lua_State *L, const char *s, size_t n) {
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (size_t i = 0; i < n; i++)
    luaL_addchar(&b, s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] - 'A' + 'a') : s[i]);
  luaL_pushresult(&b);
}

static int is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Sets table[name] from one "Name: value" line; a repeated name's values are joined by ", ". */
static void set_header(lua_State *L, int table, const char *line, const char *end) {
  const char *colon = memchr(line, ':', (size_t)(end - line));
  if (!colon) return;
  const char *value = colon + 1;
  while (value < end && is_blank(*value))
    value++;
  while (end > value && is_blank(end[-1]))
    end--;
  push_lower(L, line, (size_t)(colon - line));
  lua_pushvalue(L, -1);
  lua_rawget(L, table);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushlstring(L, value, (size_t)(end - value));
  } else {
    lua_pushliteral(L, ", ");
    lua_pushlstring(L, value, (size_t)(end - value));
    lua_concat(L, 3);
  }
  lua_rawset(L, table);
}

int gem_headers_push(lua_State *L, const char *p, size_t len) {
  const char *end = p + len;
  lua_newtable(L);
  int table = lua_gettop(L);
  while (p < end) {
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    if (!stop) stop = end;
    set_header(L, table, p, stop);
    p = stop + 1;
  }
  return 1;
}
