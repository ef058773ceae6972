/*
 * A request's header lines, as curl wants them: made once, and shared by all transfers that send them. Knows
 * nothing of Lua.
 *
 * Whoever takes or makes lines gives them back; the last one frees them. Not for several threads.
 */
#ifndef GEM_LINES_H
#define GEM_LINES_H

#include <curl/curl.h>
#include <stddef.h>

typedef struct gem_lines {
  struct curl_slist *list;
  size_t owners;
} gem_lines;

/* Empty ones; NULL for want of memory. */
gem_lines *gem_lines_new(void);

/* Adds a "Name: value" line. 0 for want of memory, and then all is as it was. */
int gem_lines_add(gem_lines *l, const char *line);

/* Takes out what curl would add: a pause before large bodies, and a media type that is not ours. To be called
 * once, behind the last line. 0 for want of memory. */
int gem_lines_end(gem_lines *l);

gem_lines *gem_lines_take(gem_lines *l);
void gem_lines_give_back(gem_lines *l);

#endif
