#include "coding.h"

#include <string.h>

static int lower(char c) {
  return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* Whether the text begins with a word in lower case. */
static int begins(const char *text, size_t n, const char *word) {
  size_t length = strlen(word);
  if (n < length) return 0;
  for (size_t i = 0; i < length; i++)
    if (lower(text[i]) != word[i]) return 0;
  return 1;
}

static int is_one_of(const char *token, size_t n, const char *const *words) {
  for (; *words; words++)
    if (n == strlen(*words) && begins(token, n, *words)) return 1;
  return 0;
}

static int is_separator(char c) {
  return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next token of a list; its length, 0 at the end. */
static size_t next_token(const char **text, const char *end) {
  const char *p = *text;
  while (p < end && is_separator(*p))
    p++;
  *text = p;
  while (p < end && !is_separator(*p))
    p++;
  return (size_t)(p - *text);
}

static const char *const plain[] = {"identity", "none", NULL};
static const char *const frames[] = {"chunked", "identity", NULL};
static const char *const packed[] = {"gzip", "x-gzip", "deflate", NULL};

static int refused_content(const char *p, const char *end, int *layers) {
  for (size_t n; (n = next_token(&p, end)) > 0; p += n) {
    if (is_one_of(p, n, plain)) continue;
    if (!is_one_of(p, n, packed) || ++*layers > 1) return 1;
  }
  return 0;
}

static int refused_transfer(const char *p, const char *end) {
  for (size_t n; (n = next_token(&p, end)) > 0; p += n)
    if (!is_one_of(p, n, frames)) return 1;
  return 0;
}

int gem_coding_refused(const char *line, size_t n, int *layers) {
  static const char content[] = "content-encoding:", transfer[] = "transfer-encoding:";
  if (layers && begins(line, n, content)) return refused_content(line + strlen(content), line + n, layers);
  return begins(line, n, transfer) && refused_transfer(line + strlen(transfer), line + n);
}
