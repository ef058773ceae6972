#include "ending.h"

#include <stdio.h>
#include <string.h>

/* What a caller can act on. Codes that are not here are the network's. */
static const struct {
  CURLcode code;
  const char *kind;
} kinds[] = {
    {CURLE_OPERATION_TIMEDOUT, "timeout"},
    {CURLE_ABORTED_BY_CALLBACK, "cancelled"},
    {CURLE_PARTIAL_FILE, "truncated"},
    {CURLE_SSL_CONNECT_ERROR, "tls"},
    {CURLE_PEER_FAILED_VERIFICATION, "tls"},
    {CURLE_SSL_CACERT_BADFILE, "tls"},
    {CURLE_SSL_CERTPROBLEM, "tls"},
    {CURLE_SSL_CIPHER, "tls"},
    {CURLE_SSL_ISSUER_ERROR, "tls"},
    {CURLE_SSL_INVALIDCERTSTATUS, "tls"},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, "tls"},
    {CURLE_USE_SSL_FAILED, "tls"},
    {CURLE_WEIRD_SERVER_REPLY, "protocol"},
    {CURLE_UNSUPPORTED_PROTOCOL, "protocol"},
    {CURLE_BAD_CONTENT_ENCODING, "protocol"},
    {CURLE_WRITE_ERROR, "protocol"},
    {CURLE_HTTP2, "protocol"},
#if LIBCURL_VERSION_NUM >= 0x080600
    {CURLE_TOO_LARGE, "limit"},
#endif
};

/* Failures of a connection that mean a cut answer once the answer has begun. */
static int cuts_off(CURLcode code) {
  return code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING || code == CURLE_HTTP2_STREAM;
}

/* libcurl's code for chunks that are none is the one for a connection that broke. */
static int is_malformed(const gem_transfer *t, CURLcode code) {
  return code == CURLE_RECV_ERROR && strstr(t->error, "chunk") != NULL;
}

/* Before 8.6 libcurl calls it want of memory where a line of the head is longer than it takes. */
static int is_long_line(const gem_transfer *t, CURLcode code) {
  curl_off_t began = 0;
  if (code != CURLE_OUT_OF_MEMORY || !t->easy || t->head_done || t->no_memory) return 0;
  curl_easy_getinfo(t->easy, CURLINFO_STARTTRANSFER_TIME_T, &began);
  return began > 0;
}

static const char *kind_of(const gem_transfer *t, CURLcode code) {
  if (t->body.failed) return "io";
  if (t->over_limit || is_long_line(t, code)) return "limit";
  if (t->refusal || is_malformed(t, code)) return "protocol";
  if (t->head_done && cuts_off(code)) return "truncated";
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i].code == code) return kinds[i].kind;
  return "network";
}

static void explain_limit(gem_transfer *t) {
  snprintf(t->error, sizeof t->error, "the answer's %s larger than %lu bytes",
           t->over_head ? "headers are" : "body, or an event in it, is",
           (unsigned long)(t->over_head ? t->head.cap : t->max_bytes));
}

/* What to say where libcurl says nothing, or something else: our callbacks write nowhere, so that what could
 * not be written could not be decoded. */
static const char *words_for(const gem_transfer *t, CURLcode code) {
  if (t->refusal) return t->refusal;
  if (is_long_line(t, code)) return "a line of the answer's headers is longer than libcurl takes";
  if (code == CURLE_WRITE_ERROR) return "the answer's content encoding is broken";
  if (code == CURLE_SEND_FAIL_REWIND && t->once) return "the connection ended without an answer";
  return *t->error ? NULL : curl_easy_strerror(code);
}

void gem_ending_fail(gem_transfer *t, CURLcode code) {
  const char *words = words_for(t, code);
  t->kind = kind_of(t, code);
  if (code == CURLE_OUT_OF_MEMORY && !is_long_line(t, code)) t->no_memory = 1;
  if (t->body.failed) {
    gem_body_explain(&t->body, t->error, sizeof t->error);
  } else if (t->over_limit) {
    explain_limit(t);
  } else if (words) {
    snprintf(t->error, sizeof t->error, "%s", words);
  }
}
