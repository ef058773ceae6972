#include "multi.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "clock.h"
#include "transfer.h"

/* ---- What curl calls. ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int interest, void *user, void *kept) {
  gem_multi *m = user;
  curl_socket_t whose;
  void *keep;
  (void)easy;
  if (!gem_sockets_set(&m->sockets, fd, interest, kept, &whose, &keep)) return -1;
  if (interest != CURL_POLL_REMOVE || whose != fd) curl_multi_assign(m->curl, whose, keep);
  return 0;
}

static int on_timer(CURLM *curl, long ms, void *user) {
  gem_multi *m = user;
  (void)curl;
  m->due = ms < 0 ? INT64_MAX : gem_clock_ms() + ms;
  return 0;
}

int gem_multi_close_socket(void *multi, curl_socket_t fd) {
  gem_multi *m = multi;
  gem_sockets_close(&m->sockets, fd);
  return 0;
}

/* ---- Life. ---- */

static CURLMcode set_callbacks(gem_multi *m) {
  CURLMcode code = curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, on_socket);
  if (code == CURLM_OK) code = curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
  if (code == CURLM_OK) code = curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, on_timer);
  if (code == CURLM_OK) code = curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
  return code;
}

static void end(gem_multi *m, CURLcode why) {
  while (m->live) {
    m->live->no_memory |= why == CURLE_OUT_OF_MEMORY;
    gem_transfer_settle(m->live, why);
  }
  if (m->curl) curl_multi_cleanup(m->curl);
  m->curl = NULL;
  m->due = INT64_MAX;
}

int gem_multi_revive(gem_multi *m) {
  if (m->curl) return 1;
  m->curl = curl_multi_init();
  if (!m->curl) return 0;
  if (set_callbacks(m) == CURLM_OK) return 1;
  end(m, CURLE_OUT_OF_MEMORY);
  return 0;
}

int gem_multi_open(gem_multi *m) {
  memset(m, 0, sizeof *m);
  m->due = m->wanted = INT64_MAX;
  m->open = gem_multi_revive(m);
  return m->open;
}

/* Where memory runs out while curl notes who wants a socket, it keeps half a note: the next one who gets that
 * number ends the process. */
void gem_multi_give_up(gem_multi *m) {
  end(m, CURLE_OUT_OF_MEMORY);
  gem_sockets_clear(&m->sockets);
}

void gem_multi_close(gem_multi *m) {
  end(m, CURLE_ABORTED_BY_CALLBACK);
  while (gem_multi_news(m))
    ;
  m->open = 0;
  gem_sockets_free(&m->sockets);
}

/* ---- Driving. ---- */

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

/* Without bits curl looks for itself. */
static CURLMcode act(gem_multi *m, curl_socket_t fd, int bits) {
  int running;
  if (!m->curl) return CURLM_OK;
  errno = 0;
  CURLMcode code = curl_multi_socket_action(m->curl, fd, bits, &running);
  collect(m);
  /* Only want of memory makes our callbacks fail. */
  if (code == CURLM_OUT_OF_MEMORY || code == CURLM_ABORTED_BY_CALLBACK) gem_multi_give_up(m);
  return m->curl && code != CURLM_BAD_SOCKET ? code : CURLM_OK;
}

static CURLMcode act_on_timer(gem_multi *m) {
  if (gem_clock_ms() < m->due) return CURLM_OK;
  m->due = INT64_MAX;
  return act(m, CURL_SOCKET_TIMEOUT, 0);
}

static CURLMcode act_on_sockets(gem_multi *m, int64_t until_us) {
  CURLMcode code = CURLM_OK;
  curl_socket_t fd;
  int bits;
  while (code == CURLM_OK && gem_sockets_ready(&m->sockets, &fd, &bits)) {
    code = act(m, fd, bits);
    if (gem_clock_us() >= until_us) break;
  }
  return code;
}

static void expire(gem_multi *m) {
  int64_t now = gem_clock_ms();
  for (gem_transfer *t = m->live, *next; t; t = next) {
    next = t->next;
    gem_transfer_expire(t, now);
  }
}

static int64_t next_deadline(const gem_multi *m) {
  int64_t first = m->due;
  for (const gem_transfer *t = m->live; t; t = t->next) {
    int64_t deadline = gem_transfer_deadline(t);
    if (deadline < first) first = deadline;
  }
  return first;
}

static int64_t until(int64_t time) {
  int64_t left = time - gem_clock_ms();
  return left > 0 ? left : 0;
}

static int patience(const gem_multi *m, int ms) {
  int64_t first = next_deadline(m);
  if (first == INT64_MAX) return ms;
  int64_t left = until(first);
  return left < ms ? (int)left : ms;
}

/* ---- Silence counts while somebody listens. ---- */

/* What a frame of a game takes counts as silence all the same, or a host that steps without waiting would
 * never see any. */
#define ABSENCE_MS 1000

static void forgive(gem_multi *m) {
  /* A host listens as long as it calls in time. */
  int64_t now = gem_clock_ms(), since = m->sockets.listening ? m->wanted : m->stepped;
  if (now - since < ABSENCE_MS) return;
  for (gem_transfer *t = m->live; t; t = t->next)
    t->last_byte += now - (t->last_byte > since ? t->last_byte : since);
}

/* ---- What hosts and steps call. ---- */

/* Deadlines come after reading, so that what has arrived counts. */
CURLMcode gem_multi_step(gem_multi *m, int ms, int64_t budget_us) {
  unsigned long before = m->progress;
  int64_t begun = gem_clock_us();
  forgive(m);
  CURLMcode code = act_on_timer(m);
  if (code == CURLM_OK) {
    budget_us -= gem_clock_us() - begun;
    gem_sockets_poll(&m->sockets, m->progress == before ? patience(m, ms) : 0);
    code = act_on_sockets(m, gem_clock_us() + budget_us);
  }
  if (code == CURLM_OK) code = act_on_timer(m);
  expire(m);
  m->stepped = gem_clock_ms();
  return code;
}

CURLMcode gem_multi_act(gem_multi *m, curl_socket_t fd) {
  CURLMcode code = act(m, fd, 0);
  m->stepped = gem_clock_ms();
  return code;
}

CURLMcode gem_multi_expire(gem_multi *m) {
  forgive(m);
  /* A host whose timers come before its sockets, and that was away, has not read what has arrived. */
  gem_sockets_poll(&m->sockets, 0);
  CURLMcode code = act_on_sockets(m, INT64_MAX);
  if (code == CURLM_OK) code = act_on_timer(m);
  expire(m);
  m->stepped = gem_clock_ms();
  return code;
}

int64_t gem_multi_wanted(gem_multi *m) {
  m->wanted = next_deadline(m);
  return m->wanted == INT64_MAX ? -1 : until(m->wanted);
}

int64_t gem_multi_news(gem_multi *m) {
  gem_transfer *t = m->news;
  if (!t) return 0;
  gem_transfer_told(t);
  return t->id;
}
