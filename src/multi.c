#include "transfer.h"

#include <string.h>

#include "clock.h"

int gem_multi_open(gem_multi *m) {
  memset(m, 0, sizeof *m);
  m->curl = curl_multi_init();
  return m->curl != NULL;
}

void gem_multi_close(gem_multi *m) {
  while (m->live)
    gem_transfer_settle(m->live, CURLE_ABORTED_BY_CALLBACK);
  if (m->curl) curl_multi_cleanup(m->curl);
  m->curl = NULL;
}

/* Hands curl's verdicts to the exchanges they are about. */
static void collect(gem_multi *m) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(m->curl, &left))) {
    gem_transfer *t = NULL;
    CURLcode code = message->data.result;
    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
    gem_transfer_settle(t, code);
  }
}

static void expire(gem_multi *m) {
  int64_t now = gem_clock_ms();
  for (gem_transfer *t = m->live, *next; t; t = next) {
    next = t->next;
    gem_transfer_expire(t, now);
  }
}

static int until_deadline(const gem_multi *m, int ms) {
  int64_t now = gem_clock_ms();
  for (const gem_transfer *t = m->live; t; t = t->next) {
    int64_t left = gem_transfer_deadline(t) - now;
    if (left < ms) ms = left > 0 ? (int)left : 0;
  }
  return ms;
}

static int perform(gem_multi *m) {
  int running;
  if (curl_multi_perform(m->curl, &running) != CURLM_OK) return 0;
  collect(m);
  /* After the bytes that are here have been read: a consumer that was away must not lose them to a
   * deadline. */
  expire(m);
  return 1;
}

int gem_multi_step(gem_multi *m, int ms) {
  unsigned long before = m->progress;
  if (!perform(m)) return 0;
  if (ms <= 0 || m->progress != before || !m->live) return 1;
  if (curl_multi_poll(m->curl, NULL, 0, until_deadline(m, ms), NULL) != CURLM_OK) return 0;
  return perform(m);
}
