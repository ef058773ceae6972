/*
 * The event splitter. An input is a cap's byte and the stream, in which two bytes that UTF-8 does not have
 * cut it: FF ends a feed after which events are taken, FE one after which none are.
 *
 * Holds: every cut of a stream gives the events that a plain reading of the whole gives, line by line; a feed
 * is refused exactly where it would pass the cap, and leaves all as it was; no more memory is held than that.
 */
#include <string.h>

#include "../src/sse.h"
#include "check.h"

#define TAKE  0xFF
#define LEAVE 0xFE

/* Events one behind the other, each with a NUL at its end. */
typedef struct events {
  char *text;
  size_t len, count;
} events;

static void put(events *e, const char *bytes, size_t n) {
  memcpy(e->text + e->len, bytes, n);
  e->len += n;
}

static void end_event(events *e) {
  put(e, "", 1);
  e->count++;
}

/* No events of one stream are longer than it, with a NUL for each. */
static void init_events(events *e, size_t size) {
  e->text = malloc(2 * size + 1);
  e->len = e->count = 0;
  CHECK(e->text);
}

static int same_events(const events *a, const events *b) {
  return a->count == b->count && a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* ---- The plain reading. ---- */

typedef struct reading {
  events out;
  size_t from; /* where the event in work begins in `out` */
  int open, bare;
} reading;

static void join(reading *r, const char *value, size_t n) {
  if (r->open) put(&r->out, "\n", 1);
  put(&r->out, value, n);
  r->open = 1;
}

static void finish(reading *r) {
  if (r->out.len > r->from) end_event(&r->out);
  r->from = r->out.len;
  r->open = r->bare = 0;
}

static void read_field(reading *r, const char *line, size_t n) {
  if (n < 4 || memcmp(line, "data", 4) != 0 || (n > 4 && line[4] != ':')) return;
  size_t skip = n > 5 && line[5] == ' ' ? 6 : n > 4 ? 5 : 4;
  join(r, line + skip, n - skip);
}

static void read_line(reading *r, const char *line, size_t n) {
  if (n == 0) {
    finish(r);
  } else if (r->bare) {
    join(r, line, n);
  } else if (strchr("{[<", line[0]) && line[0]) {
    finish(r);
    r->bare = 1;
    join(r, line, n);
  } else {
    read_field(r, line, n);
  }
}

static void read_plainly(reading *r, const char *s, size_t n) {
  size_t at = n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  init_events(&r->out, n);
  r->from = 0;
  r->open = r->bare = 0;
  while (at < n) {
    size_t end = at;
    while (end < n && s[end] != '\n' && s[end] != '\r')
      end++;
    read_line(r, s + at, end - at);
    at = end + 1 + (end + 1 < n && s[end] == '\r' && s[end + 1] == '\n');
  }
  finish(r);
}

/* ---- The splitter's. ---- */

static void take(gem_sse *s, events *out) {
  const char *data;
  size_t len;
  while (gem_sse_next(s, &data, &len)) {
    CHECK(len > 0);
    put(out, data, len);
    end_event(out);
  }
}

/* Returns whether the feed was taken. */
static int feed(gem_sse *s, const char *bytes, size_t n) {
  size_t held = gem_sse_held(s), cap = s->in.cap;
  enum gem_status status = gem_sse_feed(s, bytes, n);
  CHECK(status == (held + n > cap ? GEM_LIMIT : GEM_OK));
  CHECK(gem_sse_held(s) == held + (status == GEM_OK ? n : 0));
  CHECK(gem_sse_held(s) <= cap && s->in.size <= (cap < 512 ? 512 : cap));
  return status == GEM_OK;
}

/* Feeds the pieces between the cuts; returns whether all were taken. */
static int split(gem_sse *s, const uint8_t *cut, size_t n, events *out) {
  int whole = 1;
  for (size_t at = 0, end; at <= n; at = end + 1) {
    for (end = at; end < n && cut[end] < LEAVE;)
      end++;
    whole &= feed(s, (const char *)cut + at, end - at);
    if (end == n || cut[end] == TAKE) take(s, out);
  }
  gem_sse_finish(s);
  take(s, out);
  CHECK(!gem_sse_ready(s));
  return whole;
}

/* Twice, for a splitter that was freed may be fed again. */
static void check_split(const uint8_t *cut, size_t n, size_t cap, const events *expected) {
  gem_sse s;
  events out;
  init_events(&out, n);
  gem_sse_init(&s, cap);
  for (int i = 0; i < 2; i++) {
    out.len = out.count = 0;
    if (split(&s, cut, n, &out)) CHECK(same_events(&out, expected));
    gem_sse_free(&s);
  }
  free(out.text);
}

static size_t without_cuts(char *to, const uint8_t *cut, size_t n) {
  size_t len = 0;
  for (size_t i = 0; i < n; i++)
    if (cut[i] < LEAVE) to[len++] = (char)cut[i];
  return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  size_t cap = data[0], n = size - 1;
  char *stream = malloc(n + 1);
  CHECK(stream);
  size_t len = without_cuts(stream, data + 1, n);
  reading r;
  read_plainly(&r, stream, len);
  check_split((const uint8_t *)stream, len, SIZE_MAX / 4, &r.out);
  check_split(data + 1, n, SIZE_MAX / 4, &r.out);
  check_split(data + 1, n, cap, &r.out);
  free(r.out.text);
  free(stream);
  return 0;
}
