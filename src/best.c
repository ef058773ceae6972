#include "best.h"

#include <stdbool.h>

static bool is_worse(const gem_match *a, const gem_match *b) {
  return a->score < b->score || (a->score == b->score && a->index > b->index);
}

/* Fills the hole at `at` in a heap of n with one of those below it, or with the match. */
static void sift_down(gem_match *heap, size_t n, size_t at, gem_match match) {
  for (size_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
    if (child + 1 < n && is_worse(&heap[child + 1], &heap[child])) child++;
    if (!is_worse(&heap[child], &match)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = match;
}

static void sift_up(gem_match *heap, size_t at, gem_match match) {
  while (at > 0 && is_worse(&match, &heap[(at - 1) / 2])) {
    heap[at] = heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap[at] = match;
}

void gem_best_add(gem_best *best, double score, size_t index) {
  gem_match match = {score, index};
  if (best->count < best->room)
    sift_up(best->matches, best->count++, match);
  else if (is_worse(&best->matches[0], &match))
    sift_down(best->matches, best->count, 0, match);
}

void gem_best_sort(gem_best *best) {
  gem_match *heap = best->matches;
  for (size_t n = best->count; n > 1; n--) {
    gem_match worst = heap[0];
    sift_down(heap, n - 1, 0, heap[n - 1]);
    heap[n - 1] = worst;
  }
}
