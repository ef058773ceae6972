#include "lines.h"

#include <lauxlib.h>
#include <stdint.h>

#include "check.h"

#ifdef FUZZ_COVERAGE

static lua_State *watched;

static void report(void) {
  CHECK(luaL_dostring(watched, "require('fuzz.lines').report()") == LUA_OK);
}

void fuzz_watch_lines(lua_State *L) {
  watched = L;
  CHECK(luaL_dostring(L, "require('fuzz.lines').start()") == LUA_OK);
  CHECK(atexit(report) == 0);
}

#else

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

void fuzz_watch_lines(lua_State *L) {
  lua_sethook(L, on_line, LUA_MASKLINE, 0);
}

#endif
