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

/* Whole groups of four, up to the first that has an illegal character; returns how many characters
 * were taken. */
static size_t decode_groups(char *out, const char *text, size_t n) {
  size_t i = 0;
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
