/* gemini.codec: JSON, base64, vectors, digests and growing texts for Lua. */
#include <stdio.h>

#include "base64.h"
#include "compat.h"
#include "hash.h"
#include "json.h"
#include "luabacklog.h"
#include "luavector.h"
#include "memory.h"
#include "scratch.h"
#include "text.h"

static int codec_decode(lua_State *L) {
  size_t n;
  luaL_checktype(L, 1, LUA_TSTRING);
  const char *text = lua_tolstring(L, 1, &n);
  return gem_json_decode(L, text, n, gem_json_depth(L, 2), gem_json_packed(L, 3));
}

static int codec_encode(lua_State *L) {
  luaL_checkany(L, 1);
  return gem_json_encode(L, 1);
}

/* Pushes a buffer's userdata; returns room for n bytes. */
static char *borrow_room(lua_State *L, size_t n) {
  gem_buf *b = gem_scratch_borrow(L);
  if (gem_buf_reserve(b, n) != GEM_OK) gem_no_memory(L);
  return n ? gem_buf_begin(b) : NULL;
}

/* Pushes n bytes of the room at the stack's top, which is given back. */
static int push_result(lua_State *L, const char *room, size_t n) {
  int owner = lua_gettop(L);
  lua_pushlstring(L, n ? room : "", n);
  gem_scratch_return(L, owner);
  return 1;
}

static int codec_base64_encode(lua_State *L) {
  size_t n;
  luaL_checktype(L, 1, LUA_TSTRING);
  const char *bytes = lua_tolstring(L, 1, &n);
  size_t size = gem_base64_encoded_size(n);
  char *room = borrow_room(L, size);
  gem_base64_encode(room, bytes, n);
  return push_result(L, room, size);
}

static int codec_base64_decode(lua_State *L) {
  size_t n, size, bad;
  char place[32];
  luaL_checktype(L, 1, LUA_TSTRING);
  const char *text = lua_tolstring(L, 1, &n);
  char *room = borrow_room(L, gem_base64_decoded_size(n));
  if (gem_base64_decode(room, &size, text, n, &bad)) return push_result(L, room, size);
  gem_scratch_return(L, lua_gettop(L));
  snprintf(place, sizeof place, "%llu", (unsigned long long)bad + 1);
  lua_pushnil(L);
  lua_pushfstring(L, "not base64 at byte %s", place);
  return 2;
}

static const luaL_Reg functions[] = {
    {"decode", codec_decode},
    {"encode", codec_encode},
    {"base64Encode", codec_base64_encode},
    {"base64Decode", codec_base64_decode},
    {"sha256", gem_hash_new},
    {"text", gem_text_new},
    {"backlog", gem_luabacklog_new},
    {NULL, NULL},
};

GEM_EXPORT int luaopen_gemini_codec(lua_State *L);

int luaopen_gemini_codec(lua_State *L) {
  gem_text_register(L);
  gem_luabacklog_register(L);
  gem_hash_register(L);
  gem_luavector_register(L);
  lua_newtable(L);
  gem_setfuncs(L, functions);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  gem_json_pusharraymt(L);
  lua_setfield(L, -2, "arrayMt");
  gem_luavector_push(L);
  lua_setfield(L, -2, "vector");
  return 1;
}
