#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "file.h"

#define TEMPORARY "gemini.temporary"

/* Its path is the userdata's one associated value. */
typedef struct temporary {
  int fd;             /* -1 when closed */
  const char *unkept; /* the path of the file that is to be removed */
} temporary;

static int refused(lua_State *L, int reason) {
  lua_pushnil(L);
  lua_pushstring(L, strerror(reason));
  return 2;
}

static int done(lua_State *L) {
  lua_pushboolean(L, 1);
  return 1;
}

static int describe(lua_State *L) {
  gem_file_info info;
  char modified[48];
  if (!gem_file_describe(luaL_checkstring(L, 1), &info)) return refused(L, errno);
  lua_newtable(L);
  gem_pushcount(L, info.size);
  lua_setfield(L, -2, "size");
  snprintf(modified, sizeof modified, "%lld.%09lld", (long long)info.modified, (long long)info.nanoseconds);
  lua_pushstring(L, modified);
  lua_setfield(L, -2, "modified");
  lua_pushboolean(L, info.regular);
  lua_setfield(L, -2, "regular");
  return 1;
}

static int real(lua_State *L) {
  char path[GEM_FILE_PATH];
  if (!gem_file_real(luaL_checkstring(L, 1), path)) return refused(L, errno);
  lua_pushstring(L, path);
  return 1;
}

static temporary *check_temporary(lua_State *L) {
  return gem_self(L, TEMPORARY);
}

static temporary *open_temporary(lua_State *L) {
  temporary *t = check_temporary(L);
  if (t->fd < 0) luaL_error(L, "the file is closed");
  return t;
}

static int close_temporary(lua_State *L) {
  temporary *t = check_temporary(L);
  if (t->fd >= 0) (void)gem_file_close(t->fd);
  if (t->unkept) (void)gem_file_remove(t->unkept);
  t->fd = -1;
  t->unkept = NULL;
  return 0;
}

/* Born closed; the path is held by the userdata before there is a file to remove. */
static int new_temporary(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  temporary *t = lua_newuserdata(L, sizeof *t);
  t->fd = -1;
  t->unkept = NULL;
  luaL_getmetatable(L, TEMPORARY);
  lua_setmetatable(L, -2);
  lua_newtable(L);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, 1);
  gem_setuservalue(L, -2);
  t->fd = gem_file_create(path);
  if (t->fd >= 0) {
    t->unkept = path;
    return 1;
  }
  int reason = errno;
  refused(L, reason);
  lua_pushboolean(L, reason == EEXIST);
  return 3;
}

static int write_temporary(lua_State *L) {
  size_t len;
  temporary *t = open_temporary(L);
  const char *bytes = luaL_checklstring(L, 2, &len);
  return gem_file_write(t->fd, bytes, len) ? done(L) : refused(L, errno);
}

static int keep_temporary(lua_State *L) {
  temporary *t = open_temporary(L);
  const char *target = luaL_checkstring(L, 2);
  gem_file_adopt(t->fd, target);
  int kept = gem_file_close(t->fd);
  t->fd = -1;
  if (!kept || !gem_file_rename(t->unkept, target)) return refused(L, errno);
  t->unkept = NULL;
  return done(L);
}

static const luaL_Reg methods[] = {
    {"write", write_temporary}, {"keep", keep_temporary},     {"close", close_temporary},
    {"__gc", close_temporary},  {"__close", close_temporary}, {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"describe", describe}, {"real", real}, {"temporary", new_temporary}, {NULL, NULL}};

void gem_files_register(lua_State *L) {
  gem_newtype(L, TEMPORARY, methods);
  gem_setfuncs(L, functions);
}
