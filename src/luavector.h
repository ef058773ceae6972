/*
 * Vectors in Lua: how they are made, their methods, and the search among many.
 */
#ifndef GEM_LUAVECTOR_H
#define GEM_LUAVECTOR_H

#include "compat.h"

/* Gives the type its metatable. May raise, and may be called again then. */
void gem_luavector_register(lua_State *L);

/* Pushes the table of functions that is gemini.vector. */
void gem_luavector_push(lua_State *L);

#endif
