/*
 * A program that embeds Lua and gemini, runs a script, and then frames until its tasks have ended:
 *   host script.lua [arguments]
 */
#include <stdio.h>
#include <stdlib.h>
#if !defined(_WIN32)
#include <sys/resource.h>
#endif

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "gemini.h"

static void open_gemini(lua_State *L) {
#if LUA_VERSION_NUM >= 502
  luaL_requiref(L, "gemini", luaopen_gemini, 0);
  lua_pop(L, 1);
#else
  lua_pushcfunction(L, luaopen_gemini);
  lua_call(L, 0, 0);
#endif
}

/* Pushes the script's arguments; returns how many. */
static int push_arguments(lua_State *L, int argc, char **argv) {
  luaL_checkstack(L, argc, "too many arguments");
  for (int i = 2; i < argc; i++)
    lua_pushstring(L, argv[i]);
  return argc - 2;
}

#define FRAME (1.0 / 60)

/* An engine's loop: in each frame the tasks that the script has begun go on, beside whatever else a frame
 * does. */
static void run_frames(lua_State *L) {
  int more = 1;
  while (more) {
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(L, -1, "gemini");
    lua_getfield(L, -1, "step");
    lua_pushnumber(L, FRAME);
    lua_call(L, 1, 1);
    more = lua_toboolean(L, -1);
    lua_pop(L, 3);
  }
}

/* Called in protected mode, for all of it may raise. */
static int run_script(lua_State *L) {
  int argc = (int)lua_tointeger(L, 1);
  char **argv = lua_touserdata(L, 2);
  luaL_openlibs(L);
  open_gemini(L);
  if (luaL_loadfile(L, argv[1]) != 0) return lua_error(L);
  lua_call(L, push_arguments(L, argc, argv), 0);
  run_frames(L);
  return 0;
}

/* The error's text and where it came from. gemini's errors are tables that turn themselves into text. */
static int with_traceback(lua_State *L) {
  if (luaL_callmeta(L, 1, "__tostring")) lua_replace(L, 1);
  lua_getglobal(L, "debug");
  lua_getfield(L, -1, "traceback");
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 2);
  lua_call(L, 2, 1);
  return 1;
}

static int run(lua_State *L, int argc, char **argv) {
  lua_pushcfunction(L, with_traceback);
  lua_pushcfunction(L, run_script);
  lua_pushinteger(L, argc);
  lua_pushlightuserdata(L, argv);
  if (lua_pcall(L, 2, 0, 1) == 0) return EXIT_SUCCESS;
  const char *message = lua_tostring(L, -1);
  fprintf(stderr, "host: %s\n", message ? message : "an error that is no text");
  return EXIT_FAILURE;
}

/* A core dump would hold the API key, and crash reporters send those away. */
static void leave_no_core(void) {
#if !defined(_WIN32)
  struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) perror("host: a crash may leave the key in a core dump");
#endif
}

int main(int argc, char **argv) {
  leave_no_core();
  if (argc < 2) {
    fprintf(stderr, "usage: host script.lua [arguments]\n");
    return EXIT_FAILURE;
  }
  lua_State *L = luaL_newstate();
  if (!L) {
    fprintf(stderr, "host: not enough memory\n");
    return EXIT_FAILURE;
  }
  int status = run(L, argc, argv);
  lua_close(L);
  return status;
}
