#include "sha256.h"

#include <string.h>

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t right(uint32_t x, int n) {
  return x >> n | x << (32 - n);
}

static void expand(uint32_t w[64], const unsigned char *p) {
  for (int i = 0; i < 16; i++, p += 4)
    w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + w[i - 7] + (right(a, 7) ^ right(a, 18) ^ a >> 3) +
           (right(b, 17) ^ right(b, 19) ^ b >> 10);
  }
}

/* One round: what `d` and `h` become. The names turn from round to round, so that no word is moved. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                                     \
  do {                                                                                                       \
    uint32_t first_ = (h) + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + (((e) & (f)) ^ (~(e) & (g))) +     \
                      round_constants[i] + w[i];                                                             \
    (d) += first_;                                                                                           \
    (h) = first_ + (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + (((a) & (b)) ^ ((a) & (c)) ^ ((b) & (c)));  \
  } while (0)

static void compress(uint32_t state[8], const unsigned char *block) {
  uint32_t w[64];
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  expand(w, block);
  for (int i = 0; i < 64; i += 8) {
    ROUND(a, b, c, d, e, f, g, h, i);
    ROUND(h, a, b, c, d, e, f, g, i + 1);
    ROUND(g, h, a, b, c, d, e, f, i + 2);
    ROUND(f, g, h, a, b, c, d, e, i + 3);
    ROUND(e, f, g, h, a, b, c, d, i + 4);
    ROUND(d, e, f, g, h, a, b, c, i + 5);
    ROUND(c, d, e, f, g, h, a, b, i + 6);
    ROUND(b, c, d, e, f, g, h, a, i + 7);
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void gem_sha256_init(gem_sha256 *h) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(h->state, start, sizeof start);
  h->len = 0;
}

void gem_sha256_add(gem_sha256 *h, const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  size_t held = h->len % GEM_SHA256_BLOCK;
  if (n == 0) return;
  h->len += n;
  if (held) {
    size_t part = GEM_SHA256_BLOCK - held < n ? GEM_SHA256_BLOCK - held : n;
    memcpy(h->block + held, p, part);
    if (held + part < GEM_SHA256_BLOCK) return;
    compress(h->state, h->block);
    p += part;
    n -= part;
  }
  for (; n >= GEM_SHA256_BLOCK; p += GEM_SHA256_BLOCK, n -= GEM_SHA256_BLOCK)
    compress(h->state, p);
  memcpy(h->block, p, n);
}

/* A one, zeros, and the length in bits. */
static void finish(gem_sha256 *h) {
  static const unsigned char padding[GEM_SHA256_BLOCK] = {0x80};
  unsigned char bits[8];
  for (int i = 0; i < 8; i++)
    bits[i] = (unsigned char)(h->len * 8 >> (56 - 8 * i));
  gem_sha256_add(h, padding, 1 + (119 - h->len % GEM_SHA256_BLOCK) % GEM_SHA256_BLOCK);
  gem_sha256_add(h, bits, sizeof bits);
}

void gem_sha256_digest(const gem_sha256 *h, unsigned char digest[GEM_SHA256_SIZE]) {
  gem_sha256 last = *h;
  finish(&last);
  for (int i = 0; i < GEM_SHA256_SIZE; i++)
    digest[i] = (unsigned char)(last.state[i / 4] >> (24 - 8 * (i % 4)));
}
