/*
 * A request body as a row of segments, read in order and rewound when curl sends it again. A segment is bytes
 * in memory or a window of a file, which is opened when its first byte is due.
 *
 * Segments, their bytes and paths belong to the caller, who keeps them until the transfer is closed. The body
 * owns the one file that it has open. Nothing here allocates; only the reading of a file can fail.
 */
#ifndef GEM_BODY_H
#define GEM_BODY_H

#include <stddef.h>
#include <stdint.h>

typedef struct gem_segment {
  const char *bytes; /* NULL for a window of a file */
  const char *path;
  int64_t start; /* the window's first byte in the file */
  int64_t len;
} gem_segment;

typedef struct gem_body {
  const gem_segment *segments;
  size_t count;
  int64_t size;     /* of all segments */
  int64_t position; /* bytes read so far */
  size_t index;     /* the segment in work */
  int64_t offset;   /* read from it so far */
  int fd;           /* its file; -1 when closed */
  int failed;       /* a file could not be read, and nothing is read any more */
  int reason;       /* … by errno; 0 for a file that ends inside its window */
} gem_body;

/* Bytes of all segments, which the caller keeps below 2^53. */
int64_t gem_body_total(const gem_segment *segments, size_t count);

void gem_body_init(gem_body *b, const gem_segment *segments, size_t count);

/* Closes the file. Harmless when done again. */
void gem_body_close(gem_body *b);

/* Copies up to n bytes to `to` and returns how many; 0 at the end, and when `failed`. */
size_t gem_body_read(gem_body *b, char *to, size_t n);

/* Goes to a byte counted from the start; 0 if there is none such. */
int gem_body_seek(gem_body *b, int64_t position);

/* Writes what failed as one sentence of at most `size` bytes, the end included. */
void gem_body_explain(const gem_body *b, char *to, size_t size);

#endif
