/*
 * How libcurl is told what a request asks.
 */
#ifndef GEM_APPLY_H
#define GEM_APPLY_H

#include <curl/curl.h>

#include "request.h"

/* Tells a fresh handle all that the request says. Its lines must outlive the transfer. */
CURLcode gem_apply(const gem_request *r, CURL *easy);

#endif
