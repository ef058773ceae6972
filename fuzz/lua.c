#include "lua.h"

#include <curl/curl.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <string.h>

#include "../src/gemini.h"
#include "../src/luaheaders.h"
#include "check.h"

/* ---- Which lines run. ---- */

#define COUNTERS 32768
#define TAIL     16 /* bytes of a file's name that tell it from others */

/* libFuzzer looks for its counters in this section: one for a line behind a line. */
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];

static uint32_t place(const lua_Debug *ar) {
  uint32_t h = 2166136261u ^ (uint32_t)ar->currentline;
  for (size_t i = ar->srclen < TAIL ? 0 : ar->srclen - TAIL; i < ar->srclen; i++)
    h = (h ^ (uint8_t)ar->source[i]) * 16777619u;
  return h;
}

static void on_line(lua_State *L, lua_Debug *ar) {
  static uint32_t before;
  lua_getinfo(L, "S", ar);
  uint32_t here = place(ar);
  uint8_t *counter = &counters[(here ^ before >> 1) % COUNTERS];
  if (*counter < UINT8_MAX) ++*counter;
  before = here;
}

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
  lua_getglobal(L, "require");
  lua_pushfstring(L, "fuzz.%s", name);
  call(L, 1, 1);
  lua_sethook(L, on_line, LUA_MASKLINE, 0);
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
