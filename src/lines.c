#include "lines.h"

#include <stdlib.h>
#include <string.h>

gem_lines *gem_lines_new(void) {
  gem_lines *l = malloc(sizeof *l);
  if (l) *l = (gem_lines){.list = NULL, .owners = 1};
  return l;
}

int gem_lines_add(gem_lines *l, const char *line) {
  struct curl_slist *longer = curl_slist_append(l->list, line);
  if (!longer) return 0;
  l->list = longer;
  return 1;
}

static int has(const gem_lines *l, const char *prefix) {
  for (const struct curl_slist *h = l->list; h; h = h->next)
    if (curl_strnequal(h->data, prefix, strlen(prefix))) return 1;
  return 0;
}

int gem_lines_end(gem_lines *l) {
  return gem_lines_add(l, "Expect:") && (has(l, "Content-Type:") || gem_lines_add(l, "Content-Type:"));
}

gem_lines *gem_lines_take(gem_lines *l) {
  l->owners++;
  return l;
}

void gem_lines_give_back(gem_lines *l) {
  if (!l || --l->owners) return;
  curl_slist_free_all(l->list);
  free(l);
}
