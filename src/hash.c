#include "hash.h"

#include "sha256.h"

#define HASH "gemini.sha256"

int gem_hash_new(lua_State *L) {
  gem_sha256_init(lua_newuserdata(L, sizeof(gem_sha256)));
  luaL_getmetatable(L, HASH);
  lua_setmetatable(L, -2);
  return 1;
}

static int hash_add(lua_State *L) {
  size_t n;
  gem_sha256 *h = gem_self(L, HASH);
  const char *bytes = luaL_checklstring(L, 2, &n);
  gem_sha256_add(h, bytes, n);
  lua_settop(L, 1);
  return 1;
}

static int hash_hex(lua_State *L) {
  static const char digits[] = "0123456789abcdef";
  unsigned char digest[GEM_SHA256_SIZE];
  char text[2 * GEM_SHA256_SIZE];
  gem_sha256_digest(gem_self(L, HASH), digest);
  for (int i = 0; i < GEM_SHA256_SIZE; i++) {
    text[2 * i] = digits[digest[i] >> 4];
    text[2 * i + 1] = digits[digest[i] & 15];
  }
  lua_pushlstring(L, text, sizeof text);
  return 1;
}

static const luaL_Reg methods[] = {{"add", hash_add}, {"hex", hash_hex}, {NULL, NULL}};

void gem_hash_register(lua_State *L) {
  gem_newtype(L, HASH, methods);
}
