/*
 * What the end of an exchange means: from curl's verdict to a failure's kind and text. Knows nothing of Lua.
 */
#ifndef GEM_ENDING_H
#define GEM_ENDING_H

#include "transfer.h"

/* Before 8.6 libcurl calls it want of memory where a line of the head, or of the trailers behind chunks, is
 * longer than it takes: whether it was that. errno, which was 0 before libcurl was called, tells where memory
 * did run out. */
int gem_ending_is_long_line(const gem_transfer *t, CURLcode code);

/* Notes a failure in t->kind and t->error. Before the handle is freed: it is asked how far it came. */
void gem_ending_fail(gem_transfer *t, CURLcode code);

#endif
