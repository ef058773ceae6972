#include "body.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "file.h"

int64_t gem_body_total(const gem_segment *segments, size_t count) {
  int64_t size = 0;
  for (size_t i = 0; i < count; i++)
    size += segments[i].len;
  return size;
}

void gem_body_init(gem_body *b, const gem_segment *segments, size_t count) {
  memset(b, 0, sizeof *b);
  b->segments = segments;
  b->count = count;
  b->size = gem_body_total(segments, count);
  b->fd = -1;
}

void gem_body_close(gem_body *b) {
  if (b->fd >= 0) (void)gem_file_close(b->fd);
  b->fd = -1;
}

static size_t fail(gem_body *b, int reason) {
  b->failed = 1;
  b->reason = reason;
  gem_body_close(b);
  return 0;
}

static size_t read_window(gem_body *b, const gem_segment *s, char *to, size_t n) {
  if (b->fd < 0) b->fd = gem_file_open(s->path);
  if (b->fd < 0) return fail(b, errno);
  ptrdiff_t got = gem_file_read(b->fd, to, n, s->start + b->offset);
  if (got <= 0) return fail(b, got < 0 ? errno : 0);
  return (size_t)got;
}

/* At most n bytes of the segment in work, which has some left; 0 on failure. */
static size_t read_segment(gem_body *b, char *to, size_t n) {
  const gem_segment *s = &b->segments[b->index];
  if ((int64_t)n > s->len - b->offset) n = (size_t)(s->len - b->offset);
  if (!s->bytes) return read_window(b, s, to, n);
  memcpy(to, s->bytes + b->offset, n);
  return n;
}

static void skip_read_segments(gem_body *b) {
  while (b->index < b->count && b->offset == b->segments[b->index].len) {
    gem_body_close(b);
    b->index++;
    b->offset = 0;
  }
}

size_t gem_body_read(gem_body *b, char *to, size_t n) {
  size_t done = 0;
  skip_read_segments(b);
  while (done < n && b->index < b->count && !b->failed) {
    size_t part = read_segment(b, to + done, n - done);
    done += part;
    b->offset += (int64_t)part;
    skip_read_segments(b);
  }
  b->position += (int64_t)done;
  return done;
}

int gem_body_seek(gem_body *b, int64_t position) {
  if (position < 0 || position > b->size) return 0;
  gem_body_close(b);
  b->failed = 0;
  b->position = b->offset = position;
  b->index = 0;
  while (b->index < b->count && b->offset >= b->segments[b->index].len)
    b->offset -= b->segments[b->index++].len;
  return 1;
}

void gem_body_explain(const gem_body *b, char *to, size_t size) {
  const gem_segment *s = &b->segments[b->index];
  long long at = (long long)(s->start + b->offset);
  /* The path comes last: a long one may be cut. */
  if (b->reason) {
    snprintf(to, size, "byte %lld can't be read: %s: %s", at, strerror(b->reason), s->path);
  } else {
    snprintf(to, size, "the file has no byte %lld any more: %s", at, s->path);
  }
}
