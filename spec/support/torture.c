/*
 * torture: lets allocations fail, for the specs. Preloaded into a Lua process it stands before the C
 * library's allocator, and required there it stands before Lua's.
 *
 *   torture.arm(n, all)   the nth allocation from now on fails, or it and all behind it
 *   torture.disarm()      whether one has failed; no more fail
 *   torture.live()        how many blocks there are outside of Lua's heap that were allocated since it was
 * required
 *
 * Only the thread that requires it is concerned: neither the scripted server's threads nor those that look
 * names up. An allocation that makes a block smaller does not fail, for some versions of Lua count on that.
 * LuaJIT's own ones do not fail at all: where they do, Debian 12's crashes as it unwinds, be the code
 * compiled or not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../src/compat.h"

enum aim { NONE, ONE, ALL };

/* Part of the thread's own storage, so that it is there before anything is allocated. */
static __thread struct {
  int watching, in_lua;
  enum aim aim;
  long left; /* allocations until one fails */
  int failed;
  int again; /* Lua's next one fails too */
} mine __attribute__((tls_model("initial-exec")));

static int __attribute__((noinline)) hit(void) {
  return mine.failed = 1;
}
static int strikes(void) {
  if (mine.aim == NONE || (mine.left > 0 && --mine.left > 0)) return 0;
  if (mine.aim == ONE) mine.aim = NONE;
  return hit();
}

/* ---- The blocks that are there: a table of their addresses. ---- */

#define SLOTS ((size_t)1 << 16)

static uintptr_t slots[SLOTS];
static size_t live;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static size_t home(uintptr_t block) {
  return (size_t)(block * UINT64_C(0x9E3779B97F4A7C15) >> 48) % SLOTS;
}

static size_t find(uintptr_t block) {
  size_t i = home(block);
  while (slots[i] && slots[i] != block)
    i = (i + 1) % SLOTS;
  return i;
}

/* Moves up what stands behind a gap, so that a search need not go on over it. */
static void close_gap(size_t gap) {
  for (size_t i = (gap + 1) % SLOTS; slots[i]; i = (i + 1) % SLOTS) {
    if ((i - home(slots[i])) % SLOTS < (i - gap) % SLOTS) continue;
    slots[gap] = slots[i];
    gap = i;
  }
  slots[gap] = 0;
}

static void *keep(void *block) {
  if (!block || !mine.watching || mine.in_lua) return block;
  pthread_mutex_lock(&lock);
  if (live >= SLOTS / 2) abort();
  slots[find((uintptr_t)block)] = (uintptr_t)block;
  live++;
  pthread_mutex_unlock(&lock);
  return block;
}

/* Any thread may free what another one has allocated. */
static int drop(const void *block) {
  if (!block || live == 0 || mine.in_lua) return 0;
  pthread_mutex_lock(&lock);
  size_t i = find((uintptr_t)block);
  int was = slots[i] != 0;
  if (was) {
    close_gap(i);
    live--;
  }
  pthread_mutex_unlock(&lock);
  return was;
}

/* ---- Before the C library's allocator. ---- */

/* The next one of this name, which may be a sanitizer's. */
#define NEXT(name) (next.name ? next.name : (*(void **)&next.name = dlsym(RTLD_NEXT, #name), next.name))

static struct {
  void *(*malloc)(size_t);
  void *(*calloc)(size_t, size_t);
  void *(*realloc)(void *, size_t);
  void (*free)(void *);
  int (*posix_memalign)(void **, size_t, size_t);
} next;

static void *none(void) {
  errno = ENOMEM;
  return NULL;
}

GEM_EXPORT void *malloc(size_t size) {
  if (!mine.in_lua && strikes()) return none();
  return keep(NEXT(malloc)(size));
}

GEM_EXPORT void *calloc(size_t count, size_t size) {
  if (!mine.in_lua && strikes()) return none();
  return keep(NEXT(calloc)(count, size));
}

GEM_EXPORT void *realloc(void *block, size_t size) {
  if (!mine.in_lua && strikes()) return none();
  int was = drop(block);
  void *other = NEXT(realloc)(block, size);
  if (other) return keep(other);
  if (was && size) keep(block);
  return NULL;
}

GEM_EXPORT int posix_memalign(void **block, size_t alignment, size_t size) {
  if (!mine.in_lua && strikes()) return ENOMEM;
  int code = NEXT(posix_memalign)(block, alignment, size);
  if (code == 0) keep(*block);
  return code;
}

GEM_EXPORT void free(void *block) {
  drop(block);
  NEXT(free)(block);
}

/* ---- Before Lua's. ---- */

static lua_Alloc lua_before;

/* Where Lua collects what it can when memory is out, it then tries once more. */
static int lua_strikes(void) {
  int again = mine.again;
  mine.again = 0;
  if (again) return 1;
  if (!strikes()) return 0;
  mine.again = LUA_VERSION_NUM >= 502 && mine.aim == NONE;
  return 1;
}

static void *lua_allocate(void *user, void *block, size_t old, size_t size) {
  if (size > (block ? old : 0) && lua_strikes()) return NULL;
  mine.in_lua++;
  void *other = lua_before(user, block, old, size);
  mine.in_lua--;
  return other;
}

/* ---- What Lua sees. ---- */

static int arm(lua_State *L) {
  mine.left = (long)luaL_checkinteger(L, 1);
  mine.failed = mine.again = 0;
  mine.aim = lua_toboolean(L, 2) ? ALL : ONE;
  return 0;
}

static int disarm(lua_State *L) {
  mine.aim = NONE;
  mine.again = 0;
  lua_pushboolean(L, mine.failed);
  return 1;
}

static int count_live(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)live);
  return 1;
}

static const luaL_Reg functions[] = {{"arm", arm}, {"disarm", disarm}, {"live", count_live}, {NULL, NULL}};

GEM_EXPORT int luaopen_torture(lua_State *L);

GEM_EXPORT int luaopen_torture(lua_State *L) {
  void *user;
  if (!next.malloc) return luaL_error(L, "torture: it is not preloaded");
  lua_getglobal(L, "jit");
  if (lua_isnil(L, -1)) {
    lua_before = lua_getallocf(L, &user);
    lua_setallocf(L, lua_allocate, user);
  }
  mine.watching = 1;
  lua_newtable(L);
  gem_setfuncs(L, functions);
  return 1;
}
