#include "ending.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "head.h"

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

int gem_ending_is_long_line(const gem_transfer *t, CURLcode code) {
  curl_off_t began = 0;
  if (code != CURLE_OUT_OF_MEMORY || !t->easy || t->no_memory || errno == ENOMEM) return 0;
  if (t->head_done && !gem_head_is_chunked(gem_buf_begin(&t->head), gem_buf_len(&t->head))) return 0;
  curl_easy_getinfo(t->easy, CURLINFO_STARTTRANSFER_TIME_T, &began);
  return began > 0;
}

/* The size is that of the limit. */
static const struct {
  const char *kind, *text;
} refusals[] = {
    [GEM_LARGE_BODY] = {"limit", "the answer is larger than maxResponseSize, %lu bytes"},
    [GEM_LARGE_ERROR] = {"limit", "the answer, an error, is larger than %lu bytes"},
    [GEM_LARGE_EVENT] = {"limit", "an event is larger than maxEventSize, %lu bytes"},
    [GEM_LARGE_STREAM] = {"limit", "the stream's events are larger than maxResponseSize, %lu bytes"},
    [GEM_LARGE_HEAD] = {"limit", "the answer's headers are larger than maxHeaderSize, %lu bytes"},
    [GEM_CODED] = {"protocol", "the answer has a coding that was not asked for"},
    [GEM_BAD_HEAD] = {"protocol", NULL},
    [GEM_SWITCHED] = {"protocol", "the server switches to another protocol"},
    [GEM_NO_HTTP] = {"protocol", "the answer is no HTTP"},
};

static size_t limit_of(const gem_transfer *t) {
  switch (t->refusal) {
  case GEM_LARGE_ERROR: return GEM_ERROR_CAP;
  case GEM_LARGE_STREAM: return t->max_total;
  case GEM_LARGE_BODY: return t->reading == GEM_EVENTS ? t->max_total : t->max_bytes;
  case GEM_LARGE_HEAD: return t->max_head;
  default: return t->max_bytes;
  }
}

static const char *kind_of(const gem_transfer *t, CURLcode code) {
  if (t->body.failed) return "io";
  if (t->refusal) return refusals[t->refusal].kind;
  if (gem_ending_is_long_line(t, code)) return "limit";
  if (is_malformed(t, code)) return "protocol";
  if (t->head_done && cuts_off(code)) return "truncated";
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i].code == code) return kinds[i].kind;
  return "network";
}

static void explain_refusal(gem_transfer *t) {
  const char *text = refusals[t->refusal].text;
  if (!text) text = gem_head_problem(gem_buf_begin(&t->head), gem_buf_len(&t->head));
  snprintf(t->error, sizeof t->error, text, (unsigned long)limit_of(t));
}

/* What to say where libcurl says nothing, or something else: our callbacks write nowhere, so that what could
 * not be written could not be decoded. */
static const char *words_for(const gem_transfer *t, CURLcode code) {
  if (gem_ending_is_long_line(t, code)) return "a line of the answer's headers is longer than libcurl takes";
  if (code == CURLE_WRITE_ERROR) return "the answer's content encoding is broken";
  if (code == CURLE_SEND_FAIL_REWIND && t->once) return "the connection ended without an answer";
  return *t->error ? t->error : curl_easy_strerror(code);
}

/* Whether it was the proxy that could not be trusted, and not the server behind it. */
static int is_of_proxy(const gem_transfer *t) {
  long unverified = 0;
  if (!t->easy || strcmp(t->kind, "tls") != 0) return 0;
  curl_easy_getinfo(t->easy, CURLINFO_PROXY_SSL_VERIFYRESULT, &unverified);
  return unverified != 0;
}

static void explain(gem_transfer *t, CURLcode code) {
  char said[CURL_ERROR_SIZE - 16];
  snprintf(said, sizeof said, "%.*s", (int)sizeof said - 1, words_for(t, code));
  snprintf(t->error, sizeof t->error, "%s%s", is_of_proxy(t) ? "proxy: " : "", said);
}

void gem_ending_fail(gem_transfer *t, CURLcode code) {
  t->kind = kind_of(t, code);
  if (code == CURLE_OUT_OF_MEMORY && !gem_ending_is_long_line(t, code)) t->no_memory = 1;
  if (t->body.failed) {
    gem_body_explain(&t->body, t->error, sizeof t->error);
  } else if (t->refusal) {
    explain_refusal(t);
  } else {
    explain(t, code);
  }
}
