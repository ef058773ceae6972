/* Lua states whose memory is counted, and runs out when a target says so. */
#ifndef FUZZ_STATE_H
#define FUZZ_STATE_H

#include <lauxlib.h>
#include <lua.h>

typedef struct fuzz_heap {
  size_t held, peak; /* bytes */
  long left;         /* allocations before the first that fails; negative for no end */
} fuzz_heap;

/* A state without libraries, which lives as long as the process; aborts where there is no memory. */
lua_State *fuzz_state(fuzz_heap *heap);

/* Collects all that can be collected, and counts from there. */
void fuzz_collect(lua_State *L, fuzz_heap *heap);

/* Runs `act` in protected mode with the input as light userdata and its size; what it raises is a finding. */
void fuzz_run(lua_State *L, lua_CFunction act, const void *data, size_t size);

/* The same, where memory ends after `allocations`: then that is what it may raise. */
void fuzz_run_short(lua_State *L, fuzz_heap *heap, long allocations, lua_CFunction act, const void *data,
                    size_t size);

#endif
