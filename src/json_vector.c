#include "json_vector.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_number.h"
#include "memory.h"

#define AT_ONCE     256  /* numbers, before more room is asked for */
#define MOST_DIGITS 9    /* so many tell any float32 from the next */
#define EXACT_POWER 1e19 /* three digits more, and 10^22 is the last power of ten that is a double */

/* What comes behind some numbers of an array. */
enum next { MORE, CLOSED, OTHER };

/* Servers indent each number. */
static const char *skip_space(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
    p += end - p >= 8 && memcmp(p, "        ", 8) == 0 ? 8 : 1;
  return p;
}

static bool read_float(const char **p, const char *end, float *x) {
  gem_number n;
  enum gem_number_kind kind = gem_number_read(*p, end, &n);
  *p = n.stop;
  if (kind == GEM_NUMBER_INTEGER) {
    *x = (float)n.integer;
    return true;
  }
  if (kind != GEM_NUMBER_REAL || !gem_is_float(n.real)) return false;
  *x = (float)n.real;
  return true;
}

/* Reads AT_ONCE numbers, or less where the array ends; *n is how many. */
static enum next read_some(float *values, size_t *n, const char **p, const char *end) {
  for (*n = 0; *n < AT_ONCE;) {
    if (!read_float(p, end, &values[*n])) return OTHER;
    ++*n;
    *p = skip_space(*p, end);
    if (*p == end || (**p != ',' && **p != ']')) return OTHER;
    if (*(*p)++ == ']') return CLOSED;
    *p = skip_space(*p, end);
  }
  return MORE;
}

bool gem_json_read_vector(lua_State *L, gem_buf *room, const char **p, const char *end) {
  const char *at = *p;
  enum next next;
  gem_buf_consume(room, gem_buf_len(room));
  do {
    size_t n;
    if (gem_buf_reserve(room, AT_ONCE * sizeof(float)) != GEM_OK) gem_no_memory(L);
    next = read_some((float *)(void *)(room->data + room->end), &n, &at, end);
    room->end += n * sizeof(float);
  } while (next == MORE);
  if (next == OTHER) return false;
  gem_vector *v = gem_vector_push(L, gem_buf_len(room) / sizeof(float));
  memcpy(v->values, gem_buf_begin(room), gem_buf_len(room));
  *p = at;
  return true;
}

/* printf and strtod have the same decimal point in any locale. Subnormals have less than FLT_DIG digits. */
static double shortest_slowly(float x) {
  double y = x;
  for (int digits = fabsf(x) < FLT_MIN ? 1 : FLT_DIG; digits <= MOST_DIGITS; digits++) {
    char text[GEM_NUMBER_SIZE];
    snprintf(text, sizeof text, "%.*e", digits - 1, (double)x);
    y = strtod(text, NULL);
    if ((float)y == x) break;
  }
  return y;
}

/* The double with the fewest digits that rounds to x. Divided by a power of ten that is exact, the
 * digits as an integer give the double that they stand for. */
static double shortest(float x) {
  double power = pow(10, FLT_DIG - 1 - floor(log10(fabs((double)x))));
  if (!(power >= 1 && power <= EXACT_POWER)) return shortest_slowly(x);
  for (int digits = FLT_DIG; digits < MOST_DIGITS; digits++, power *= 10) {
    double y = rint(x * power) / power;
    if ((float)y == x) return y;
  }
  return rint(x * power) / power;
}

bool gem_json_write_vector(gem_buf *out, const gem_vector *v) {
  if (gem_buf_append(out, "[", 1) != GEM_OK) return false;
  for (size_t i = 0; i < v->count; i++) {
    if (gem_buf_reserve(out, GEM_NUMBER_SIZE + 1) != GEM_OK) return false;
    if (i) out->data[out->end++] = ',';
    out->end += gem_number_write(out->data + out->end, shortest(v->values[i]));
  }
  return gem_buf_append(out, "]", 1) == GEM_OK;
}
