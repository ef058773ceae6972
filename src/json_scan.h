/*
 * Looks through JSON text many bytes at a time: sixteen where the processor is known to have SSE2, else eight
 * or one. No Lua, no allocation, and no byte is read at or behind `end`.
 */
#ifndef GEM_JSON_SCAN_H
#define GEM_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool gem_scan_stops(unsigned char c) {
  return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

static inline bool gem_scan_ends_row(char c) {
  return c == ']' || c == '[' || c == '{' || c == '"';
}

#if defined(__SSE2__)

#include <emmintrin.h>

#define GEM_SCAN_WIDTH 16

static inline __m128i gem_scan_load(const char *p) {
  return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline __m128i gem_scan_are(__m128i v, char c) {
  return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

/* Both go on by whole blocks. The first tells whether it has found what it looks for; the second ends before
 * the block that ends the row. */

static inline bool gem_scan_find_stop(const char **p, const char *end) {
  for (; end - *p >= GEM_SCAN_WIDTH; *p += GEM_SCAN_WIDTH) {
    __m128i v = gem_scan_load(*p);
    /* Signed, what is not ASCII is below all that is. */
    __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
    int bits =
        _mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(gem_scan_are(v, '"'), gem_scan_are(v, '\\'))));
    if (!bits) continue;
    *p += __builtin_ctz((unsigned)bits);
    return true;
  }
  return false;
}

static inline void gem_scan_count_commas(const char **p, const char *end, size_t *commas) {
  for (; end - *p >= GEM_SCAN_WIDTH; *p += GEM_SCAN_WIDTH) {
    __m128i v = gem_scan_load(*p);
    __m128i lists = _mm_or_si128(gem_scan_are(v, ']'), gem_scan_are(v, '['));
    __m128i others = _mm_or_si128(gem_scan_are(v, '{'), gem_scan_are(v, '"'));
    if (_mm_movemask_epi8(_mm_or_si128(lists, others))) return;
    /* Each comma's lane is -1: the sum of absolute differences to 0 of their negatives is their number. */
    __m128i ones = _mm_sub_epi8(_mm_setzero_si128(), gem_scan_are(v, ','));
    __m128i sums = _mm_sad_epu8(ones, _mm_setzero_si128());
    *commas += (size_t)_mm_cvtsi128_si32(sums) + (size_t)_mm_extract_epi16(sums, 4);
  }
}

#else

#define GEM_SCAN_ONES UINT64_C(0x0101010101010101)
#define GEM_SCAN_HIGH (GEM_SCAN_ONES * 0x80)

/* Whether any of eight bytes is a quote, a backslash, a control character or not ASCII. A borrow
 * between bytes can only add to a word that holds one anyway. */
static inline bool gem_scan_word_stops(uint64_t w) {
  uint64_t quote = w ^ (GEM_SCAN_ONES * '"'), backslash = w ^ (GEM_SCAN_ONES * '\\');
  uint64_t found = w | (w - GEM_SCAN_ONES * 0x20) | (quote - GEM_SCAN_ONES) | (backslash - GEM_SCAN_ONES);
  return (found & GEM_SCAN_HIGH) != 0;
}

static inline bool gem_scan_find_stop(const char **p, const char *end) {
  for (; end - *p >= 8; *p += 8) {
    uint64_t w;
    memcpy(&w, *p, sizeof w);
    if (gem_scan_word_stops(w)) break;
  }
  return false;
}

static inline void gem_scan_count_commas(const char **p, const char *end, size_t *commas) {
  (void)p, (void)end, (void)commas;
}

#endif

/* The first byte from p on that is a quote, a backslash, a control character or not ASCII; else end. */
static inline const char *gem_scan_stop(const char *p, const char *end) {
  if (gem_scan_find_stop(&p, end)) return p;
  while (p < end && !gem_scan_stops((unsigned char)*p))
    p++;
  return p;
}

/* How many scalars there are before the end of an array, whose first element is at p, or before the first
 * that is none. */
static inline size_t gem_scan_row(const char *p, const char *end) {
  size_t commas = 0;
  gem_scan_count_commas(&p, end, &commas);
  for (; p < end && !gem_scan_ends_row(*p); p++)
    commas += *p == ',';
  return commas + (p < end && *p == ']');
}

#endif
