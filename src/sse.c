#include "sse.h"

#include <stdint.h>
#include <string.h>

void gem_sse_init(gem_sse *s, size_t cap) {
  memset(s, 0, sizeof *s);
  gem_buf_init(&s->in, cap);
}

void gem_sse_free(gem_sse *s) {
  gem_buf_free(&s->in);
  gem_sse_init(s, s->in.cap);
}

enum gem_status gem_sse_feed(gem_sse *s, const void *bytes, size_t n) {
  return gem_buf_append(&s->in, bytes, n);
}

void gem_sse_finish(gem_sse *s) {
  s->finished = 1;
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))
#define HAS_ZERO(v)  (((v)-EACH_BYTE(1)) & ~(v)&EACH_BYTE(0x80))

/* The first CR or LF in [p, end), or end. Eight bytes a step, for an event may hold megabytes. */
static const char *line_end(const char *p, const char *end) {
  for (; end - p >= 8; p += 8) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    if (HAS_ZERO(v ^ EACH_BYTE('\n')) | HAS_ZERO(v ^ EACH_BYTE('\r'))) break;
  }
  while (p < end && *p != '\n' && *p != '\r')
    p++;
  return p;
}

/* Passes over a byte order mark; 0 while it can't be told yet. */
static int start(gem_sse *s) {
  static const char mark[] = "\xEF\xBB\xBF";
  size_t len = gem_buf_len(&s->in);
  size_t seen = len < 3 ? len : 3;
  if (seen && memcmp(gem_buf_begin(&s->in), mark, seen) == 0) {
    if (seen < 3 && !s->finished) return 0;
    if (seen == 3) s->line = s->scan = 3;
  }
  s->started = seen > 0;
  return s->started;
}

/* Joins a line's value to the event. It moves left only: a value never lies before the end of what
 * is gathered. */
static void gather(gem_sse *s, size_t from, size_t to) {
  char *base = gem_buf_begin(&s->in);
  if (!s->gathering) {
    s->gathering = 1;
    s->data = from;
    s->data_end = to;
    return;
  }
  base[s->data_end++] = '\n';
  memmove(base + s->data_end, base + from, to - from);
  s->data_end += to - from;
}

/* The text that can only be a body outside of the event format: JSON or HTML. */
static int is_bare(const char *line, size_t len) {
  return len && (*line == '{' || *line == '[' || *line == '<');
}

static void take_field(gem_sse *s, size_t from, size_t to) {
  const char *line = gem_buf_begin(&s->in) + from;
  size_t len = to - from;
  if (len < 4 || memcmp(line, "data", 4) != 0) return;
  if (len == 4) {
    gather(s, to, to);
  } else if (line[4] == ':') {
    gather(s, from + (len > 5 && line[5] == ' ' ? 6 : 5), to);
  }
}

static void end_event(gem_sse *s) {
  s->ready = s->gathering && s->data_end > s->data;
  s->gathering = s->bare = 0;
}

/* Returns 0 if the line must be looked at again, after the event before it has been taken. */
static int take_line(gem_sse *s, size_t from, size_t to) {
  if (from == to) {
    end_event(s);
  } else if (s->bare) {
    gather(s, from, to);
  } else if (!is_bare(gem_buf_begin(&s->in) + from, to - from)) {
    take_field(s, from, to);
  } else {
    if (s->gathering) end_event(s);
    if (s->ready) return 0;
    s->bare = 1;
    gather(s, from, to);
  }
  return 1;
}

/* Handles the rest of a finished stream: a line and an event without their ends. */
static void take_rest(gem_sse *s) {
  size_t len = gem_buf_len(&s->in);
  size_t from = s->line;
  if (from < len) {
    if (!take_line(s, from, len)) return;
    s->line = s->scan = len;
  }
  end_event(s);
}

static void skip_lf(gem_sse *s) {
  if (!s->skip_lf || s->line == gem_buf_len(&s->in)) return;
  s->skip_lf = 0;
  if (gem_buf_begin(&s->in)[s->line] == '\n') s->scan = ++s->line;
}

/* Forgets all before the line in work. */
static void drop_lines(gem_sse *s) {
  gem_buf_consume(&s->in, s->line);
  s->line = s->scan = 0;
}

/* What lies unused between the data gathered and the line in work, above which it is given back: comments
 * may come without end, in the middle of an event too. Fuzzers, whose streams are short, have it smaller. */
#ifndef GEM_SSE_GAP
#define GEM_SSE_GAP ((size_t)16 * 1024)
#endif

/* One byte stays for the line end that joins the next line. */
static void close_gap(gem_sse *s) {
  size_t gap = s->line - s->data_end;
  if (gap <= GEM_SSE_GAP) return;
  gem_buf_cut(&s->in, s->data_end + 1, gap - 1);
  s->line = s->scan = s->data_end + 1;
}

int gem_sse_ready(gem_sse *s) {
  if (!s->started && !start(s)) return 0;
  while (!s->ready) {
    skip_lf(s);
    const char *base = gem_buf_begin(&s->in);
    size_t len = gem_buf_len(&s->in);
    s->scan = (size_t)(line_end(base + s->scan, base + len) - base);
    if (s->scan == len) {
      if (s->finished) take_rest(s);
      break;
    }
    if (!take_line(s, s->line, s->scan)) break;
    s->skip_lf = base[s->scan] == '\r';
    s->line = ++s->scan;
    if (s->ready) break;
    if (s->gathering)
      close_gap(s);
    else
      drop_lines(s);
  }
  return s->ready;
}

int gem_sse_next(gem_sse *s, const char **data, size_t *len) {
  if (!gem_sse_ready(s)) return 0;
  *data = gem_buf_begin(&s->in) + s->data;
  *len = s->data_end - s->data;
  drop_lines(s);
  s->ready = 0;
  return 1;
}
