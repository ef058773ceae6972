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
    char *owner = NULL;
    CURLcode code = message->data.result;
    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    gem_transfer_settle((gem_transfer *)(void *)owner, code);
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

/* Deadlines come after reading, so that what has arrived counts. */
static CURLMcode perform(gem_multi *m) {
  int running;
  CURLMcode code = curl_multi_perform(m->curl, &running);
  if (code != CURLM_OK) return code;
  collect(m);
  expire(m);
  return CURLM_OK;
}

static CURLMcode perform_and_wait(gem_multi *m, int ms) {
  unsigned long before = m->progress;
  CURLMcode code = perform(m);
  if (code != CURLM_OK || ms <= 0 || m->progress != before) return code;
  code = curl_multi_poll(m->curl, NULL, 0, until_deadline(m, ms), NULL);
  return code == CURLM_OK ? perform(m) : code;
}

/* Between steps nobody listens. What a frame of a game takes counts as silence all the same, or a host that
 * steps without waiting would never see any. */
#define ABSENCE_MS 1000

/* Silence counts while somebody listens. */
static void forgive_absence(gem_multi *m) {
  int64_t now = gem_clock_ms();
  if (now - m->stepped < ABSENCE_MS) return;
  for (gem_transfer *t = m->live; t; t = t->next)
    t->last_byte += now - (t->last_byte > m->stepped ? t->last_byte : m->stepped);
}

CURLMcode gem_multi_step(gem_multi *m, int ms) {
  forgive_absence(m);
  CURLMcode code = perform_and_wait(m, ms);
  m->stepped = gem_clock_ms();
  return code;
}
