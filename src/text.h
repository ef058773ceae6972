/*
 * A text that grows by appending, outside of Lua's heap: the pieces of a long streamed answer would otherwise
 * make the collector work, and let the heap grow to twice their size.
 */
#ifndef GEM_TEXT_H
#define GEM_TEXT_H

#include "compat.h"

/* Registers the type; once a state, before gem_text_new. May raise. */
void gem_text_register(lua_State *L);

/* Lua function: returns a new empty text. `text:add(string)` appends and `tostring(text)` is all of it; both
 * raise when memory is out. The userdata owns its bytes. */
int gem_text_new(lua_State *L);

#endif
