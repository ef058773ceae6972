#include "lua.h"

#include <curl/curl.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <string.h>

#include "../src/gemini.h"
#include "../src/luaheaders.h"
#include "check.h"
#include "lines.h"

/* ---- What the targets need of C. ---- */

static int headers(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  return gem_headers_push(L, text, len);
}

static int push_part(lua_State *L, CURLU *url, CURLUPart part, unsigned flags) {
  char *text = NULL;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
    lua_pushnil(L);
  else
    lua_pushstring(L, text);
  curl_free(text);
  return 1;
}

/* Scheme, host, port and user of a URL as libcurl reads it for a request; nothing where it refuses it. */
static int url_parts(lua_State *L) {
  CURLU *url = curl_url();
  CHECK(url);
  int count = 0;
  if (curl_url_set(url, CURLUPART_URL, luaL_checkstring(L, 1),
                   CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
    count += push_part(L, url, CURLUPART_SCHEME, 0);
    count += push_part(L, url, CURLUPART_HOST, 0);
    count += push_part(L, url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    count += push_part(L, url, CURLUPART_USER, 0);
  }
  curl_url_cleanup(url);
  return count;
}

static const luaL_Reg functions[] = {{"headers", headers}, {"url", url_parts}, {NULL, NULL}};

static int open_core(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}

/* ---- The state. ---- */

static int with_traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

/* Calls the function below `arguments` values. */
static void call(lua_State *L, int arguments, int results) {
  int handler = lua_gettop(L) - arguments;
  lua_pushcfunction(L, with_traceback);
  lua_insert(L, handler);
  if (lua_pcall(L, arguments, results, handler) != LUA_OK) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    abort();
  }
  lua_remove(L, handler);
}

/* The modules are those of the checkout, by FUZZ_PATH. */
static int open_modules(lua_State *L) {
  luaL_openlibs(L);
  lua_getglobal(L, "package");
  lua_pushliteral(L, FUZZ_PATH);
  lua_setfield(L, -2, "path");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_gemini_codec);
  lua_setfield(L, -2, "gemini.codec");
  lua_pushcfunction(L, open_core);
  lua_setfield(L, -2, "fuzz.core");
  return 0;
}

/* Leaves the target's function on the stack. */
static lua_State *open_target(const char *name) {
  lua_State *L = luaL_newstate();
  CHECK(L);
  lua_pushcfunction(L, open_modules);
  call(L, 0, 0);
  fuzz_watch_lines(L);
  lua_getglobal(L, "require");
  lua_pushfstring(L, "fuzz.%s", name);
  call(L, 1, 1);
  return L;
}

int fuzz_lua(const char *name, const uint8_t *data, size_t size) {
  static lua_State *L;
  if (!L) L = open_target(name);
  lua_pushvalue(L, -1);
  lua_pushlstring(L, (const char *)data, size);
  call(L, 1, 0);
  return 0;
}
