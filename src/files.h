/*
 * Files on the disk for Lua, as far as its own library does not go. Knows nothing of curl.
 */
#ifndef GEM_FILES_H
#define GEM_FILES_H

#include "compat.h"

/* Sets two functions in the table at the stack's top:
 *   describe(path) → { size, modified, regular }, or nil and why not; `modified` is a text that is another
 * one when the file was changed, `regular` is false for a directory, a pipe or a device create(path) → true,
 * or nil, why not, and whether there is such a file already: makes an empty one */
void gem_files_register(lua_State *L);

#endif
