/* Digests for Lua: an object that is fed with bytes. */
#ifndef GEM_HASH_H
#define GEM_HASH_H

#include "compat.h"

/* Makes the type known to the state; to be called before gem_hash_new. */
void gem_hash_register(lua_State *L);

/* sha256() → hash; hash:add(bytes) → hash; hash:hex() → 64 hexadecimal digits of all that was added so far */
int gem_hash_new(lua_State *L);

#endif
