#include "backlog.h"

#include <stdint.h>
#include <string.h>

/*
 * A text is packed as steps: copy so many bytes of the one before, pass over so many of it, then take so many
 * literal bytes, which follow. A step that does nothing ends it. Numbers have seven bits a byte, the lowest
 * first, and 128 is added to all but the last.
 */
#define STEP_SIZE 30 /* of a step's three numbers at most */

#define CAP (SIZE_MAX / 4)

void gem_backlog_init(gem_backlog *b) {
  gem_buf_init(&b->packed, CAP);
  gem_buf_init(&b->newest, CAP);
  gem_buf_init(&b->oldest, CAP);
  gem_buf_init(&b->taken, CAP);
}

void gem_backlog_free(gem_backlog *b) {
  gem_buf_free(&b->packed);
  gem_buf_free(&b->newest);
  gem_buf_free(&b->oldest);
  gem_buf_free(&b->taken);
}

/* ---- Packing. ---- */

/* What is left of the text, and of the one before it. */
typedef struct pair {
  const char *p, *p_end;
  const char *q, *q_end;
} pair;

static size_t common(const pair *t) {
  size_t n = 0, most = (size_t)(t->p_end - t->p);
  if ((size_t)(t->q_end - t->q) < most) most = (size_t)(t->q_end - t->q);
  while (most - n >= 8 && memcmp(t->p + n, t->q + n, 8) == 0)
    n += 8;
  while (n < most && t->p[n] == t->q[n])
    n++;
  return n;
}

static int is_digit(const char *p, const char *end) {
  return p < end && *p >= '0' && *p <= '9';
}

static const char *behind_digits(const char *p, const char *end) {
  while (is_digit(p, end))
    p++;
  return p;
}

/* The quote that ends the string in which p is, or end. It may be another one: then more bytes are literal.
 */
static const char *closing_quote(const char *p, const char *end) {
  const char *from = p;
  while ((p = memchr(p, '"', (size_t)(end - p)))) {
    if (p == from || p[-1] != '\\') return p;
    p++;
  }
  return end;
}

/* Passes over what differs: a number, or the rest of a string. */
static void pass_over(pair *t) {
  int number = is_digit(t->p, t->p_end) || is_digit(t->q, t->q_end);
  t->p = number ? behind_digits(t->p, t->p_end) : closing_quote(t->p, t->p_end);
  t->q = number ? behind_digits(t->q, t->q_end) : closing_quote(t->q, t->q_end);
}

static size_t put_number(char *to, size_t n) {
  size_t len = 0;
  for (; n >= 128; n >>= 7)
    to[len++] = (char)(n % 128 + 128);
  to[len++] = (char)n;
  return len;
}

static enum gem_status put_step(gem_buf *out, size_t copied, size_t passed, const char *literal, size_t n) {
  enum gem_status status = gem_buf_reserve(out, STEP_SIZE + n);
  if (status != GEM_OK) return status;
  char *to = out->data + out->end;
  to += put_number(to, copied);
  to += put_number(to, passed);
  to += put_number(to, n);
  if (n) memcpy(to, literal, n);
  out->end = (size_t)(to - out->data) + n;
  return GEM_OK;
}

/* One step that does something; the texts may have ended by it. */
static enum gem_status pack_step(gem_buf *out, pair *t) {
  size_t copied = common(t);
  t->p += copied;
  t->q += copied;
  const char *p = t->p, *q = t->q;
  pass_over(t);
  /* Nowhere do they come together again. */
  if (t->p == t->p_end || t->q == t->q_end || *t->p != *t->q) {
    t->p = t->p_end;
    t->q = t->q_end;
  }
  return put_step(out, copied, (size_t)(t->p - p), q, (size_t)(t->q - q));
}

static enum gem_status pack(gem_buf *out, const gem_buf *before, const char *text, size_t len) {
  const char *p = before->data ? gem_buf_begin(before) : "";
  pair t = {p, p + gem_buf_len(before), text, text + len};
  enum gem_status status = GEM_OK;
  while (status == GEM_OK && t.q < t.q_end)
    status = pack_step(out, &t);
  return status == GEM_OK ? put_step(out, 0, 0, NULL, 0) : status;
}

enum gem_status gem_backlog_add(gem_backlog *b, const char *text, size_t len) {
  size_t before = gem_buf_len(&b->packed);
  enum gem_status status = pack(&b->packed, &b->newest, text, len);
  if (status == GEM_OK && len > gem_buf_len(&b->newest))
    status = gem_buf_reserve(&b->newest, len - gem_buf_len(&b->newest));
  if (status != GEM_OK) {
    b->packed.end = b->packed.head + before;
    return status;
  }
  gem_buf_consume(&b->newest, gem_buf_len(&b->newest));
  return gem_buf_append(&b->newest, text, len);
}

/* ---- Unpacking. ---- */

static size_t get_number(const char **from) {
  size_t n = 0;
  unsigned shift = 0;
  unsigned char c;
  do {
    c = (unsigned char)*(*from)++;
    n |= (size_t)(c % 128) << shift;
    shift += 7;
  } while (c >= 128);
  return n;
}

/* Unpacks a text's steps from *from on, behind whose last one it is then. */
static enum gem_status unpack(gem_buf *out, const char *before, const char **from) {
  enum gem_status status = GEM_OK;
  for (;;) {
    size_t copied = get_number(from), passed = get_number(from), literal = get_number(from);
    if (copied == 0 && passed == 0 && literal == 0) return GEM_OK;
    status = gem_buf_append(out, before, copied);
    if (status == GEM_OK) status = gem_buf_append(out, *from, literal);
    if (status != GEM_OK) return status;
    before += copied + passed;
    *from += literal;
  }
}

enum gem_status gem_backlog_take(gem_backlog *b, const char **text, size_t *len) {
  const char *begin = gem_buf_begin(&b->packed), *from = begin;
  gem_buf_consume(&b->taken, gem_buf_len(&b->taken));
  enum gem_status status = unpack(&b->taken, b->oldest.data ? gem_buf_begin(&b->oldest) : "", &from);
  if (status != GEM_OK) return status;
  gem_buf_consume(&b->packed, (size_t)(from - begin));
  gem_buf oldest = b->oldest;
  b->oldest = b->taken;
  b->taken = oldest;
  *len = gem_buf_len(&b->oldest);
  *text = *len ? gem_buf_begin(&b->oldest) : "";
  return GEM_OK;
}
