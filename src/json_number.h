/*
 * JSON numbers to and from C, the same in every locale. No Lua, no allocation, nothing to free.
 */
#ifndef GEM_JSON_NUMBER_H
#define GEM_JSON_NUMBER_H

#include <stddef.h>
#include <stdint.h>

enum gem_number_kind {
  GEM_NUMBER_BAD,     /* not JSON's syntax; `stop` is at the byte that is wrong */
  GEM_NUMBER_RANGE,   /* beyond the largest double */
  GEM_NUMBER_INTEGER, /* written as an integer, fits `integer`; -0 is none */
  GEM_NUMBER_REAL
};

typedef struct gem_number {
  int64_t integer;
  double real;
  const char *stop; /* the byte behind the number */
} gem_number;

/* Room for any number that the two writers write. */
#define GEM_NUMBER_SIZE 32

/* Reads the number at p, not beyond end. Doubles are rounded exactly. */
enum gem_number_kind gem_number_read(const char *p, const char *end, gem_number *n);

/* Writes x, which is finite, in the fewest digits that read back to it; integral values up to 2^53
 * as integers, negative zero as -0.0. Returns the number of bytes; there is no NUL behind them. */
size_t gem_number_write(char out[GEM_NUMBER_SIZE], double x);

size_t gem_number_write_integer(char out[GEM_NUMBER_SIZE], int64_t i);

#endif
