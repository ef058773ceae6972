#include "body.h"

#include <string.h>

void gem_body_init(gem_body *b, const gem_segment *segments, size_t count) {
  memset(b, 0, sizeof *b);
  b->segments = segments;
  b->count = count;
  for (size_t i = 0; i < count; i++)
    b->size += segments[i].len;
}

size_t gem_body_read(gem_body *b, char *to, size_t n) {
  size_t done = 0;
  while (done < n && b->index < b->count) {
    const gem_segment *s = &b->segments[b->index];
    size_t part = s->len - b->offset;
    if (part > n - done) part = n - done;
    if (part) memcpy(to + done, s->bytes + b->offset, part);
    done += part;
    b->offset += part;
    if (b->offset == s->len) {
      b->index++;
      b->offset = 0;
    }
  }
  return done;
}

int gem_body_seek(gem_body *b, size_t position) {
  if (position > b->size) return 0;
  b->index = 0;
  while (b->index < b->count && position >= b->segments[b->index].len)
    position -= b->segments[b->index++].len;
  b->offset = position;
  return 1;
}
