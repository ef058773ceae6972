/*
 * The keys that objects have again and again, each as the Lua string it was the last time: finding one costs
 * less than interning it anew. And how many members the objects had that began with it, so that the next one
 * gets its size at once. Knows nothing of JSON's syntax.
 *
 * The registry owns both the memory and the strings, for one Lua state.
 */
#ifndef GEM_JSON_KEYS_H
#define GEM_JSON_KEYS_H

#include "compat.h"

#define GEM_KEY_NOT_KEPT (-1)

typedef struct gem_keys gem_keys;

/* A place in the table of the strings that is free for whoever pushes it. */
#define GEM_KEYS_FREE 130

/* Pushes the table of the strings and returns the memory. Raises when memory is out. */
gem_keys *gem_keys_push(lua_State *L);

/* Pushes the key of n bytes; `strings` is the stack index of the table. Returns its place, for the two
 * functions below, which take any; GEM_KEY_NOT_KEPT for some. May raise a memory error. */
int gem_keys_pushkey(gem_keys *k, lua_State *L, int strings, const char *key, size_t n);

/* How many members to make room for in an object that begins with this key: as many as were noted last, and
 * once. Text that has one large object and many small ones within each other gets room for one. */
int gem_keys_members(gem_keys *k, int place);

/* Notes how many there were. */
void gem_keys_note(gem_keys *k, int place, size_t members);

#endif
