/*
 * Backlogs (backlog.h) for Lua.
 */
#ifndef GEM_LUABACKLOG_H
#define GEM_LUABACKLOG_H

#include "backlog.h"
#include "compat.h"

/* Registers the type; once a state, before gem_luabacklog_new. May raise. */
void gem_luabacklog_register(lua_State *L);

/* Lua function: returns a new empty one. `backlog:take()` takes the first text out and returns it, nil where
 * there is none; it raises when memory is out, and while it is called already. The userdata owns the texts.
 */
int gem_luabacklog_new(lua_State *L);

/* The backlog at `index`; NULL where there is none or nil. Raises for anything else. */
gem_backlog *gem_luabacklog_opt(lua_State *L, int index);

#endif
