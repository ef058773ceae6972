/*
 * Which codings of an answer are taken. Knows neither Lua nor curl.
 *
 * One layer of gzip or deflate turns a byte into a thousand at most, and all of them are counted. Codings on
 * top of each other, and those with larger ratios, let a few bytes cost minutes and hundreds of megabytes
 * before anything is there to be counted.
 */
#ifndef GEM_CODING_H
#define GEM_CODING_H

#include <stddef.h>

/* Whether a header line names a coding that is not taken. `layers` counts the content codings of the header
 * block so far; NULL where they are left undecoded. */
int gem_coding_refused(const char *line, size_t n, int *layers);

#endif
