/*
 * Texts that wait to be read, if ever, first in, first out. Each is kept as what it has other than the one
 * before it: events of one stream differ in a string and some numbers. No Lua.
 *
 * A backlog owns its memory. What may fail does so for want of memory alone, and leaves it as it was.
 */
#ifndef GEM_BACKLOG_H
#define GEM_BACKLOG_H

#include "buf.h"

typedef struct gem_backlog {
  gem_buf packed; /* steps, see backlog.c */
  gem_buf newest; /* the last text that was added */
  gem_buf oldest; /* the last one that was taken */
  gem_buf taken;  /* room for the next one */
} gem_backlog;

/* Makes an empty one; allocates nothing. */
void gem_backlog_init(gem_backlog *b);

void gem_backlog_free(gem_backlog *b);

/* Adds a text, which is copied. */
enum gem_status gem_backlog_add(gem_backlog *b, const char *text, size_t len);

/* Whether there is a text to take. */
static inline int gem_backlog_has(const gem_backlog *b) {
  return gem_buf_len(&b->packed) > 0;
}

/* Takes the first text, of which there must be one; *text is valid until the next is taken. */
enum gem_status gem_backlog_take(gem_backlog *b, const char **text, size_t *len);

#endif
