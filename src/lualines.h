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

/* The lines of a request: those at the index `given`, made by the function above; where there are none, those
 * in the list of strings that is the field `headers` of the request's table. Pushes the userdata that owns
 * them. Raises for anything else. */
gem_lines *gem_lualines_push(lua_State *L, int table, int given);

#endif
