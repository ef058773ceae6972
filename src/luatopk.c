#include "luatopk.h"

#include "best.h"
#include "memory.h"
#include "similarity.h"
#include "vector.h"

#define NAME "gemini.vector.topK"

enum { QUERY = 1, VECTORS, K };

static lua_Number check_k(lua_State *L) {
  lua_Number k = lua_type(L, K) == LUA_TNUMBER ? lua_tonumber(L, K) : 0;
  if (k >= 1 && k == floor(k)) return k;
  const char *got = lua_type(L, K) == LUA_TNUMBER ? lua_tostring(L, K) : luaL_typename(L, K);
  return luaL_error(L, NAME ": k must be a whole number from 1 on, got %s", got);
}

/* Pushes room for k matches, or as many as there can be; an empty list gets room for one. */
static gem_best *push_best(lua_State *L, lua_Number k) {
  size_t room = gem_rawlen(L, VECTORS);
  if (k < (lua_Number)room) room = (size_t)k;
  if (room == 0) room = 1;
  if (room > (SIZE_MAX / 2 - sizeof(gem_best)) / sizeof(gem_match)) gem_no_memory(L);
  gem_best *best = lua_newuserdata(L, sizeof *best + room * sizeof best->matches[0]);
  best->room = room;
  best->count = 0;
  return best;
}

static void refuse(lua_State *L, int i, const gem_vector *query, const gem_vector *v) {
  if (v)
    luaL_error(L, NAME ": query has %d numbers, vectors[%d] has %d", (int)query->count, i, (int)v->count);
  luaL_error(L, NAME ": vectors[%d] must be a vector, got %s", i, luaL_typename(L, -1));
}

/* Allocates nothing, so no finaliser changes the list or a vector meanwhile. */
static void search(lua_State *L, gem_vector *query, gem_best *best) {
  size_t count = gem_rawlen(L, VECTORS);
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, VECTORS, (gem_arrayindex)i);
    gem_vector *v = gem_vector_at(L, -1);
    if (v && v->count == query->count)
      gem_best_add(best, gem_cosine(query, v), i);
    else
      refuse(L, (int)i, query, v);
    lua_pop(L, 1);
  }
}

static void push_match(lua_State *L, const gem_match *match) {
  lua_createtable(L, 0, 2);
  gem_pushcount(L, (int64_t)match->index);
  lua_setfield(L, -2, "index");
  lua_pushnumber(L, match->score);
  lua_setfield(L, -2, "score");
}

int gem_luatopk(lua_State *L) {
  gem_vector *query = gem_vector_check(L, QUERY, NAME ": query");
  if (!lua_istable(L, VECTORS))
    return luaL_error(L, NAME ": vectors must be a list of vectors, got %s", luaL_typename(L, VECTORS));
  gem_best *best = push_best(L, check_k(L));
  search(L, query, best);
  gem_best_sort(best);
  lua_createtable(L, (int)best->count, 0);
  for (size_t i = 0; i < best->count; i++) {
    push_match(L, &best->matches[i]);
    lua_rawseti(L, -2, (gem_arrayindex)i + 1);
  }
  return 1;
}
