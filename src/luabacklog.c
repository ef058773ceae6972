#include "luabacklog.h"

#include "memory.h"

#define BACKLOG "gemini.backlog"

typedef struct handle {
  gem_backlog b;
  int taking;
} handle;

gem_backlog *gem_luabacklog_opt(lua_State *L, int index) {
  if (lua_isnoneornil(L, index)) return NULL;
  handle *h = luaL_checkudata(L, index, BACKLOG);
  return &h->b;
}

/* A finaliser may run before Lua has its copy, and take as well: the text would be another one then. */
static int backlog_take(lua_State *L) {
  handle *h = gem_self(L, BACKLOG);
  const char *text;
  size_t len;
  if (h->taking) return luaL_error(L, "this backlog is being read, or an error ended an earlier read");
  if (!gem_backlog_has(&h->b)) return 0;
  if (gem_backlog_take(&h->b, &text, &len) != GEM_OK) return gem_no_memory(L);
  h->taking = 1;
  lua_pushlstring(L, text, len);
  h->taking = 0;
  return 1;
}

static int backlog_add(lua_State *L) {
  handle *h = gem_self(L, BACKLOG);
  size_t len;
  const char *text = luaL_checklstring(L, 2, &len);
  if (h->taking) return luaL_error(L, "this backlog is being read, or an error ended an earlier read");
  return gem_backlog_add(&h->b, text, len) == GEM_OK ? 0 : gem_no_memory(L);
}

static int backlog_gc(lua_State *L) {
  handle *h = gem_self(L, BACKLOG);
  gem_backlog_free(&h->b);
  return 0;
}

static const luaL_Reg methods[] = {
    {"take", backlog_take},
    {"add", backlog_add},
    {"__gc", backlog_gc},
    {NULL, NULL},
};

void gem_luabacklog_register(lua_State *L) {
  gem_newtype(L, BACKLOG, methods);
}

int gem_luabacklog_new(lua_State *L) {
  handle *h = lua_newuserdata(L, sizeof *h);
  gem_backlog_init(&h->b);
  h->taking = 0;
  luaL_getmetatable(L, BACKLOG);
  lua_setmetatable(L, -2);
  return 1;
}
