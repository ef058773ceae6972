#include "base64.h"

#include <stdint.h>

#define LEGAL 64u

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* LEGAL + value; 0 for a byte in neither alphabet. */
static const unsigned char values[256] = {
    0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   /* 00 */
    0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   /* 10 */
    0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   126, 0,   126, 0,   127, /* 20 */
    116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 0,   0,   0,   0,   0,   0,   /* 30 */
    0,   64,  65,  66,  67,  68,  69,  70,  71,  72,  73,  74,  75,  76,  77,  78,  /* 40 */
    79,  80,  81,  82,  83,  84,  85,  86,  87,  88,  89,  0,   0,   0,   0,   127, /* 50 */
    0,   90,  91,  92,  93,  94,  95,  96,  97,  98,  99,  100, 101, 102, 103, 104, /* 60 */
    105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 0,   0,   0,   0,   0    /* 70 */
};

static unsigned value(char c) {
  return values[(unsigned char)c];
}

static void encode_group(char *out, uint32_t bits) {
  for (int i = 3; i >= 0; i--, bits >>= 6)
    out[i] = alphabet[bits & 63];
}

void gem_base64_encode(char *out, const char *bytes, size_t n) {
  const unsigned char *p = (const unsigned char *)bytes;
  for (; n >= 3; n -= 3, p += 3, out += 4)
    encode_group(out, (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]);
  if (n == 0) return;
  encode_group(out, (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0));
  out[3] = '=';
  if (n == 1) out[2] = '=';
}

static size_t without_padding(const char *text, size_t n) {
  if (n == 0 || n % 4 || text[n - 1] != '=') return n;
  return n - (text[n - 2] == '=' ? 2 : 1);
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define AVX2  __attribute__((target("avx2")))
#define CHARS 32 /* that are decoded at a time */
#define BYTES 24 /* that they give; as many again as there are characters are written */

/* A table of sixteen bytes, in each half of a register, as its look-up takes it. */
#define TABLE(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

AVX2 static inline __m256i is(__m256i v, char c) {
  return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c));
}

/* Whether each character has a value, by its two halves: a bit for each upper half (two share one, whose
 * letters are the same), which a lower half has as well where the two are no character of ours. */
AVX2 static inline bool are_legal(__m256i high, __m256i low) {
  const __m256i highs = TABLE(32, 32, 1, 2, 4, 8, 4, 16, 32, 32, 32, 32, 32, 32, 32, 32);
  const __m256i lows =
      TABLE(0x25, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x23, 0x3A, 0x3B, 0x3A, 0x3B, 0x32);
  return _mm256_testz_si256(_mm256_shuffle_epi8(highs, high), _mm256_shuffle_epi8(lows, low));
}

/* The value of each character; false where one has none. What is added to a character depends on its upper
 * half alone, but for the three that have places of their own: '-' 0, '/' 1, '_' 13. */
AVX2 static inline bool values_of(__m256i *v) {
  const __m256i added = TABLE(62 - '-', 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0,
                              0, 0, 63 - '_', 0, 0);
  const __m256i half = _mm256_set1_epi8(15);
  __m256i high = _mm256_and_si256(_mm256_srli_epi32(*v, 4), half), low = _mm256_and_si256(*v, half);
  if (!are_legal(high, low)) return false;
  /* Where two are equal there is -1. */
  __m256i dash = is(*v, '-'), place = _mm256_add_epi8(high, is(*v, '/'));
  place = _mm256_add_epi8(place, _mm256_add_epi8(dash, dash));
  place = _mm256_or_si256(place, _mm256_and_si256(is(*v, '_'), _mm256_set1_epi8(8)));
  *v = _mm256_add_epi8(*v, _mm256_shuffle_epi8(added, place));
  return true;
}

/* Four values of six bits are three bytes: pairs are joined, then pairs of pairs, then their bytes are turned
 * about and the gaps closed. */
AVX2 static inline __m256i joined(__m256i v) {
  const __m256i order = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2, 1, 0, 6,
                                         5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  v = _mm256_maddubs_epi16(v, _mm256_set1_epi32(0x01400140));
  v = _mm256_shuffle_epi8(_mm256_madd_epi16(v, _mm256_set1_epi32(0x00011000)), order);
  return _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
}

AVX2 static size_t decode_by_avx2(char *out, const char *text, size_t n) {
  size_t i = 0;
  for (; n - i >= 2 * CHARS; i += CHARS, out += BYTES) {
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(text + i));
    if (!values_of(&v)) break;
    _mm256_storeu_si256((__m256i *)(void *)out, joined(v));
  }
  return i;
}

/* As many characters as are decoded together; those behind them are for the function below. */
static size_t decode_blocks(char *out, const char *text, size_t n) {
  return __builtin_cpu_supports("avx2") ? decode_by_avx2(out, text, n) : 0;
}

#else

static size_t decode_blocks(char *out, const char *text, size_t n) {
  (void)out, (void)text, (void)n;
  return 0;
}

#endif

/* Whole groups of four, up to the first that has an illegal character; returns how many characters
 * were taken. */
static size_t decode_groups(char *out, const char *text, size_t n) {
  size_t i = decode_blocks(out, text, n);
  out += i / 4 * 3;
  for (; i + 4 <= n; i += 4, out += 3) {
    unsigned a = value(text[i]), b = value(text[i + 1]);
    unsigned c = value(text[i + 2]), d = value(text[i + 3]);
    if (!(a & b & c & d & LEGAL)) break;
    uint32_t bits = (a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6 | (d & 63);
    out[0] = (char)(bits >> 16);
    out[1] = (char)(bits >> 8);
    out[2] = (char)bits;
  }
  return i;
}

/* The last two or three characters; false when they don't end where a byte ends. */
static bool decode_tail(char *out, size_t *out_len, const char *text, size_t n) {
  uint32_t bits = 0;
  for (size_t i = 0; i < n; i++)
    bits = bits << 6 | (value(text[i]) & 63);
  unsigned spare = n == 2 ? 4 : 2;
  if (n == 1 || (bits & ((1u << spare) - 1))) return false;
  bits >>= spare;
  if (n == 3) out[(*out_len)++] = (char)(bits >> 8);
  out[(*out_len)++] = (char)bits;
  return true;
}

static size_t first_illegal(const char *text, size_t from, size_t n) {
  while (from < n && value(text[from]))
    from++;
  return from;
}

bool gem_base64_decode(char *out, size_t *out_len, const char *text, size_t n, size_t *bad) {
  n = without_padding(text, n);
  size_t taken = decode_groups(out, text, n);
  *out_len = taken / 4 * 3;
  *bad = first_illegal(text, taken, n);
  if (*bad < n) return false;
  if (taken == n) return true;
  *bad = n - 1;
  return decode_tail(out, out_len, text + taken, n - taken);
}
