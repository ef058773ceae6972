/*
 * One connection of the scripted server: its state, and how it waits, reads and sends.
 *
 * Every wait is a poll that also watches the server's pipe, so that a stop ends sleeps and blocked
 * sends at once. A peer that sends FIN is taken to have closed, for HTTP clients do not half-close.
 */
#ifndef LOOPBACK_CONN_H
#define LOOPBACK_CONN_H

#include "loopback_request.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#define FOREVER   HUGE_VAL
#define READ_SIZE 65536

/* What follows an op: the next one, the first one, an orderly close, or a close at once. */
enum outcome { NEXT, AGAIN, FINISH, DROP };

struct conn;
struct op;
typedef enum outcome op_fn(struct conn *, const struct op *);

struct op {
  op_fn *run;
  char *bytes;
  size_t len;
  size_t number;
  double seconds;
};

struct script {
  struct op *ops;
  size_t count;
};

struct request {
  struct request *next;
  size_t len;
  char bytes[];
};

struct server {
  pthread_mutex_t lock;
  pthread_cond_t changed;  /* a connection was accepted or has ended */
  pthread_cond_t together; /* one more has come to a `meet` */
  pthread_t thread;
  int running; /* the thread exists; known to Lua's thread only */
  int listener;
  int wake[2]; /* closing [1] makes [0] readable to every thread for ever */
  unsigned port;
  struct script *scripts;
  size_t script_count;

  int stopping;
  struct conn *conns;
  size_t accepted, active, peer_closed;
  struct request *first_request, **last_request;
  size_t request_count;
  uint64_t sent;
  double stalled;
  size_t met;
};

struct conn {
  struct conn *next;
  struct server *server;
  const struct script *script;
  pthread_t thread;
  int fd;
  char *in; /* received and not yet taken by a `recv` */
  size_t in_len, in_size;
  double blocked_since; /* 0 while not blocked in a send */
  int ended;
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int poll_timeout(double left) {
  if (left <= 0) return 0;
  if (left > 1000) return 1000000;
  int ms = (int)(left * 1000);
  return ms < left * 1000 ? ms + 1 : ms;
}

/* The poll events of fd, 0 at the deadline, -1 when the server stops. A negative fd just waits. */
static int wait_fd(const struct server *s, int fd, short events, double deadline) {
  for (;;) {
    struct pollfd fds[2] = {{s->wake[0], POLLIN, 0}, {fd, events, 0}};
    int n = poll(fds, 2, poll_timeout(deadline - now()));
    if (n > 0) return fds[0].revents ? -1 : fds[1].revents;
    if (n == 0 && now() >= deadline) return 0;
  }
}

static int is_stopping(struct server *s) {
  pthread_mutex_lock(&s->lock);
  int stopping = s->stopping;
  pthread_mutex_unlock(&s->lock);
  return stopping;
}

static enum outcome peer_gone(struct conn *c) {
  pthread_mutex_lock(&c->server->lock);
  c->server->peer_closed++;
  pthread_mutex_unlock(&c->server->lock);
  return DROP;
}

static int is_retryable(int error) {
  return error == EAGAIN || error == EINTR;
}

/* Sleeps, but not longer than the peer stays. */
static enum outcome nap(struct conn *c, double seconds) {
  double deadline = now() + seconds;
  short events = POLLIN;
  for (;;) {
    char byte;
    int ready = wait_fd(c->server, c->fd, events, deadline);
    if (ready <= 0) return ready == 0 ? NEXT : DROP;
    ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK);
    if (n == 0 || (n < 0 && !is_retryable(errno))) return peer_gone(c);
    if (n > 0 && (ready & (POLLERR | POLLHUP))) return peer_gone(c);
    if (n > 0) events = 0; /* left for a later recv; asked again, poll would return at once */
  }
}

/* ---- reading ---- */

static int reserve(struct conn *c, size_t n) {
  if (c->in_size - c->in_len >= n) return 1;
  size_t size = c->in_size * 2 + n;
  char *in = realloc(c->in, size);
  if (!in) return 0;
  c->in = in;
  c->in_size = size;
  return 1;
}

static enum outcome read_some(struct conn *c, size_t most) {
  if (wait_fd(c->server, c->fd, POLLIN, FOREVER) < 0 || !reserve(c, most)) return DROP;
  ssize_t n = recv(c->fd, c->in + c->in_len, most, 0);
  if (n == 0 || (n < 0 && !is_retryable(errno))) return peer_gone(c);
  if (n > 0) c->in_len += (size_t)n;
  return NEXT;
}

static enum outcome read_more(struct conn *c) {
  return read_some(c, READ_SIZE);
}

static enum outcome take_request(struct conn *c, size_t len) {
  struct server *s = c->server;
  struct request *r = malloc(sizeof *r + len);
  if (!r) return DROP;
  r->next = NULL;
  r->len = len;
  memcpy(r->bytes, c->in, len);
  c->in_len -= len;
  memmove(c->in, c->in + len, c->in_len);
  pthread_mutex_lock(&s->lock);
  *s->last_request = r;
  s->last_request = &r->next;
  s->request_count++;
  pthread_mutex_unlock(&s->lock);
  return NEXT;
}

/* ---- sending ---- */

static double longer(double a, double b) {
  return a > b ? a : b;
}

static enum outcome wait_room(struct conn *c) {
  struct server *s = c->server;
  pthread_mutex_lock(&s->lock);
  c->blocked_since = now();
  pthread_mutex_unlock(&s->lock);
  int ready = wait_fd(s, c->fd, POLLOUT, FOREVER);
  pthread_mutex_lock(&s->lock);
  s->stalled = longer(s->stalled, now() - c->blocked_since);
  c->blocked_since = 0;
  pthread_mutex_unlock(&s->lock);
  return ready < 0 ? DROP : NEXT;
}

/* A client that keeps reading never lets a send block, so the stop is looked for here too. */
static enum outcome count_sent(struct server *s, size_t n) {
  pthread_mutex_lock(&s->lock);
  s->sent += n;
  enum outcome next = s->stopping ? DROP : NEXT;
  pthread_mutex_unlock(&s->lock);
  return next;
}

static enum outcome send_bytes(struct conn *c, const char *p, size_t len) {
  enum outcome next = NEXT;
  while (len > 0 && next == NEXT) {
    ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);
    if (n >= 0) {
      next = count_sent(c->server, (size_t)n);
      p += n;
      len -= (size_t)n;
    } else if (is_retryable(errno)) {
      next = wait_room(c);
    } else {
      next = peer_gone(c);
    }
  }
  return next;
}

#endif
