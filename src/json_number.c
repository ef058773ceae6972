#include "json_number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_INT   9007199254740992.0 /* 2^53: up to here every integer is a double */
#define EXACT_POWER 22                 /* 10^22 is the last power of ten that is a double */
#define WORD_DIGITS 19                 /* so many digits fit 64 bits */
#define DIGITS_MAX  768                /* no midpoint between two doubles has more digits */
#define EXP_LIMIT   INT64_C(100000000000000000)

static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* The parts of a number's text: all digits, fraction too, form one integer, times 10^exp10. */
typedef struct token {
  const char *first, *last; /* the digits, a point among them or not */
  uint64_t mantissa;        /* wrong when count > WORD_DIGITS */
  size_t count;
  int64_t exp10;
  bool negative, integral;
} token;

static bool is_digit(const char *p, const char *end) {
  return p < end && (unsigned char)(*p - '0') <= 9;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* Not zero in each byte that is no digit, up to the first one at least: the upper half of a digit is 3, and
 * stays so where 6 is added. */
static uint64_t not_digits(uint64_t w) {
  return ((w & EACH_BYTE(0xF0)) ^ EACH_BYTE(0x30)) |
         (((w + EACH_BYTE(6)) & EACH_BYTE(0xF0)) ^ EACH_BYTE(0x30));
}

/* Pairs to numbers below 100, these to numbers below 10,000, and these to one; the first digit is lowest. */
static uint64_t value_of(uint64_t w) {
  w = (w & EACH_BYTE(0x0F)) * (10 * 256 + 1) >> 8;
  w = (w & UINT64_C(0x00FF00FF00FF00FF)) * (100 * 65536 + 1) >> 16;
  return (w & UINT64_C(0x0000FFFF0000FFFF)) * (10000 * (UINT64_C(1) << 32) + 1) >> 32;
}

/* Eight digits a step, and those behind them in one more, with no branch on how many these are: numbers
 * differ in that, and no processor guesses it. */
static const char *many_digits(uint64_t *mantissa, const char *p, const char *end) {
  static const uint32_t shift[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
  uint64_t w, others, m = *mantissa;
  for (;; p += 8) {
    if (end - p < 8) break;
    memcpy(&w, p, sizeof w);
    others = not_digits(w);
    if (others) {
      unsigned n = (unsigned)__builtin_ctzll(others) / 8;
      if (n) m = m * shift[n] + value_of(w << (64 - 8 * n));
      p += n;
      break;
    }
    m = m * 100000000 + value_of(w);
  }
  *mantissa = m;
  return p;
}

#else

static const char *many_digits(uint64_t *mantissa, const char *p, const char *end) {
  (void)mantissa, (void)end;
  return p;
}

#endif

static const char *few_digits(uint64_t *mantissa, const char *p, const char *end) {
  uint64_t m = *mantissa;
  for (; is_digit(p, end); p++)
    m = m * 10 + (uint64_t)(*p - '0');
  *mantissa = m;
  return p;
}

/* These three return where they stopped, and false for bad syntax there. */

static bool integer_part(token *t, const char **p, const char *end) {
  t->negative = *p < end && **p == '-';
  t->first = *p += t->negative;
  if (!is_digit(*p, end)) return false;
  *p = few_digits(&t->mantissa, *p, **p == '0' ? *p + 1 : end);
  t->count = (size_t)(*p - t->first);
  return true;
}

static bool fraction_part(token *t, const char **p, const char *end) {
  if (*p == end || **p != '.') return true;
  const char *first = ++*p;
  *p = few_digits(&t->mantissa, first, end);
  t->exp10 = first - *p;
  t->count += (size_t)(*p - first);
  t->integral = false;
  return *p > first;
}

static bool exponent_part(token *t, const char **p, const char *end) {
  if (*p == end || (**p != 'e' && **p != 'E')) return true;
  bool minus = ++*p < end && **p == '-';
  if (minus || (*p < end && **p == '+')) ++*p;
  if (!is_digit(*p, end)) return false;
  int64_t e = 0;
  for (; is_digit(*p, end); ++*p)
    if (e < EXP_LIMIT) e = e * 10 + (**p - '0');
  t->exp10 += minus ? -e : e;
  t->integral = false;
  return true;
}

static bool read_token(token *t, const char **p, const char *end) {
  if (!integer_part(t, p, end) || !fraction_part(t, p, end)) return false;
  t->last = *p;
  return exponent_part(t, p, end);
}

static bool read_integer(const token *t, int64_t *out) {
  if (!t->integral || t->count > WORD_DIGITS) return false;
  uint64_t m = t->mantissa;
  if (m > (uint64_t)INT64_MAX + t->negative) return false;
  if (t->negative && m == 0) return false;
  *out = t->negative ? -(int64_t)(m - 1) - 1 : (int64_t)m;
  return true;
}

/* Both operands are exact, so the one operation rounds once; not so where the FPU computes in a
 * wider type. */
static bool read_exact(const token *t, double *out) {
  if (FLT_EVAL_METHOD != 0 || t->count > WORD_DIGITS || t->mantissa > (uint64_t)EXACT_INT) return false;
  if (t->exp10 < -EXACT_POWER || t->exp10 > EXACT_POWER) return false;
  double m = (double)t->mantissa;
  *out = t->exp10 < 0 ? m / powers[-t->exp10] : m * powers[t->exp10];
  return true;
}

size_t gem_number_write_integer(char out[GEM_NUMBER_SIZE], int64_t i) {
  char reversed[GEM_NUMBER_SIZE];
  size_t n = 0, len = 0;
  uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
  do
    reversed[n++] = (char)('0' + u % 10);
  while (u /= 10);
  if (i < 0) out[len++] = '-';
  while (n)
    out[len++] = reversed[--n];
  return len;
}

/* For strtod, with no decimal point that a locale could spell another way. Digits beyond DIGITS_MAX
 * can matter only by not being zero, which a single 1 says as well. */
static double read_slow(const token *t) {
  char text[DIGITS_MAX + GEM_NUMBER_SIZE];
  size_t n = 0;
  bool more = false;
  int64_t e = t->exp10;
  for (const char *p = t->first; p < t->last; p++) {
    if (*p == '.' || (n == 0 && *p == '0')) continue;
    if (n < DIGITS_MAX) {
      text[n++] = *p;
    } else {
      more = more || *p != '0';
      e++;
    }
  }
  if (n == 0) return 0;
  if (more) {
    text[n++] = '1';
    e--;
  }
  text[n++] = 'e';
  n += gem_number_write_integer(text + n, e);
  text[n] = '\0';
  return strtod(text, NULL);
}

/* What embeddings are made of: one digit, a point, and no more digits than are exact. False where it is
 * anything else, or too near to the end to be told in one look. */
static bool read_quickly(const char *p, const char *end, gem_number *n) {
  if (FLT_EVAL_METHOD != 0 || end - p < 8) return false;
  bool negative = *p == '-';
  const char *point = p + negative + 1, *first = point + 1;
  uint64_t m = (uint64_t)(point[-1] - '0');
  if (m > 9 || *point != '.') return false;
  const char *stop = many_digits(&m, first, end);
  size_t count = (size_t)(stop - first);
  if (count == 0 || count >= WORD_DIGITS || m > (uint64_t)EXACT_INT || stop == end) return false;
  if (is_digit(stop, end) || (*stop | 0x20) == 'e') return false;
  double x = (double)m / powers[count];
  n->stop = stop;
  n->real = negative ? -x : x;
  return true;
}

enum gem_number_kind gem_number_read(const char *p, const char *end, gem_number *n) {
  if (read_quickly(p, end, n)) return GEM_NUMBER_REAL;
  token t = {.integral = true};
  bool good = read_token(&t, &p, end);
  n->stop = p;
  if (!good) return GEM_NUMBER_BAD;
  if (read_integer(&t, &n->integer)) return GEM_NUMBER_INTEGER;
  double x;
  if (!read_exact(&t, &x)) x = read_slow(&t);
  if (x > DBL_MAX) return GEM_NUMBER_RANGE;
  n->real = t.negative ? -x : x;
  return GEM_NUMBER_REAL;
}

/* x = d.ddd * 10^exp10, without zeros at the end. */
typedef struct decimal {
  char digits[GEM_NUMBER_SIZE];
  size_t count;
  int exp10;
} decimal;

/* printf's text is "d.ddde-dd", with whatever the locale has for a point. */
static void to_decimal(decimal *d, double x, int precision) {
  char text[GEM_NUMBER_SIZE * 2];
  snprintf(text, sizeof text, "%.*e", precision - 1, x);
  const char *p = text;
  for (d->count = 0; *p != 'e'; p++)
    if (*p >= '0' && *p <= '9') d->digits[d->count++] = *p;
  d->exp10 = atoi(p + 1);
  while (d->count > 1 && d->digits[d->count - 1] == '0')
    d->count--;
}

static size_t copy(char *out, const char *from, size_t n) {
  memcpy(out, from, n);
  return n;
}

static size_t write_scientific(char *out, const decimal *d) {
  size_t len = copy(out, d->digits, 1);
  if (d->count > 1) {
    out[len++] = '.';
    len += copy(out + len, d->digits + 1, d->count - 1);
  }
  out[len++] = 'e';
  return len + gem_number_write_integer(out + len, d->exp10);
}

static size_t write_below_one(char *out, const decimal *d) {
  size_t len = copy(out, "0.0000", (size_t)(1 - d->exp10));
  return len + copy(out + len, d->digits, d->count);
}

static size_t write_plain(char *out, const decimal *d) {
  size_t whole = (size_t)d->exp10 + 1;
  size_t len = copy(out, d->digits, whole);
  out[len++] = '.';
  return len + copy(out + len, d->digits + whole, d->count - whole);
}

/* What has no digit behind the point is scientific, for it would look like an integer. */
static size_t write_decimal(char *out, const decimal *d) {
  if (d->exp10 >= 0 && d->exp10 + 1 < (int)d->count) return write_plain(out, d);
  if (d->exp10 < 0 && d->exp10 >= -5) return write_below_one(out, d);
  return write_scientific(out, d);
}

static bool reads_back(const char *text, size_t len, double x) {
  gem_number n;
  return gem_number_read(text, text + len, &n) == GEM_NUMBER_REAL && n.real == x;
}

/* printf rounds to DBL_DIG digits what can be had in fewer, and the zeros are dropped; subnormals
 * have less. */
static size_t write_shortest(char *out, double x) {
  size_t len = 0;
  for (int precision = x < DBL_MIN ? 1 : DBL_DIG; precision <= 17; precision++) {
    decimal d;
    to_decimal(&d, x, precision);
    len = write_decimal(out, &d);
    if (reads_back(out, len, x)) break;
  }
  return len;
}

size_t gem_number_write(char out[GEM_NUMBER_SIZE], double x) {
  if (x == 0 && signbit(x)) return copy(out, "-0.0", 4);
  if (fabs(x) <= EXACT_INT && x == floor(x)) return gem_number_write_integer(out, (int64_t)x);
  size_t sign = x < 0;
  if (sign) out[0] = '-';
  return sign + write_shortest(out + sign, fabs(x));
}
