/*
 * gemini.h: Google's Gemini API for C programs that embed Lua. libgemini.a holds the core and all of the
 * module's Lua files, so that nothing has to be installed beside the program.
 *
 *   luaL_openlibs(L);
 *   luaL_requiref(L, "gemini", luaopen_gemini, 0);    Lua 5.2 and later
 *   lua_pop(L, 1);                                    now `require "gemini"` works in L
 *
 *   lua_pushcfunction(L, luaopen_gemini);             Lua 5.1 and LuaJIT
 *   lua_call(L, 0, 0);
 *
 * Link the archive of your Lua's version (build/5.1 is LuaJIT's too), that Lua, and libcurl:
 *
 *   cc program.c build/5.4/libgemini.a $(pkg-config --cflags --libs lua5.4 libcurl) -lm
 *
 * Errors: any of these functions may raise a Lua error (memory, a missing standard library): call them in
 * protected mode, as part of a function that lua_pcall runs.
 *
 * Ownership: the Lua state owns all there is; lua_close ends what is under way, and frees it. The archive
 * keeps nothing of its own, and states are independent of each other. libcurl is initialised at a state's
 * first request: a program whose threads have states of their own calls curl_global_init before it starts
 * them.
 */
#ifndef GEMINI_H
#define GEMINI_H

#ifdef __cplusplus
extern "C" {
#endif

#include <lua.h>

/* Pushes the module, and makes `require` find it and all its parts, before any file of the same name. */
int luaopen_gemini(lua_State *L);

/* The parts in C: `require "gemini.codec"` and `require "gemini.transport"` call them. */
int luaopen_gemini_codec(lua_State *L);
int luaopen_gemini_transport(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
