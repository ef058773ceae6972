/*
 * The best of many matches, as they pass: a heap with the worst of them at the top. No Lua, no
 * allocation.
 */
#ifndef GEM_BEST_H
#define GEM_BEST_H

#include <stddef.h>

typedef struct gem_match {
  double score;
  size_t index;
} gem_match;

typedef struct gem_best {
  size_t room; /* 1 or more */
  size_t count;
  gem_match matches[];
} gem_best;

/* Takes a match in that is better than the worst, or for which there is room. Of equal scores that
 * with the lower index is better; indexes come in rising order. */
void gem_best_add(gem_best *best, double score, size_t index);

/* Brings the matches into their order, the best first. Nothing can be added then. */
void gem_best_sort(gem_best *best);

#endif
