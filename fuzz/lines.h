/* Tells which lines of Lua run: libFuzzer, which sees C alone, or fuzz/coverage. */
#ifndef FUZZ_LINES_H
#define FUZZ_LINES_H

#include <lua.h>

/* From now on, in the state's main thread. The state lives as long as the process. */
void fuzz_watch_lines(lua_State *L);

#endif
