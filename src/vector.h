/*
 * Vectors of float32 for Lua: full userdata with the values inline, one allocation, nothing to
 * finalise. Values are finite: whoever fills a vector sees to that.
 *
 * The type has its methods from gem_luavector_register; a vector that is pushed before has none.
 */
#ifndef GEM_VECTOR_H
#define GEM_VECTOR_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "compat.h"

#define GEM_VECTOR "gemini.vector"

typedef struct gem_vector {
  size_t count;
  double norm; /* its length in space; negative before somebody asks */
  float values[];
} gem_vector;

/* Whether x rounds to a finite float32. */
static inline bool gem_is_float(double x) {
  return fabs(x) < 0x1.ffffffp127;
}

/* Pushes a vector whose values are the caller's to fill. Lua owns it. Raises when memory is out. */
gem_vector *gem_vector_push(lua_State *L, size_t count);

/* The vector at the index, or NULL where there is none. Runs no finaliser. */
gem_vector *gem_vector_at(lua_State *L, int index);

/* The vector at the index. Raises where there is none: `what`, the argument's name, must be one. */
gem_vector *gem_vector_check(lua_State *L, int index, const char *what);

#endif
