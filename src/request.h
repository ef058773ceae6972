/*
 * What an exchange is asked to do. Knows neither Lua nor curl.
 *
 * A request owns nothing: its strings are read when the exchange begins, its body and what that points to
 * must outlive it.
 */
#ifndef GEM_REQUEST_H
#define GEM_REQUEST_H

#include "body.h"

struct gem_lines;

/* What becomes of the body of a 2xx answer; any other is kept whole. */
enum gem_reading {
  GEM_WHOLE,  /* kept whole */
  GEM_EVENTS, /* split into events */
  GEM_PIECES  /* handed over as it comes, without a content coding: a byte's place counts there */
};

typedef struct gem_request {
  const char *method;
  const char *url;
  struct gem_lines *lines; /* of the headers */
  const gem_segment *segments;
  size_t segment_count;
  int has_body;
  enum gem_reading reading;
  int once;         /* what has begun to leave is not sent again: the caller knows better what came of it */
  size_t max_bytes; /* of what is kept whole, or of one event of a stream */
  size_t max_total; /* of all events together, and of an error in a stream's place */
  int64_t taken;    /* bytes of events that count as having come before */
  size_t max_head;  /* of all header lines together: interim answers' and trailers too */
  long connect_ms;  /* 0 = curl's own */
  long idle_ms;  /* longest time without a byte to or from the socket while the multi is stepped; 0 = any */
  long total_ms; /* from start to end, by the clock; 0 = any */
  const char *proxy; /* NULL = as the environment says, "" = none */
  const char *ca_file;
} gem_request;

#endif
