/*
 * Bytes that grow at the end and are consumed at the front, never beyond a cap.
 *
 * A buffer owns its memory. A pointer into it holds until the next call that may grow it (append,
 * reserve). Append and reserve may fail; a failed one leaves the buffer as it was.
 */
#ifndef GEM_BUF_H
#define GEM_BUF_H

#include <stddef.h>

enum gem_status { GEM_OK = 0, GEM_NOMEM, GEM_LIMIT };

typedef struct gem_buf {
  char *data;
  size_t head; /* bytes before it are consumed */
  size_t end;  /* bytes after it are unused */
  size_t size; /* allocated */
  size_t cap;  /* end - head never exceeds it */
} gem_buf;

/* Makes an empty buffer; allocates nothing. */
void gem_buf_init(gem_buf *b, size_t cap);

/* Gives the memory back and leaves an empty buffer with the same cap. */
void gem_buf_free(gem_buf *b);

/* Makes room for n bytes behind the last one. */
enum gem_status gem_buf_reserve(gem_buf *b, size_t n);

/* Takes n bytes out that begin at `at`; both lie within the buffer. Pointers behind them move. */
void gem_buf_cut(gem_buf *b, size_t at, size_t n);

/* Copies n bytes to the end. */
enum gem_status gem_buf_append(gem_buf *b, const void *bytes, size_t n);

static inline char *gem_buf_begin(const gem_buf *b) {
  return b->data + b->head;
}

static inline size_t gem_buf_len(const gem_buf *b) {
  return b->end - b->head;
}

/* Forgets the first n bytes; n <= gem_buf_len. */
static inline void gem_buf_consume(gem_buf *b, size_t n) {
  b->head += n;
  if (b->head == b->end) b->head = b->end = 0;
}

#endif
