/*
 * Arrays of numbers in JSON, to and from vectors.
 */
#ifndef GEM_JSON_VECTOR_H
#define GEM_JSON_VECTOR_H

#include "buf.h"
#include "vector.h"

/* Reads the array whose first element begins at *p, where it holds numbers in a float32's range and
 * nothing else: pushes a vector, and *p is behind the bracket. For all else it returns false and
 * pushes nothing, and *p stays. `room` is the caller's, for the length of the call; what is in it is
 * forgotten. Raises when memory is out. */
bool gem_json_read_vector(lua_State *L, gem_buf *room, const char **p, const char *end);

/* Appends a vector as an array. Each number has the fewest digits that read back to it as a float32.
 * Returns false when memory is out. */
bool gem_json_write_vector(gem_buf *out, const gem_vector *v);

#endif
