/*
 * How libcurl is told what a request asks.
 */
#ifndef GEM_APPLY_H
#define GEM_APPLY_H

#include <curl/curl.h>

#include "request.h"

/* Adds a "Name: value" line to a list of headers; 0 for want of memory, the list is as it was then. */
int gem_apply_header(struct curl_slist **headers, const char *line);

/* Tells a fresh handle all that the request says. Adds to `headers`, which must outlive the transfer. */
CURLcode gem_apply(const gem_request *r, CURL *easy, struct curl_slist **headers);

#endif
