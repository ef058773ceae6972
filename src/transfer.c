#include "transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apply.h"
#include "clock.h"
#include "coding.h"
#include "ending.h"
#include "head.h"

/* Unread bytes of a stream above which its socket is left alone, so long as there is something to take. */
#define HIGH_WATER (256 * 1024)

/* What is read in pieces has no limit, but what waits of it: above the mark comes no more than one write of
 * curl's. */
#define PIECES_CAP ((size_t)2 * HIGH_WATER)

void gem_transfer_init(gem_transfer *t) {
  memset(t, 0, sizeof *t);
  gem_body_init(&t->body, NULL, 0);
}

/* ---- News: what somebody may wait for. ---- */

static void tell(gem_transfer *t) {
  gem_multi *m = t->multi;
  m->progress++;
  if (t->teller) return;
  t->teller = m;
  t->prev_news = m->last_news;
  t->next_news = NULL;
  if (m->last_news) m->last_news->next_news = t;
  m->last_news = t;
  if (!m->news) m->news = t;
}

void gem_transfer_told(gem_transfer *t) {
  gem_multi *m = t->teller;
  if (!m) return;
  if (t->prev_news) t->prev_news->next_news = t->next_news;
  if (t->next_news) t->next_news->prev_news = t->prev_news;
  if (m->news == t) m->news = t->next_news;
  if (m->last_news == t) m->last_news = t->prev_news;
  t->teller = NULL;
}

/* ---- What curl calls: append and return. ---- */

static int refuse(gem_transfer *t, enum gem_refusal why) {
  t->refusal = why;
  return 0;
}

static int stored(gem_transfer *t, enum gem_status status, enum gem_refusal why) {
  t->no_memory |= status == GEM_NOMEM;
  if (status == GEM_LIMIT) refuse(t, why);
  return status == GEM_OK;
}

static int reads(const gem_transfer *t, enum gem_reading reading) {
  return t->reading == reading && t->status >= 200 && t->status < 300;
}

int gem_transfer_in_pieces(const gem_transfer *t) {
  return reads(t, GEM_PIECES);
}

static void begin_head(gem_transfer *t) {
  gem_buf_consume(&t->head, gem_buf_len(&t->head));
  t->layers = 0;
}

static int keep_header(gem_transfer *t, const char *line, size_t n) {
  if (gem_coding_refused(line, n, t->reading == GEM_PIECES ? NULL : &t->layers)) return refuse(t, GEM_CODED);
  return stored(t, gem_buf_append(&t->head, line, n), GEM_LARGE_HEAD);
}

/* At the end of a header block. 0 where its answer can't be used. */
static int end_head(gem_transfer *t) {
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->status);
  t->head_done = t->status >= 200;
  if (t->status >= 300 && t->reply.cap > GEM_ERROR_CAP) t->reply.cap = GEM_ERROR_CAP;
  if (t->status == 101) return refuse(t, GEM_SWITCHED);
  if (!t->head_done) return 1;
  return gem_head_problem(gem_buf_begin(&t->head), gem_buf_len(&t->head)) ? refuse(t, GEM_BAD_HEAD) : 1;
}

/* Keeps the lines of the last header block: those before it are of interim answers, those behind the body
 * trailers. All of them count, for libcurl holds them. */
static size_t on_header(char *line, size_t unit, size_t n, void *user) {
  gem_transfer *t = user;
  n *= unit;
  t->last_byte = gem_clock_ms();
  t->head_bytes += n;
  if (t->head_bytes > t->max_head) return (size_t)refuse(t, GEM_LARGE_HEAD);
  if (t->head_done) return n;
  if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) begin_head(t);
  if (!keep_header(t, line, n)) return 0;
  return n > 2 || end_head(t) ? n : 0;
}

static size_t pause_reading(gem_transfer *t) {
  t->paused = 1;
  return CURL_WRITEFUNC_PAUSE;
}

/* Whether n more bytes have to wait until an event is taken. */
static int has_enough(gem_transfer *t, size_t n) {
  size_t held = gem_sse_held(&t->events);
  return (held > HIGH_WATER || held + n > t->max_bytes) && gem_sse_ready(&t->events);
}

/* Of what is no plain body, so much is kept to be quoted. */
#define BEGINNING 512

static int keep_beginning(gem_transfer *t, const char *bytes, size_t n) {
  size_t most = t->reply.cap < BEGINNING ? t->reply.cap : BEGINNING, room = most - gem_buf_len(&t->reply);
  return stored(t, gem_buf_append(&t->reply, bytes, n < room ? n : room), GEM_LARGE_BODY);
}

static size_t on_event_bytes(gem_transfer *t, const char *bytes, size_t n) {
  if (t->lent || has_enough(t, n)) return pause_reading(t);
  if (!stored(t, gem_sse_feed(&t->events, bytes, n), GEM_LARGE_EVENT)) return 0;
  if (!keep_beginning(t, bytes, n)) return 0;
  if (gem_sse_ready(&t->events)) tell(t);
  return n;
}

static size_t on_piece(gem_transfer *t, const char *bytes, size_t n) {
  size_t held = gem_buf_len(&t->reply);
  if (held && held + n > HIGH_WATER) return pause_reading(t);
  if (!stored(t, gem_buf_append(&t->reply, bytes, n), GEM_LARGE_BODY)) return 0;
  tell(t);
  return n;
}

static size_t refuse_bare(gem_transfer *t, const char *bytes, size_t n) {
  if (keep_beginning(t, bytes, n)) refuse(t, GEM_NO_HTTP);
  return 0;
}

static size_t on_body(char *bytes, size_t unit, size_t n, void *user) {
  gem_transfer *t = user;
  n *= unit;
  t->last_byte = gem_clock_ms();
  if (!t->head_done) return refuse_bare(t, bytes, n);
  if (reads(t, GEM_EVENTS)) return on_event_bytes(t, bytes, n);
  if (reads(t, GEM_PIECES)) return on_piece(t, bytes, n);
  enum gem_refusal why = t->reply.cap == GEM_ERROR_CAP ? GEM_LARGE_ERROR : GEM_LARGE_BODY;
  return stored(t, gem_buf_append(&t->reply, bytes, n), why) ? n : 0;
}

static size_t on_send(char *to, size_t unit, size_t n, void *user) {
  gem_transfer *t = user;
  t->last_byte = gem_clock_ms();
  size_t done = gem_body_read(&t->body, to, n * unit);
  return done == 0 && t->body.failed ? CURL_READFUNC_ABORT : done;
}

/* curl sends a body again by itself where a kept connection broke without an answer, unseen by whoever
 * counts. */
static int on_rewind(void *user, curl_off_t position, int origin) {
  gem_transfer *t = user;
  if (t->once && t->body.position > 0) return CURL_SEEKFUNC_FAIL;
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  return gem_body_seek(&t->body, (int64_t)position) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

/* ---- Life. ---- */

#define SET(option, value)                                                                                   \
  do {                                                                                                       \
    CURLcode set_ = curl_easy_setopt(t->easy, option, value);                                                \
    if (set_ != CURLE_OK) return set_;                                                                       \
  } while (0)

static CURLcode set_callbacks(gem_transfer *t, gem_multi *m) {
  SET(CURLOPT_PRIVATE, t);
  SET(CURLOPT_ERRORBUFFER, t->error);
  SET(CURLOPT_HEADERFUNCTION, on_header);
  SET(CURLOPT_HEADERDATA, t);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, t);
  SET(CURLOPT_READFUNCTION, on_send);
  SET(CURLOPT_READDATA, t);
  SET(CURLOPT_SEEKFUNCTION, on_rewind);
  SET(CURLOPT_SEEKDATA, t);
  /* Whoever closes a connection, it belongs to the multi. */
  SET(CURLOPT_CLOSESOCKETFUNCTION, gem_multi_close_socket);
  SET(CURLOPT_CLOSESOCKETDATA, m);
  return CURLE_OK;
}

static void attach(gem_transfer *t, gem_multi *m) {
  t->multi = m;
  t->prev = NULL;
  t->next = m->live;
  if (m->live) m->live->prev = t;
  m->live = t;
  m->count++;
  t->id = ++m->started;
}

static void detach(gem_transfer *t) {
  gem_multi *m = t->multi;
  if (!m) return;
  curl_multi_remove_handle(m->curl, t->easy);
  if (t->prev) t->prev->next = t->next;
  if (t->next) t->next->prev = t->prev;
  if (m->live == t) m->live = t->next;
  m->count--;
  m->ended++;
  tell(t);
  t->multi = NULL;
}

static void free_handle(gem_transfer *t) {
  gem_body_close(&t->body);
  if (t->easy) curl_easy_cleanup(t->easy);
  gem_lines_give_back(t->lines);
  t->easy = NULL;
  t->lines = NULL;
}

static size_t reply_cap(const gem_request *r) {
  if (r->reading == GEM_EVENTS) return r->max_total;
  return r->reading == GEM_PIECES && r->max_bytes < PIECES_CAP ? PIECES_CAP : r->max_bytes;
}

static void prepare(gem_transfer *t, const gem_request *r) {
  gem_buf_init(&t->head, r->max_head);
  gem_buf_init(&t->reply, reply_cap(r));
  gem_sse_init(&t->events, r->max_bytes);
  gem_body_init(&t->body, r->segments, r->segment_count);
  t->lines = gem_lines_take(r->lines);
  t->reading = r->reading;
  t->once = (unsigned char)r->once;
  t->max_bytes = r->max_bytes;
  t->max_total = r->max_total;
  t->max_head = r->max_head;
  t->taken = r->taken;
  t->idle_ms = r->idle_ms;
  t->total_ms = r->total_ms;
  t->last_byte = gem_clock_ms();
  t->deadline = r->total_ms > 0 ? t->last_byte + r->total_ms : INT64_MAX;
}

int gem_transfer_start(gem_transfer *t, gem_multi *m, const gem_request *r) {
  prepare(t, r);
  t->easy = curl_easy_init();
  CURLcode code = t->easy ? CURLE_OK : CURLE_OUT_OF_MEMORY;
  if (code == CURLE_OK) code = set_callbacks(t, m);
  if (code == CURLE_OK) code = gem_apply(r, t->easy);
  if (code == CURLE_OK && !gem_multi_revive(m)) code = CURLE_OUT_OF_MEMORY;
  if (code == CURLE_OK && curl_multi_add_handle(m->curl, t->easy) != CURLM_OK) code = CURLE_OUT_OF_MEMORY;
  if (code == CURLE_OK) {
    attach(t, m);
    return 1;
  }
  /* Nothing has come yet that could be too large. */
  t->no_memory |= code == CURLE_OUT_OF_MEMORY;
  gem_transfer_settle(t, code);
  return 0;
}

/* ---- Endings. ---- */

static void note_left(gem_transfer *t) {
  long bytes = 0;
  if (t->easy) curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &bytes);
  t->left = bytes > 0;
}

static void fail(gem_transfer *t, CURLcode code) {
  t->end = GEM_FAILED;
  gem_ending_fail(t, code);
}

void gem_transfer_settle(gem_transfer *t, CURLcode code) {
  note_left(t);
  /* curl is content with headers that break off. */
  if (code == CURLE_OK && !t->head_done) code = CURLE_PARTIAL_FILE;
  if (code == CURLE_OK && !t->refusal && !t->no_memory) {
    t->end = GEM_DONE;
    gem_sse_finish(&t->events);
  } else {
    /* An event cut off by the failure stays untaken: half a value would hide the cause. */
    fail(t, code);
  }
  detach(t);
  free_handle(t);
}

void gem_transfer_close(gem_transfer *t) {
  if (t->end == GEM_RUNNING) gem_transfer_settle(t, CURLE_ABORTED_BY_CALLBACK);
  t->closed = 1;
  gem_buf_free(&t->head);
  gem_buf_free(&t->reply);
  if (!t->lent) gem_sse_free(&t->events);
}

/* curl asks for bytes in large steps and sends them in small ones: those count too. */
static void look_at_sent(gem_transfer *t, int64_t now) {
  curl_off_t moved = 0;
  curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &moved);
  if (moved != t->moved) t->last_byte = now;
  t->moved = moved;
}

static int64_t idle_deadline(const gem_transfer *t) {
  return t->idle_ms > 0 && !t->paused ? t->last_byte + t->idle_ms : INT64_MAX;
}

int64_t gem_transfer_deadline(const gem_transfer *t) {
  int64_t idle = idle_deadline(t);
  return idle < t->deadline ? idle : t->deadline;
}

void gem_transfer_expire(gem_transfer *t, int64_t now) {
  if (now >= idle_deadline(t)) look_at_sent(t, now);
  if (now < gem_transfer_deadline(t)) return;
  int idle = now < t->deadline;
  long ms = idle ? t->idle_ms : t->total_ms;
  int whole = ms % 1000 == 0;
  snprintf(t->error, sizeof t->error, "no %s %ld %s", idle ? "byte for" : "complete answer within",
           whole ? ms / 1000 : ms, whole ? "s" : "ms");
  gem_transfer_settle(t, CURLE_OPERATION_TIMEDOUT);
}

/* ---- What the consumer calls. ---- */

static void resume(gem_transfer *t) {
  t->paused = 0;
  t->last_byte = gem_clock_ms();
  /* Bytes that curl held back arrive within this call, and a failure to take them is told here alone. */
  errno = 0;
  CURLcode code = curl_easy_pause(t->easy, CURLPAUSE_CONT);
  int wants_memory = code == CURLE_OUT_OF_MEMORY && !gem_ending_is_long_line(t, code);
  if (wants_memory || code == CURLE_ABORTED_BY_CALLBACK) {
    gem_multi_give_up(t->multi);
  } else if (code != CURLE_OK) {
    gem_transfer_settle(t, code);
  }
}

static int has_some(gem_transfer *t) {
  return gem_sse_ready(&t->events) || (gem_transfer_in_pieces(t) && gem_buf_len(&t->reply) > 0);
}

int gem_transfer_ready(gem_transfer *t) {
  if (has_some(t) || t->lent) return 1;
  if (t->paused && t->multi) resume(t);
  return has_some(t) || t->end != GEM_RUNNING;
}

/* What curl reads where it lies is not counted: such a body may have gone with the headers. */
int gem_transfer_is_sent(const gem_transfer *t) {
  return t->left && (!t->once || t->body.position >= t->body.size);
}

static int refuse_more(gem_transfer *t) {
  refuse(t, GEM_LARGE_STREAM);
  if (t->end == GEM_RUNNING)
    gem_transfer_settle(t, CURLE_WRITE_ERROR);
  else
    fail(t, CURLE_WRITE_ERROR);
  return 0;
}

void gem_transfer_lend(gem_transfer *t) {
  t->lent = 1;
}

void gem_transfer_give_back(gem_transfer *t) {
  t->lent = 0;
  if (t->closed) gem_sse_free(&t->events);
}

int gem_transfer_event(gem_transfer *t, const char **data, size_t *len) {
  if (!gem_sse_next(&t->events, data, len)) return 0;
  t->taken += (int64_t)*len;
  return (uint64_t)t->taken <= t->max_total || refuse_more(t);
}
