/*
 * Base64 (RFC 4648). No Lua, no allocation: the caller has the room ready.
 */
#ifndef GEM_BASE64_H
#define GEM_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that encoding n bytes takes, exactly. */
static inline size_t gem_base64_encoded_size(size_t n) {
  return (n / 3 + (n % 3 != 0)) * 4;
}

/* Bytes that decoding n characters takes at most. */
static inline size_t gem_base64_decoded_size(size_t n) {
  return n / 4 * 3 + 3;
}

/* Standard alphabet, padded. */
void gem_base64_encode(char *out, const char *bytes, size_t n);

/* Reads both alphabets, padded or not; *out_len is the number of bytes. When something else is met
 * (white space, padding in the wrong place, a length or last bits that no encoder leaves) it
 * returns false, and *bad is the offset. */
bool gem_base64_decode(char *out, size_t *out_len, const char *text, size_t n, size_t *bad);

#endif
