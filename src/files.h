/*
 * Files on the disk for Lua, as far as its own library does not go. Knows nothing of curl.
 */
#ifndef GEM_FILES_H
#define GEM_FILES_H

#include "compat.h"

/* Sets three functions in the table at the stack's top.
 *
 * describe(path) gives { size, modified, regular }, or nil and why not. `modified` is a text that is another
 * one when the file was changed, `regular` is false for a directory, a pipe or a device.
 *
 * real(path) gives where a path leads through symbolic links, or nil and why it leads nowhere.
 *
 * temporary(path) gives a new file, which is removed when it is closed or collected, unless it was kept; or
 * nil, why not, and whether there is such a file already. Its methods give true, or nil and why not:
 * file:write(bytes), and file:keep(target), after which its bytes have that name, in the place of what had it
 * and with the permissions of that; file:close() gives nothing. */
void gem_files_register(lua_State *L);

#endif
