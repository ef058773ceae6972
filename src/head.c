#include "head.h"

#include <string.h>

typedef struct span {
  const char *at, *end;
} span;

static int is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static span trimmed(span s) {
  while (s.at < s.end && is_blank(*s.at))
    s.at++;
  while (s.at < s.end && is_blank(s.end[-1]))
    s.end--;
  return s;
}

/* What comes before the first `stop`, or all; `rest` is left with what is behind it. */
static span cut_at(span *rest, char stop) {
  const char *found = memchr(rest->at, stop, (size_t)(rest->end - rest->at));
  span first = {rest->at, found ? found : rest->end};
  rest->at = found ? found + 1 : rest->end;
  return first;
}

/* In ASCII, whatever the locale; `name` is in lower case. */
static int is_named(span s, const char *name) {
  for (; s.at < s.end && *name; s.at++, name++) {
    char c = *s.at >= 'A' && *s.at <= 'Z' ? (char)(*s.at - 'A' + 'a') : *s.at;
    if (c != *name) return 0;
  }
  return s.at == s.end && !*name;
}

/* More digits than this no 64 bits are sure to hold. */
#define MOST_DIGITS 18

static int is_length(span s) {
  if (s.at == s.end || s.end - s.at > MOST_DIGITS) return 0;
  while (s.at < s.end && *s.at >= '0' && *s.at <= '9')
    s.at++;
  return s.at == s.end;
}

static int is_same(span a, span b) {
  return a.end - a.at == b.end - b.at && memcmp(a.at, b.at, (size_t)(a.end - a.at)) == 0;
}

/* Looks at the lengths in one header; *told is the one that was told before, empty if none was. */
static const char *length_problem(span value, span *told) {
  do {
    span length = trimmed(cut_at(&value, ','));
    if (!is_length(length)) return "the answer's Content-Length is no number";
    if (told->at && !is_same(*told, length)) return "the answer has two lengths";
    *told = length;
  } while (value.at < value.end);
  return NULL;
}

int gem_head_is_chunked(const char *lines, size_t len) {
  span rest = {lines, lines + len};
  while (rest.at < rest.end) {
    span value = cut_at(&rest, '\n'), name = cut_at(&value, ':');
    if (is_named(name, "transfer-encoding")) return 1;
  }
  return 0;
}

const char *gem_head_problem(const char *lines, size_t len) {
  span rest = {lines, lines + len}, told = {NULL, NULL};
  const char *problem = NULL;
  /* Chunks tell of their end themselves. */
  if (gem_head_is_chunked(lines, len)) return NULL;
  while (rest.at < rest.end) {
    span value = cut_at(&rest, '\n'), name = cut_at(&value, ':');
    if (!problem && is_named(name, "content-length")) problem = length_problem(value, &told);
  }
  return problem;
}
