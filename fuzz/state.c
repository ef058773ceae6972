#include "state.h"

#include <string.h>

#include "check.h"

static void *allocate(void *user, void *old, size_t old_size, size_t size) {
  fuzz_heap *heap = user;
  if (!old) old_size = 0;
  if (size == 0) {
    heap->held -= old_size;
    free(old);
    return NULL;
  }
  /* Lua relies on it that a block can be made smaller. */
  if (size > old_size && heap->left >= 0 && heap->left-- == 0) {
    heap->left = 0;
    return NULL;
  }
  void *block = realloc(old, size);
  CHECK(block);
  heap->held += size - old_size;
  if (heap->held > heap->peak) heap->peak = heap->held;
  return block;
}

lua_State *fuzz_state(fuzz_heap *heap) {
  *heap = (fuzz_heap){.left = -1};
  lua_State *L = lua_newstate(allocate, heap);
  CHECK(L);
  return L;
}

void fuzz_collect(lua_State *L, fuzz_heap *heap) {
  lua_settop(L, 0);
  lua_gc(L, LUA_GCCOLLECT, 0);
  heap->peak = heap->held;
}

static int call(lua_State *L, lua_CFunction act, const void *data, size_t size) {
  lua_settop(L, 0);
  lua_pushcfunction(L, act);
  lua_pushlightuserdata(L, (void *)(uintptr_t)data);
  lua_pushinteger(L, (lua_Integer)size);
  return lua_pcall(L, 2, 0, 0);
}

void fuzz_run(lua_State *L, lua_CFunction act, const void *data, size_t size) {
  if (call(L, act, data, size) == LUA_OK) return;
  fprintf(stderr, "raised: %s\n", lua_tostring(L, -1));
  abort();
}

void fuzz_run_short(lua_State *L, fuzz_heap *heap, long allocations, lua_CFunction act, const void *data,
                    size_t size) {
  heap->left = allocations;
  int status = call(L, act, data, size);
  heap->left = -1;
  CHECK(status == LUA_OK || status == LUA_ERRMEM || status == LUA_ERRRUN);
  if (status == LUA_ERRRUN) CHECK(lua_isstring(L, -1) && strstr(lua_tostring(L, -1), "not enough memory"));
}
