#include "json_string.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "json_scan.h"

#define REPLACEMENT 0xFFFD

#define IS_LOW_SURROGATE(c)  ((c) >= 0xDC00 && (c) <= 0xDFFF)
#define IS_HIGH_SURROGATE(c) ((c) >= 0xD800 && (c) <= 0xDBFF)
#define IS_CONTINUATION(c)   (((c)&0xC0) == 0x80)

/* What may follow a lead byte: how many bytes, and the range of the first of them, which alone
 * keeps out overlong forms, surrogates and what is above U+10FFFF (Unicode, table 3-7). */
typedef struct lead {
  unsigned char follow, low, high;
} lead;

/* The first row is for what is no lead byte: nothing is in its range. */
static const lead leads[] = {{0, 1, 0},       {1, 0x80, 0xBF}, {2, 0x80, 0xBF}, {2, 0xA0, 0xBF},
                             {2, 0x80, 0x9F}, {3, 0x80, 0xBF}, {3, 0x90, 0xBF}, {3, 0x80, 0x8F}};

/* The row of `leads` for each byte from 0xC0 on. */
static const unsigned char lead_rows[64] = {
    0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* C0 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* D0 */
    3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 2, 2, /* E0 */
    6, 5, 5, 5, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0  /* F0 */
};

/* The length of the character at p, which is not ASCII, or of the longest part that could begin one
 * (1 at least). */
static size_t character(const char *p, const char *end, bool *valid) {
  const unsigned char *s = (const unsigned char *)p;
  size_t left = (size_t)(end - p);
  const lead *l = &leads[s[0] < 0xC0 ? 0 : lead_rows[s[0] - 0xC0]];
  *valid = false;
  if (left < 2 || s[1] < l->low || s[1] > l->high) return 1;
  for (size_t i = 2; i <= l->follow; i++)
    if (i == left || !IS_CONTINUATION(s[i])) return i;
  *valid = true;
  return 1 + (size_t)l->follow;
}

const char *gem_string_plain(const char *p, const char *end) {
  for (;;) {
    p = gem_scan_stop(p, end);
    if (p == end || (unsigned char)*p < 0x80) return p;
    while (p < end && (unsigned char)*p >= 0x80) {
      bool valid;
      size_t n = character(p, end, &valid);
      if (!valid) return p;
      p += n;
    }
  }
}

static enum gem_string_status append(gem_buf *out, const char *s, size_t n) {
  return gem_buf_append(out, s, n) == GEM_OK ? GEM_STRING_OK : GEM_STRING_NOMEM;
}

static enum gem_string_status append_code(gem_buf *out, uint32_t c) {
  static const unsigned char marks[] = {0, 0xC0, 0xE0, 0xF0};
  char s[4];
  size_t follow = (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);
  for (size_t i = follow; i > 0; i--, c >>= 6)
    s[i] = (char)(0x80 | (c & 0x3F));
  s[0] = (char)(marks[follow] | c);
  return append(out, s, follow + 1);
}

/* The code unit of the four hexadecimal digits at *p; on failure *p is at the byte that is none. */
static bool hex4(const char **p, const char *end, uint32_t *unit) {
  *unit = 0;
  for (int i = 0; i < 4; i++, ++*p) {
    if (*p == end) return false;
    char c = **p, letter = (char)(c | 0x20);
    bool digit = c >= '0' && c <= '9';
    if (!digit && (letter < 'a' || letter > 'f')) return false;
    *unit = *unit << 4 | (uint32_t)(digit ? c - '0' : letter - 'a' + 10);
  }
  return true;
}

/* Takes the second half of a surrogate pair, if that is what comes next. */
static uint32_t join_surrogates(uint32_t high, const char **p, const char *end) {
  const char *next = *p;
  uint32_t low;
  if (end - next < 2 || next[0] != '\\' || next[1] != 'u') return REPLACEMENT;
  next += 2;
  if (!hex4(&next, end, &low) || !IS_LOW_SURROGATE(low)) return REPLACEMENT;
  *p = next;
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static enum gem_string_status decode_unicode(gem_buf *out, const char **p, const char *end) {
  uint32_t c;
  if (!hex4(p, end, &c)) return GEM_STRING_ESCAPE;
  if (IS_HIGH_SURROGATE(c))
    c = join_surrogates(c, p, end);
  else if (IS_LOW_SURROGATE(c))
    c = REPLACEMENT;
  return append_code(out, c);
}

static const char escaped_by[] = "\"\\/bfnrt";
static const char stands_for[] = "\"\\/\b\f\n\r\t";

static enum gem_string_status decode_escape(gem_buf *out, const char **p, const char *end) {
  if (++*p == end) return GEM_STRING_CUT;
  char c = **p;
  const char *found = c ? strchr(escaped_by, c) : NULL;
  if (!found && c != 'u') return GEM_STRING_ESCAPE;
  ++*p;
  return found ? append(out, stands_for + (found - escaped_by), 1) : decode_unicode(out, p, end);
}

/* One thing that is not plain. */
static enum gem_string_status decode_special(gem_buf *out, const char **p, const char *end) {
  if (**p == '\\') return decode_escape(out, p, end);
  if ((unsigned char)**p < 0x20) return GEM_STRING_CONTROL;
  bool valid;
  *p += character(*p, end, &valid);
  return append_code(out, REPLACEMENT);
}

enum gem_string_status gem_string_decode(gem_buf *out, const char **p, const char *end) {
  for (;;) {
    const char *run = *p;
    *p = gem_string_plain(run, end);
    enum gem_string_status status = append(out, run, (size_t)(*p - run));
    if (status != GEM_STRING_OK) return status;
    if (*p == end) return GEM_STRING_CUT;
    if (**p == '"') return GEM_STRING_OK;
    status = decode_special(out, p, end);
    if (status != GEM_STRING_OK) return status;
  }
}

static enum gem_string_status encode_special(gem_buf *out, char c) {
  static const char hex[] = "0123456789abcdef";
  const char *found = c ? strchr(stands_for, c) : NULL;
  if (found) {
    const char pair[] = {'\\', escaped_by[found - stands_for]};
    return append(out, pair, sizeof pair);
  }
  const char unit[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
  return append(out, unit, sizeof unit);
}

enum gem_string_status gem_string_encode(gem_buf *out, const char *s, size_t n, size_t *bad) {
  const char *p = s, *end = s + n;
  enum gem_string_status status = append(out, "\"", 1);
  while (status == GEM_STRING_OK && p < end) {
    const char *run = p;
    p = gem_string_plain(run, end);
    status = append(out, run, (size_t)(p - run));
    if (status != GEM_STRING_OK || p == end) break;
    if ((unsigned char)*p >= 0x80) {
      *bad = (size_t)(p - s);
      return GEM_STRING_UTF8;
    }
    status = encode_special(out, *p++);
  }
  return status == GEM_STRING_OK ? append(out, "\"", 1) : status;
}
