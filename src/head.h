/*
 * The head of an HTTP answer: what is wrong with it that libcurl lets pass. Sees neither Lua nor curl.
 */
#ifndef GEM_HEAD_H
#define GEM_HEAD_H

#include <stddef.h>

/* What makes the length of the body untold, in static text; NULL when nothing does. `lines` are header lines
 * with their ends, the status line before them. */
const char *gem_head_problem(const char *lines, size_t len);

/* Whether the body comes in chunks. */
int gem_head_is_chunked(const char *lines, size_t len);

#endif
