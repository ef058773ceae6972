/*
 * Splits a text/event-stream into the data of its events, where they lie in the buffer.
 *
 * Feed bytes as they come, cut anywhere; take events while there are any. Only `data` counts:
 * comments, `event`, `id` and `retry` lines are passed over, and so are events without data. What
 * servers do beside the standard is taken too: a last event with no blank line behind it, and a
 * block of bare JSON or HTML (an error in mid-stream), which comes out as one event.
 */
#ifndef GEM_SSE_H
#define GEM_SSE_H

#include "buf.h"

typedef struct gem_sse {
  gem_buf in;
  /* Offsets from the first unconsumed byte. */
  size_t line; /* start of the line in work */
  size_t scan; /* bytes before it hold no end of that line */
  size_t data; /* the data gathered for the event in work */
  size_t data_end;
  unsigned char gathering; /* the event in work has data */
  unsigned char bare;      /* … which is text outside of any field */
  unsigned char ready;     /* the event in work is complete */
  unsigned char skip_lf;   /* the last line ended in CR: an LF right behind it belongs to it */
  unsigned char started;   /* past a byte order mark */
  unsigned char finished;  /* no more bytes will come */
} gem_sse;

/* Owns its buffer; `cap` bounds one event together with what waits behind it. Allocates nothing
 * yet. */
void gem_sse_init(gem_sse *s, size_t cap);

/* Leaves an empty splitter that may be fed again. */
void gem_sse_free(gem_sse *s);

/* May fail; nothing is lost then, and nothing taken. */
enum gem_status gem_sse_feed(gem_sse *s, const void *bytes, size_t n);

/* Says that no byte follows: an unended last event counts. */
void gem_sse_finish(gem_sse *s);

/* Whether a complete event waits. */
int gem_sse_ready(gem_sse *s);

/* Takes the next event; 0 if none is complete. *data is valid until the next feed. */
int gem_sse_next(gem_sse *s, const char **data, size_t *len);

/* Bytes held. */
static inline size_t gem_sse_held(const gem_sse *s) {
  return gem_buf_len(&s->in);
}

#endif
