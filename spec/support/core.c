/* The parts of the core that have no curl in them, opened to the specs. */
#include <string.h>

#include "../../src/backlog.h"
#include "../../src/compat.h"
#include "../../src/luarequest.h"
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

static int explained(lua_State *L, gem_body *body) {
  char why[256];
  gem_body_explain(body, why, sizeof why);
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

/* readBody(segments, step, rewindTo?): what a reader gets in pieces of `step` bytes; after the first piece it
 * goes to byte `rewindTo` where that is given. Returns the pieces joined, nothing if there is no such byte,
 * or nil and why a file can't be read. */
static int read_body(lua_State *L) {
  gem_request request;
  gem_body body;
  luaL_Buffer out;
  char piece[64];
  size_t step = (size_t)luaL_checkinteger(L, 2);
  luaL_argcheck(L, step <= sizeof piece, 2, "too large for the spec");
  lua_settop(L, 3);
  lua_newuserdata(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "body");
  gem_request_read(L, 5, 4, &request);
  gem_body_init(&body, request.segments, request.segment_count);
  if (!lua_isnil(L, 3)) {
    gem_body_read(&body, piece, step);
    if (!gem_body_seek(&body, (int64_t)luaL_checknumber(L, 3))) return 0;
  }
  luaL_buffinit(L, &out);
  for (size_t n; (n = gem_body_read(&body, piece, step));)
    luaL_addlstring(&out, piece, n);
  if (body.failed) return explained(L, &body);
  luaL_pushresult(&out);
  return 1;
}

/* Moves the oldest text of the backlog to the end of the list at the stack's top. */
static int take_text(lua_State *L, gem_backlog *b, int *taken) {
  const char *text;
  size_t len;
  if (gem_backlog_take(b, &text, &len) != GEM_OK) return 0;
  lua_pushlstring(L, text, len);
  lua_rawseti(L, -2, ++*taken);
  return 1;
}

/* throughBacklog(texts, ahead): adds the texts, and takes one whenever more than `ahead` wait. Returns those
 * that were taken, and how many bytes the backlog had at most. */
static int through_backlog(lua_State *L) {
  gem_backlog b;
  int count = (int)gem_rawlen(L, 1), ahead = (int)luaL_checkinteger(L, 2), taken = 0, ok = 1;
  size_t most = 0;
  gem_backlog_init(&b);
  lua_newtable(L);
  for (int i = 1; ok && i <= count; i++) {
    size_t len;
    lua_rawgeti(L, 1, i);
    const char *text = lua_tolstring(L, -1, &len);
    ok = gem_backlog_add(&b, text, len) == GEM_OK;
    lua_pop(L, 1);
    if (gem_buf_len(&b.packed) > most) most = gem_buf_len(&b.packed);
    if (i - taken > ahead) ok = ok && take_text(L, &b, &taken);
  }
  while (ok && gem_backlog_has(&b))
    ok = take_text(L, &b, &taken);
  gem_backlog_free(&b);
  if (!ok) return luaL_error(L, "no memory");
  lua_pushinteger(L, (lua_Integer)most);
  return 2;
}

static const luaL_Reg sse_methods[] = {
    {"feed", sse_feed}, {"finish", sse_finish}, {"next", sse_next},
    {"held", sse_held}, {"__gc", sse_gc},       {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"sse", sse_new}, {"readBody", read_body}, {"throughBacklog", through_backlog}, {NULL, NULL}};

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
