/* The parts of the core that have neither Lua nor curl in them, opened to the specs. */
#include <string.h>

#include "../../src/body.h"
#include "../../src/compat.h"
#include "../../src/sse.h"

#define SSE "spec.sse"

static int sse_new(lua_State *L) {
  size_t cap = (size_t)luaL_optnumber(L, 1, 1 << 20);
  gem_sse *s = lua_newuserdata(L, sizeof *s);
  gem_sse_init(s, cap);
  luaL_getmetatable(L, SSE);
  lua_setmetatable(L, -2);
  return 1;
}

static int sse_feed(lua_State *L) {
  size_t len;
  gem_sse *s = luaL_checkudata(L, 1, SSE);
  const char *bytes = luaL_checklstring(L, 2, &len);
  lua_pushboolean(L, gem_sse_feed(s, bytes, len) == GEM_OK);
  return 1;
}

static int sse_finish(lua_State *L) {
  gem_sse_finish(luaL_checkudata(L, 1, SSE));
  return 0;
}

static int sse_next(lua_State *L) {
  const char *data;
  size_t len;
  if (!gem_sse_next(luaL_checkudata(L, 1, SSE), &data, &len)) return 0;
  lua_pushlstring(L, data, len);
  return 1;
}

static int sse_held(lua_State *L) {
  const gem_sse *s = luaL_checkudata(L, 1, SSE);
  lua_pushinteger(L, (lua_Integer)gem_sse_held(s));
  return 1;
}

static int sse_gc(lua_State *L) {
  gem_sse_free(luaL_checkudata(L, 1, SSE));
  return 0;
}

/* readBody(segments, step, rewindTo?): what a reader gets in pieces of `step` bytes; after the first piece it
 * goes to byte `rewindTo` where that is given. Returns the pieces joined, or nil if there is no such byte. */
static int read_body(lua_State *L) {
  gem_segment segments[16];
  size_t count = gem_rawlen(L, 1);
  size_t step = (size_t)luaL_checkinteger(L, 2);
  char piece[64];
  gem_body body;
  luaL_Buffer out;
  luaL_argcheck(L, count <= 16 && step <= sizeof piece, 1, "too large for the spec");
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 1, (int)i + 1);
    segments[i].bytes = luaL_checklstring(L, -1, &segments[i].len);
    lua_pop(L, 1); /* the list keeps it */
  }
  gem_body_init(&body, segments, count);
  if (!lua_isnoneornil(L, 3)) {
    gem_body_read(&body, piece, step);
    if (!gem_body_seek(&body, (size_t)luaL_checkinteger(L, 3))) return 0;
  }
  luaL_buffinit(L, &out);
  for (size_t n; (n = gem_body_read(&body, piece, step));)
    luaL_addlstring(&out, piece, n);
  luaL_pushresult(&out);
  return 1;
}

static const luaL_Reg sse_methods[] = {
    {"feed", sse_feed}, {"finish", sse_finish}, {"next", sse_next},
    {"held", sse_held}, {"__gc", sse_gc},       {NULL, NULL},
};

static const luaL_Reg functions[] = {{"sse", sse_new}, {"readBody", read_body}, {NULL, NULL}};

GEM_EXPORT int luaopen_core(lua_State *L);

GEM_EXPORT int luaopen_core(lua_State *L) {
  luaL_newmetatable(L, SSE);
  gem_setfuncs(L, sse_methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_newtable(L);
  gem_setfuncs(L, functions);
  return 1;
}
