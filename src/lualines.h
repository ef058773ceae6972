/*
 * Header lines for Lua: a list of them, made once, for any number of requests.
 */
#ifndef GEM_LUALINES_H
#define GEM_LUALINES_H

#include "compat.h"
#include "lines.h"

/* Registers the type; once a state. May raise. */
void gem_lualines_register(lua_State *L);

/* Lua function: takes a list of "Name: value" strings and returns what a request has as its headers. */
int gem_lualines_new(lua_State *L);

/* The lines of a request's table, from its field `headers`: made by the function above, or a list of strings.
 * Pushes the userdata that owns them. Raises for anything else. */
gem_lines *gem_lualines_pushfield(lua_State *L, int table);

#endif
