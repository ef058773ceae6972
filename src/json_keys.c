#include "json_keys.h"

#include <string.h>

#define KEPT      (GEM_KEYS_FREE - 2)
#define LONGEST   30
#define MOST_ROOM 16 /* members that room is made for before they are seen */

typedef struct entry {
  unsigned char len; /* 0 when empty */
  unsigned char members;
  char bytes[LONGEST];
} entry;

struct gem_keys {
  entry entries[KEPT];
};

/* Its address is the registry's key. The strings' table holds the memory behind the strings. */
static const char registered = 0;
#define MEMORY (KEPT + 1)

static void push_registered(lua_State *L) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)&registered);
}

static gem_keys *make(lua_State *L) {
  lua_createtable(L, GEM_KEYS_FREE, 0);
  gem_keys *k = lua_newuserdata(L, sizeof *k);
  memset(k, 0, sizeof *k);
  lua_rawseti(L, -2, MEMORY);
  push_registered(L);
  lua_pushvalue(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
  return k;
}

gem_keys *gem_keys_push(lua_State *L) {
  push_registered(L);
  lua_rawget(L, LUA_REGISTRYINDEX);
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    return make(L);
  }
  lua_rawgeti(L, -1, MEMORY);
  gem_keys *k = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return k;
}

/* Keys of the API differ in their ends, their middles and their lengths. */
static int place_of(const char *key, size_t n) {
  const unsigned char *s = (const unsigned char *)key;
  return (int)((s[0] * 3u + s[n / 2] * 5u + s[n - 1] * 17u + n * 29u) % KEPT);
}

/* The string is made before the entry is changed: what memory does meanwhile may come back here. */
static void keep(gem_keys *k, lua_State *L, int strings, int place, const char *key, size_t n) {
  entry *e = &k->entries[place];
  lua_pushlstring(L, key, n);
  memcpy(e->bytes, key, n);
  e->len = (unsigned char)n;
  e->members = 0;
  lua_pushvalue(L, -1);
  lua_rawseti(L, strings, place + 1);
}

static uint64_t word(const char *p) {
  uint64_t w;
  memcpy(&w, p, sizeof w);
  return w;
}

/* A call of memcmp costs more than most keys. */
static int same(const char *a, const char *b, size_t n) {
  if (n < 8) {
    while (n && *a == *b)
      a++, b++, n--;
    return n == 0;
  }
  for (size_t i = 0; i + 8 < n; i += 8)
    if (word(a + i) != word(b + i)) return 0;
  return word(a + n - 8) == word(b + n - 8);
}

int gem_keys_pushkey(gem_keys *k, lua_State *L, int strings, const char *key, size_t n) {
  if (n == 0 || n > LONGEST) {
    lua_pushlstring(L, key, n);
    return GEM_KEY_NOT_KEPT;
  }
  int place = place_of(key, n);
  const entry *e = &k->entries[place];
  if (e->len == n && same(e->bytes, key, n))
    lua_rawgeti(L, strings, place + 1);
  else
    keep(k, L, strings, place, key, n);
  return place;
}

int gem_keys_members(gem_keys *k, int place) {
  if (place == GEM_KEY_NOT_KEPT) return 0;
  int members = k->entries[place].members;
  k->entries[place].members = 0;
  return members;
}

void gem_keys_note(gem_keys *k, int place, size_t members) {
  if (place != GEM_KEY_NOT_KEPT)
    k->entries[place].members = members < MOST_ROOM ? (unsigned char)members : MOST_ROOM;
}
