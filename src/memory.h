/* What is raised when memory is out. */
#ifndef GEM_MEMORY_H
#define GEM_MEMORY_H

#include <lua.h>

/* Raises what Lua raises itself: the text alone, without a place. */
static inline int gem_no_memory(lua_State *L) {
  lua_pushliteral(L, "not enough memory");
  return lua_error(L);
}

/* Makes room for n values on the stack. Where that can't be, memory is out, or nearly all that a stack may
 * have is in use. */
static inline void gem_need_stack(lua_State *L, int n) {
  if (!lua_checkstack(L, n)) gem_no_memory(L);
}

#endif
