/*
 * What the end of an exchange means: from curl's verdict to a failure's kind and text. Knows nothing of Lua.
 */
#ifndef GEM_ENDING_H
#define GEM_ENDING_H

#include "transfer.h"

/* Notes a failure in t->kind and t->error. Before the handle is freed: it is asked how far it came. */
void gem_ending_fail(gem_transfer *t, CURLcode code);

#endif
