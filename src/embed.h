/* The Lua files in libgemini.a. Knows no Lua: one object holds them for every version. */
#ifndef GEM_EMBED_H
#define GEM_EMBED_H

#include <stddef.h>

typedef struct gem_module {
  const char *name;
  const char *chunk; /* what tracebacks call it */
  const unsigned char *text;
  size_t size;
} gem_module;

/* Ends with one that has no name. */
extern const gem_module gem_modules[];

#endif
