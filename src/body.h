/*
 * A request body as a row of segments, read in order and rewound when curl sends it again.
 *
 * Segments and their bytes belong to the caller, who keeps them until the transfer is closed.
 * Nothing here allocates or fails, but a seek beyond the end.
 */
#ifndef GEM_BODY_H
#define GEM_BODY_H

#include <stddef.h>

typedef struct gem_segment {
  const char *bytes;
  size_t len;
} gem_segment;

typedef struct gem_body {
  const gem_segment *segments;
  size_t count;
  size_t size;   /* of all segments */
  size_t index;  /* the segment in work */
  size_t offset; /* read from it so far */
} gem_body;

void gem_body_init(gem_body *b, const gem_segment *segments, size_t count);

/* Copies up to n bytes to `to` and returns how many; 0 at the end. */
size_t gem_body_read(gem_body *b, char *to, size_t n);

/* Goes to a byte counted from the start; 0 if there is none such. */
int gem_body_seek(gem_body *b, size_t position);

#endif
