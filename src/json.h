/*
 * JSON on the wire, to and from Lua values. Knows nothing of curl.
 *
 * Both functions may raise a Lua memory error and hold no C memory then. Neither recurses: nesting
 * costs no C stack. Any allocation in Lua may run a finaliser, which may come back here; the text
 * given must hold still meanwhile.
 */
#ifndef GEM_JSON_H
#define GEM_JSON_H

#include "compat.h"

#define GEM_JSON_DEPTH 1000

/* Pushes the value and returns 1, or pushes nil and a message that ends in "at byte N" and
 * returns 2. Text that is nested deeper than `depth`, GEM_JSON_DEPTH at most, is refused. `packed` is
 * the absolute index of a string, or 0: what has that key, and is an array of numbers in a float32's
 * range, becomes a vector; an empty one does not. */
int gem_json_decode(lua_State *L, const char *text, size_t len, int depth, int packed);

/* The depth that an argument says; GEM_JSON_DEPTH where it is none or nil. */
int gem_json_depth(lua_State *L, int index);

/* The index of an argument that says which key is packed; 0 where it is no string. */
int gem_json_packed(lua_State *L, int index);

/* Pushes the text of the value at `index` and returns 1, or pushes nil and a message that names the
 * path of what JSON can't hold ("contents[1].parts[2].text: …") and returns 2. The value is read
 * raw and never changed. */
int gem_json_encode(lua_State *L, int index);

/* Pushes the metatable that marks a table as a JSON array. */
void gem_json_pusharraymt(lua_State *L);

#endif
