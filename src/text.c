#include "text.h"

#include <stdint.h>

#include "buf.h"
#include "memory.h"

#define TEXT "gemini.text"

static int text_add(lua_State *L) {
  size_t len;
  gem_buf *b = gem_self(L, TEXT);
  const char *piece = luaL_checklstring(L, 2, &len);
  if (gem_buf_append(b, piece, len) != GEM_OK) return gem_no_memory(L);
  return 0;
}

static int text_tostring(lua_State *L) {
  const gem_buf *b = gem_self(L, TEXT);
  lua_pushlstring(L, b->data ? gem_buf_begin(b) : "", gem_buf_len(b));
  return 1;
}

static int text_gc(lua_State *L) {
  gem_buf_free(gem_self(L, TEXT));
  return 0;
}

static const luaL_Reg methods[] = {
    {"add", text_add}, {"__tostring", text_tostring}, {"__gc", text_gc}, {NULL, NULL}};

void gem_text_register(lua_State *L) {
  gem_newtype(L, TEXT, methods);
}

int gem_text_new(lua_State *L) {
  gem_buf *b = lua_newuserdata(L, sizeof *b);
  gem_buf_init(b, SIZE_MAX / 4);
  luaL_getmetatable(L, TEXT);
  lua_setmetatable(L, -2);
  return 1;
}
