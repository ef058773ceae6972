/*
 * An answer's header lines as a Lua table. Knows nothing of curl.
 */
#ifndef GEM_LUAHEADERS_H
#define GEM_LUAHEADERS_H

#include "compat.h"

/* Pushes a table of values by lower-case name from lines of "Name: value", and returns 1; a line without a
 * colon is passed over, a repeated name's values are joined by ", ". May raise a Lua memory error. The text
 * must hold still meanwhile: allocations may run finalisers. */
int gem_headers_push(lua_State *L, const char *text, size_t len);

#endif
