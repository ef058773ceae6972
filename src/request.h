/*
 * What an exchange is asked to do, and how libcurl is told.
 *
 * A request owns nothing: its strings are copied by libcurl, its body is not and must outlive the exchange.
 */
#ifndef GEM_REQUEST_H
#define GEM_REQUEST_H

#include <curl/curl.h>

#include "body.h"

typedef struct gem_request {
  const char *method;
  const char *url;
  const gem_segment *segments;
  size_t segment_count;
  int has_body;
  int stream;        /* split a 2xx answer into events */
  size_t max_bytes;  /* of the whole answer, or of one event */
  long connect_ms;   /* 0 = curl's own */
  long idle_ms;      /* longest silence while the multi is stepped; 0 = any */
  long total_ms;     /* from start to end, by the clock; 0 = any */
  const char *proxy; /* NULL = as the environment says, "" = none */
  const char *ca_file;
} gem_request;

/* Adds a "Name: value" line to a list of headers; 0 for want of memory, the list is as it was then. */
int gem_request_add_header(struct curl_slist **headers, const char *line);

/* Tells a fresh handle all that the request says. Adds to `headers`, which must outlive the transfer. */
CURLcode gem_request_apply(const gem_request *r, CURL *easy, struct curl_slist **headers);

#endif
