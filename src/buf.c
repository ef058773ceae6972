#include "buf.h"

#include <stdlib.h>
#include <string.h>

#define GEM_BUF_FIRST 512

void gem_buf_init(gem_buf *b, size_t cap) {
  memset(b, 0, sizeof *b);
  b->cap = cap;
}

void gem_buf_free(gem_buf *b) {
  free(b->data);
  gem_buf_init(b, b->cap);
}

/* Doubles until `need` fits; beyond the first step it asks for no more than the cap. */
static size_t grown(const gem_buf *b, size_t need) {
  size_t size = b->size ? b->size : GEM_BUF_FIRST;
  while (size < need)
    size = size > b->cap / 2 ? b->cap : size * 2;
  return size;
}

static void slide(gem_buf *b) {
  size_t len = gem_buf_len(b);
  if (len) memmove(b->data, b->data + b->head, len);
  b->head = 0;
  b->end = len;
}

static enum gem_status grow(gem_buf *b, size_t need) {
  size_t size = grown(b, need);
  if (b->head) slide(b);
  char *data = realloc(b->data, size);
  if (!data) return GEM_NOMEM;
  b->data = data;
  b->size = size;
  return GEM_OK;
}

enum gem_status gem_buf_reserve(gem_buf *b, size_t n) {
  size_t len = gem_buf_len(b);
  if (n > b->cap || len > b->cap - n) return GEM_LIMIT;
  if (b->size - b->end >= n) return GEM_OK;
  /* Sliding only when half is free keeps the cost of all moves linear. */
  if (b->head && b->size >= len + n && b->head >= len) {
    slide(b);
    return GEM_OK;
  }
  return grow(b, len + n);
}

enum gem_status gem_buf_append(gem_buf *b, const void *bytes, size_t n) {
  enum gem_status status = gem_buf_reserve(b, n);
  if (status != GEM_OK || n == 0) return status;
  memcpy(b->data + b->end, bytes, n);
  b->end += n;
  return GEM_OK;
}

void gem_buf_cut(gem_buf *b, size_t at, size_t n) {
  char *to = gem_buf_begin(b) + at;
  memmove(to, to + n, gem_buf_len(b) - at - n);
  b->end -= n;
}
