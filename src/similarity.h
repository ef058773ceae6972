/*
 * What vectors have to do with each other. Sums are of doubles, in which products of float32 are
 * exact: they can't overflow, and differ from machine to machine in the last digits of a double.
 */
#ifndef GEM_SIMILARITY_H
#define GEM_SIMILARITY_H

#include "vector.h"

/* Of two vectors of one size. */
double gem_dot(const gem_vector *v, const gem_vector *w);

/* A vector's length in space. */
double gem_norm(gem_vector *v);

/* Of two vectors of one size: from -1 to 1; 0 where one of them has no direction, all of it being 0. */
double gem_cosine(gem_vector *v, gem_vector *w);

#endif
