#include "similarity.h"

#include <string.h>

#define BLOCK 16 /* floats that the functions below take at a time, or a divisor of it */

/*
 * Defines a function that adds up the products of n floats, n a multiple of BLOCK. `product` gives
 * `width` of them, a `lane` of doubles. Four sums are under way at once, for the next addition to
 * one of them has to wait for the last.
 */
#define DEFINE_SUM(name, attributes, lane, width, product)                                                   \
  attributes static double name(const float *a, const float *b, size_t n) {                                  \
    lane s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};                                                             \
    for (const float *end = a + n; a < end; a += 4 * width, b += 4 * width) {                                \
      s0 += product(a, b);                                                                                   \
      s1 += product(a + width, b + width);                                                                   \
      s2 += product(a + 2 * width, b + 2 * width);                                                           \
      s3 += product(a + 3 * width, b + 3 * width);                                                           \
    }                                                                                                        \
    s0 = (s0 + s1) + (s2 + s3);                                                                              \
    double parts[width], sum = 0;                                                                            \
    memcpy(parts, &s0, sizeof parts);                                                                        \
    for (int i = 0; i < width; i++)                                                                          \
      sum += parts[i];                                                                                       \
    return sum;                                                                                              \
  }

#if defined(__aarch64__) && defined(__GNUC__)

typedef float two_floats __attribute__((vector_size(8)));
typedef double two_doubles __attribute__((vector_size(16)));

static inline two_doubles two_products(const float *a, const float *b) {
  two_floats x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return __builtin_convertvector(x, two_doubles) * __builtin_convertvector(y, two_doubles);
}

DEFINE_SUM(sum_of_products, , two_doubles, 2, two_products)

#else

static inline double one_product(const float *a, const float *b) {
  return (double)*a * *b;
}

DEFINE_SUM(sum_plainly, , double, 1, one_product)

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define AVX __attribute__((target("avx")))

/* By intrinsics: GCC takes eight instructions for the same in its vector types. */
AVX static inline __m256d four_products(const float *a, const float *b) {
  return _mm256_mul_pd(_mm256_cvtps_pd(_mm_loadu_ps(a)), _mm256_cvtps_pd(_mm_loadu_ps(b)));
}

DEFINE_SUM(sum_by_avx, AVX, __m256d, 4, four_products)

static double sum_of_products(const float *a, const float *b, size_t n) {
  return __builtin_cpu_supports("avx") ? sum_by_avx(a, b, n) : sum_plainly(a, b, n);
}

#else
#define sum_of_products sum_plainly
#endif

#endif

double gem_dot(const gem_vector *v, const gem_vector *w) {
  size_t blocks = v->count - v->count % BLOCK;
  double sum = sum_of_products(v->values, w->values, blocks);
  for (size_t i = blocks; i < v->count; i++)
    sum += (double)v->values[i] * w->values[i];
  return sum;
}

double gem_norm(gem_vector *v) {
  if (v->norm < 0) v->norm = sqrt(gem_dot(v, v));
  return v->norm;
}

double gem_cosine(gem_vector *v, gem_vector *w) {
  double norms = gem_norm(v) * gem_norm(w);
  if (norms == 0) return 0;
  double cosine = gem_dot(v, w) / norms;
  return cosine > 1 ? 1 : cosine < -1 ? -1 : cosine;
}
