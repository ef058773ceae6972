/*
 * Files on the disk for Lua, as far as its own library does not go. Knows nothing of curl.
 */
#ifndef GEM_FILES_H
#define GEM_FILES_H

#include "compat.h"

/* Sets two functions in the table at the stack's top:
 *   describe(path) → { size, modified, regular }, or nil and why not; `modified` is a text that is another
 * one when the file was changed, `regular` is false for a directory, a pipe or a device temporary(path) → a
 * new file that is written from its start; or nil, why not, and whether there is such a file already A
 * temporary file is removed when it is closed or collected, unless it was kept: file:write(bytes) → true, or
 * nil and why not file:keep(target) → true when it has its bytes under that name, in the place of what had
 * it; or nil and why not file:close() */
void gem_files_register(lua_State *L);

#endif
