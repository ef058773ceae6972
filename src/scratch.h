/*
 * One buffer a Lua state, lent to whoever needs room for the length of a call.
 *
 * The userdata owns the buffer's memory, so no Lua error can leak it. While lent it is out of the
 * registry: any allocation may run a finaliser that wants a buffer as well, and that one then gets
 * a new one.
 */
#ifndef GEM_SCRATCH_H
#define GEM_SCRATCH_H

#include "buf.h"
#include "compat.h"

#include <stdint.h>

#define GEM_SCRATCH_CAP  (SIZE_MAX / 4)
#define GEM_SCRATCH_KEEP ((size_t)64 * 1024)
#define GEM_SCRATCH_TYPE "gemini.scratch"
#define GEM_SCRATCH_IDLE "gemini.scratch.idle"

static inline int gem_scratch_gc(lua_State *L) {
  gem_buf_free(lua_touserdata(L, 1));
  return 0;
}

/* Registered when it is complete: a metatable whose __gc memory ran out for would stay without one
 * for good. */
static inline void gem_scratch_pushmt(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, GEM_SCRATCH_TYPE);
  if (lua_istable(L, -1)) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushcfunction(L, gem_scratch_gc);
  lua_setfield(L, -2, "__gc");
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, GEM_SCRATCH_TYPE);
}

static inline gem_buf *gem_scratch_new(lua_State *L) {
  gem_buf *b = lua_newuserdata(L, sizeof *b);
  gem_buf_init(b, GEM_SCRATCH_CAP);
  gem_scratch_pushmt(L);
  lua_setmetatable(L, -2);
  return b;
}

/* Pushes the userdata that owns it and returns an empty buffer. Raises when memory is out. */
static inline gem_buf *gem_scratch_borrow(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, GEM_SCRATCH_IDLE);
  gem_buf *b = lua_touserdata(L, -1);
  if (!b) {
    lua_pop(L, 1);
    return gem_scratch_new(L);
  }
  /* false, not nil: the registry keeps its slot, so giving back allocates nothing. */
  lua_pushboolean(L, 0);
  lua_setfield(L, LUA_REGISTRYINDEX, GEM_SCRATCH_IDLE);
  return b;
}

/* Takes the userdata at `index` back; its bytes are forgotten, and its memory too when there is
 * much of it. */
static inline void gem_scratch_return(lua_State *L, int index) {
  gem_buf *b = lua_touserdata(L, index);
  gem_buf_consume(b, gem_buf_len(b));
  if (b->size > GEM_SCRATCH_KEEP) gem_buf_free(b);
  lua_pushvalue(L, index);
  lua_setfield(L, LUA_REGISTRYINDEX, GEM_SCRATCH_IDLE);
}

#endif
