/*
 * SHA-256 (FIPS 180-4), fed in pieces. Owns nothing, allocates nothing, never fails.
 */
#ifndef GEM_SHA256_H
#define GEM_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define GEM_SHA256_BLOCK 64
#define GEM_SHA256_SIZE  32

typedef struct gem_sha256 {
  uint32_t state[8];
  uint64_t len; /* bytes so far */
  unsigned char block[GEM_SHA256_BLOCK];
} gem_sha256;

void gem_sha256_init(gem_sha256 *h);

void gem_sha256_add(gem_sha256 *h, const void *bytes, size_t n);

/* The digest of what was added so far; more may follow. */
void gem_sha256_digest(const gem_sha256 *h, unsigned char digest[GEM_SHA256_SIZE]);

#endif
