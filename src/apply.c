#include "apply.h"

#include <string.h>

#if !defined(_WIN32)
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

#include "lines.h"

#define SET(option, value)                                                                                   \
  do {                                                                                                       \
    CURLcode set_ = curl_easy_setopt(easy, option, value);                                                   \
    if (set_ != CURLE_OK) return set_;                                                                       \
  } while (0)

/* Asked for once: libcurl writes its answer anew each time. */
static const curl_version_info_data *libcurl(void) {
  static const curl_version_info_data *known;
  if (!known) known = curl_version_info(CURLVERSION_NOW);
  return known;
}

/* Whether libcurl must be told to leave signals alone. Without a threaded resolver it would time look-ups by
 * SIGALRM. Told so before 7.88, it let OpenSSL write to broken connections unshielded, and SIGPIPE ended the
 * process. */
static long no_signal(const curl_version_info_data *version) {
  return version->version_num >= 0x075800 || !(version->features & CURL_VERSION_ASYNCHDNS);
}

#if !defined(_WIN32)

/* What waits in the kernel unsent counts as sent, to curl and to whoever watches its progress: megabytes,
 * which a slow line needs minutes for. */
static void limit_unsent(curl_socket_t fd) {
#if defined(TCP_NOTSENT_LOWAT)
  int most = 128 * 1024;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof most);
#else
  (void)fd;
#endif
}

/* A process that the caller starts must not hold the connection open. */
static int prepare_socket(void *user, curl_socket_t fd, curlsocktype purpose) {
  (void)user;
  (void)purpose;
  limit_unsent(fd);
  return fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ? CURL_SOCKOPT_ERROR : CURL_SOCKOPT_OK;
}
#endif

static CURLcode set_socket(CURL *easy) {
  SET(CURLOPT_NOSIGNAL, no_signal(libcurl()));
  SET(CURLOPT_TCP_KEEPALIVE, 1L);
#if !defined(_WIN32)
  SET(CURLOPT_SOCKOPTFUNCTION, prepare_socket);
#endif
  return CURLE_OK;
}

static CURLcode set_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  return CURLE_OK;
}

/* Older versions are refused wherever libcurl's own default would still take them. That certificates and host
 * names are verified is its default everywhere, and nothing here can change it. */
static CURLcode set_trust(const gem_request *r, CURL *easy) {
  if (libcurl()->features & CURL_VERSION_HTTPS_PROXY) {
    SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (r->ca_file) SET(CURLOPT_PROXY_CAINFO, r->ca_file);
  }
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  if (r->ca_file) SET(CURLOPT_CAINFO, r->ca_file);
  return CURLE_OK;
}

/* HTTP/2 over TLS where both sides have it is libcurl's own default. */
static CURLcode set_connection(const gem_request *r, CURL *easy) {
  /* What has no head is refused where it can be quoted. */
#if LIBCURL_VERSION_NUM >= 0x074000
  SET(CURLOPT_HTTP09_ALLOWED, 1L);
#endif
  /* Streams share one HTTP/2 connection; without TLS there is none to wait for. */
  SET(CURLOPT_PIPEWAIT, curl_strnequal(r->url, "https:", 6) ? 1L : 0L);
  if (r->connect_ms > 0) SET(CURLOPT_CONNECTTIMEOUT_MS, r->connect_ms);
  if (r->proxy) SET(CURLOPT_PROXY, r->proxy);
  SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  return set_trust(r, easy);
}

/* From this size on a body is read in larger pieces, and so is an answer that may be of any size. */
#define BULK        ((int64_t)1024 * 1024)
#define BULK_BUFFER (256L * 1024)

/* Up to this size curl sends a body in one piece with the headers. */
#define SMALL ((int64_t)16 * 1024)

/* Whether curl may read the body where it lies, for which it needs no buffer, and send it again by itself. */
static int is_plain(const gem_request *r, int64_t size) {
  return r->segment_count == 1 && r->segments->bytes && size <= SMALL && !r->once;
}

static CURLcode set_body(const gem_request *r, CURL *easy) {
  int64_t size = gem_body_total(r->segments, r->segment_count);
  SET(CURLOPT_POST, 1L);
  SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
  if (is_plain(r, size)) SET(CURLOPT_POSTFIELDS, r->segments->bytes);
  if (size >= BULK) SET(CURLOPT_UPLOAD_BUFFERSIZE, BULK_BUFFER);
  return CURLE_OK;
}

/* A stream holds its buffer, and what grows by its size behind it, as long as it lasts; there may be
 * thousands. */
#define EVENTS_BUFFER (4L * 1024)

/* No other coding than coding.h takes is asked for. */
static CURLcode set_answer(const gem_request *r, CURL *easy) {
  if (r->reading == GEM_PIECES) SET(CURLOPT_BUFFERSIZE, BULK_BUFFER);
  if (r->reading == GEM_EVENTS) SET(CURLOPT_BUFFERSIZE, EVENTS_BUFFER);
  if (r->reading != GEM_PIECES && (libcurl()->features & CURL_VERSION_LIBZ) != 0)
    SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  return CURLE_OK;
}

static CURLcode set_message(const gem_request *r, CURL *easy) {
  SET(CURLOPT_URL, r->url);
  SET(CURLOPT_PATH_AS_IS, 1L);
  SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  SET(CURLOPT_HTTPHEADER, r->lines->list);
  /* Any verb: POST only says that a body is sent. */
  CURLcode code = r->has_body ? set_body(r, easy) : CURLE_OK;
  if (code == CURLE_OK) code = set_answer(r, easy);
  if (code == CURLE_OK) SET(CURLOPT_CUSTOMREQUEST, r->method);
  return code;
}

CURLcode gem_apply(const gem_request *r, CURL *easy) {
  CURLcode code = set_protocols(easy);
  if (code == CURLE_OK) code = set_socket(easy);
  if (code == CURLE_OK) code = set_connection(r, easy);
  if (code == CURLE_OK) code = set_message(r, easy);
  return code;
}
