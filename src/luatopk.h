/*
 * The search for the vectors that are most like one.
 */
#ifndef GEM_LUATOPK_H
#define GEM_LUATOPK_H

#include "compat.h"

/* Lua's gemini.vector.topK(query, vectors, k). */
int gem_luatopk(lua_State *L);

#endif
