/*
 * Where an HTTP/1.1 request ends, found again from the start at every call: nothing is kept, so no
 * cut can matter.
 */
#ifndef LOOPBACK_REQUEST_H
#define LOOPBACK_REQUEST_H

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define INCOMPLETE 0
#define MALFORMED  SIZE_MAX

/* Past the first `what` in p..end, or NULL. */
static const char *after(const char *p, const char *end, const char *what) {
  size_t n = strlen(what);
  for (; (size_t)(end - p) >= n; p++)
    if (memcmp(p, what, n) == 0) return p + n;
  return NULL;
}

/* Behind the header's name in a header block, or NULL. */
static const char *header(const char *p, const char *end, const char *name) {
  size_t n = strlen(name);
  while ((p = after(p, end, "\r\n")) != NULL && (size_t)(end - p) > n)
    if (strncasecmp(p, name, n) == 0) return p + n;
  return NULL;
}

static int digit(char ch) {
  if (ch >= '0' && ch <= '9') return ch - '0';
  if (ch >= 'a' && ch <= 'f') return ch - 'a' + 10;
  if (ch >= 'A' && ch <= 'F') return ch - 'A' + 10;
  return 16;
}

/* Reads a number from a text that is sure to hold a CR; false unless it stands alone. */
static int read_number(const char *p, int base, size_t *out) {
  while (*p == ' ')
    p++;
  const char *first = p;
  for (*out = 0; digit(*p) < base; p++) {
    if (*out > SIZE_MAX / 64) return 0;
    *out = *out * (size_t)base + (size_t)digit(*p);
  }
  return p > first && (*p == '\r' || *p == ' ' || *p == ';');
}

static size_t chunked_length(const char *start, const char *p, const char *end) {
  for (;;) {
    size_t size;
    const char *data = after(p, end, "\r\n");
    if (!data) return INCOMPLETE;
    if (!read_number(p, 16, &size)) return MALFORMED;
    if (size == 0) {
      const char *last = after(data - 2, end, "\r\n\r\n"); /* trailers or none */
      return last ? (size_t)(last - start) : INCOMPLETE;
    }
    if ((size_t)(end - data) < size + 2) return INCOMPLETE;
    if (memcmp(data + size, "\r\n", 2) != 0) return MALFORMED;
    p = data + size + 2;
  }
}

/* The length of the request at p, INCOMPLETE or MALFORMED. */
static size_t request_length(const char *p, size_t len) {
  const char *end = p + len, *body = after(p, end, "\r\n\r\n"), *value;
  size_t size = 0;
  if (!body) return INCOMPLETE;
  if (header(p, body, "transfer-encoding: chunked")) return chunked_length(p, body, end);
  value = header(p, body, "content-length:");
  if (value && !read_number(value, 10, &size)) return MALFORMED;
  return (size_t)(end - body) < size ? INCOMPLETE : (size_t)(body - p) + size;
}

#endif
