/*
 * The scripted TCP server behind loopback.c. It knows nothing of Lua, for its threads must not: one
 * accepts, and one a connection runs that connection's script.
 *
 * The scripts are constant once the threads run; the mutex guards all else that is shared.
 */
#ifndef LOOPBACK_SERVER_H
#define LOOPBACK_SERVER_H

#include "loopback_ops.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <unistd.h>

#define DRAIN_SECONDS 0.2 /* how long a closed connection waits for the peer's FIN */

struct stats {
  uint64_t sent;
  double stalled;
  size_t peer_closed;
};

static enum outcome run_script(struct conn *c) {
  size_t i = 0;
  while (i < c->script->count) {
    const struct op *op = &c->script->ops[i];
    if (is_stopping(c->server)) return DROP;
    enum outcome next = op->run(c, op);
    if (next == FINISH || next == DROP) return next;
    i = next == AGAIN ? 0 : i + 1;
  }
  return FINISH;
}

/* Closing with unread bytes would send RST, and that could destroy an answer on its way. */
static void finish(struct conn *c) {
  char sink[4096];
  double deadline = now() + DRAIN_SECONDS;
  shutdown(c->fd, SHUT_WR);
  while (wait_fd(c->server, c->fd, POLLIN, deadline) > 0 && recv(c->fd, sink, sizeof sink, 0) > 0)
    continue;
}

static void *serve(void *arg) {
  struct conn *c = arg;
  struct server *s = c->server;
  if (run_script(c) == FINISH) finish(c);
  close(c->fd);
  free(c->in);
  pthread_mutex_lock(&s->lock);
  c->ended = 1;
  s->active--;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  return NULL;
}

/* Children of this process must not hold a connection open. */
static int configure(int fd) {
  return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* Answers wait for no acknowledgement, so that each `send` leaves as it is. */
static void send_at_once(int fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* A new connection with its thread under way, or NULL; owns fd if not NULL. */
static struct conn *start_conn(struct server *s, int fd, const struct script *script) {
  struct conn *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->server = s;
  c->script = script;
  c->fd = fd;
  if (configure(fd) && pthread_create(&c->thread, NULL, serve, c) == 0) return c;
  free(c);
  return NULL;
}

/* Serves fd or closes it; called with the lock held. */
static void adopt(struct server *s, int fd) {
  size_t last = s->script_count - 1, i = s->accepted++;
  send_at_once(fd);
  struct conn *c = start_conn(s, fd, &s->scripts[i < last ? i : last]);
  if (!c) {
    close(fd);
    return;
  }
  c->next = s->conns;
  s->conns = c;
  s->active++;
}

/* Joins the threads that have ended; called with the lock held, which they need no more. */
static void reap(struct server *s) {
  struct conn **link = &s->conns;
  while (*link) {
    struct conn *c = *link;
    if (!c->ended) {
      link = &c->next;
      continue;
    }
    *link = c->next;
    pthread_join(c->thread, NULL);
    free(c);
  }
}

/* The lock is held over accept, so that has_open finds each connection on one side of it. */
static void accept_one(struct server *s) {
  pthread_mutex_lock(&s->lock);
  reap(s);
  int fd = accept(s->listener, NULL, NULL);
  if (fd >= 0) adopt(s, fd);
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  if (fd < 0) wait_fd(s, -1, 0, now() + 0.01); /* out of descriptors: poll would return at once */
}

static void join_all(struct server *s) {
  while (s->conns) {
    struct conn *c = s->conns;
    s->conns = c->next;
    pthread_join(c->thread, NULL);
    free(c);
  }
}

/* Signals are for Lua's thread; the connections' threads inherit the mask. */
static void *accept_all(void *arg) {
  struct server *s = arg;
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
  while (!is_stopping(s))
    if (wait_fd(s, s->listener, POLLIN, FOREVER) > 0) accept_one(s);
  join_all(s);
  return NULL;
}

/* All that follows runs in Lua's thread. */

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void server_init(struct server *s) {
  memset(s, 0, sizeof *s);
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->changed, NULL);
  pthread_cond_init(&s->together, NULL);
  s->listener = s->wake[0] = s->wake[1] = -1;
  s->last_request = &s->first_request;
}

/* Ends the threads and closes the sockets; requests and counts stay. */
static void server_stop(struct server *s) {
  pthread_mutex_lock(&s->lock);
  s->stopping = 1;
  pthread_cond_broadcast(&s->together);
  pthread_mutex_unlock(&s->lock);
  close_fd(&s->wake[1]);
  if (s->running) pthread_join(s->thread, NULL);
  s->running = 0;
  close_fd(&s->wake[0]);
  close_fd(&s->listener);
}

/* Of each connection, in the kernel; 0 for the system's own sizes. */
static int set_buffers(int fd, int size) {
  return size == 0 || (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0 &&
                       setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0);
}

static int open_listener(struct server *s, int buffer) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  struct sockaddr *name = (struct sockaddr *)&address;
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  s->listener = socket(AF_INET, SOCK_STREAM, 0);
  if (s->listener < 0 || !configure(s->listener)) return 0;
  if (!set_buffers(s->listener, buffer)) return 0;
  if (bind(s->listener, name, size) != 0 || listen(s->listener, SOMAXCONN) != 0) return 0;
  if (getsockname(s->listener, name, &size) != 0) return 0;
  s->port = ntohs(address.sin_port);
  return 1;
}

/* Listens and starts to accept. May fail: false with errno set, and server_free is still due. */
static int server_open(struct server *s, int buffer) {
  if (!open_listener(s, buffer)) return 0;
  if (pipe(s->wake) != 0 || !configure(s->wake[0]) || !configure(s->wake[1])) return 0;
  errno = pthread_create(&s->thread, NULL, accept_all, s);
  s->running = errno == 0;
  return s->running;
}

static void free_scripts(struct server *s) {
  for (size_t i = 0; i < s->script_count; i++) {
    for (size_t k = 0; k < s->scripts[i].count; k++)
      free(s->scripts[i].ops[k].bytes);
    free(s->scripts[i].ops);
  }
  free(s->scripts);
}

static void free_requests(struct server *s) {
  while (s->first_request) {
    struct request *r = s->first_request;
    s->first_request = r->next;
    free(r);
  }
}

static void server_free(struct server *s) {
  server_stop(s);
  free_scripts(s);
  free_requests(s);
  pthread_cond_destroy(&s->changed);
  pthread_cond_destroy(&s->together);
  pthread_mutex_destroy(&s->lock);
}

/* A block that still lasts counts too: the client that causes it may be the one who asks. */
static struct stats server_stats(struct server *s) {
  pthread_mutex_lock(&s->lock);
  struct stats stats = {s->sent, s->stalled, s->peer_closed};
  for (const struct conn *c = s->conns; c; c = c->next)
    if (c->blocked_since > 0) stats.stalled = longer(stats.stalled, now() - c->blocked_since);
  pthread_mutex_unlock(&s->lock);
  return stats;
}

static struct timespec wall_clock_in(double seconds) {
  struct timespec t;
  time_t whole = (time_t)(seconds < 1e6 ? seconds : 1e6);
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_sec += whole;
  t.tv_nsec += seconds < 1e6 ? (long)((seconds - (double)whole) * 1e9) : 0;
  t.tv_sec += t.tv_nsec / 1000000000;
  t.tv_nsec %= 1000000000;
  return t;
}

/* A connection in the backlog is one that has not ended. */
static int has_open(struct server *s) {
  struct pollfd backlog = {s->listener, POLLIN, 0};
  return s->active > 0 || poll(&backlog, 1, 0) > 0;
}

/* True when no connection is open, false when the time is over first. */
static int server_wait_closed(struct server *s, double seconds) {
  struct timespec until = wall_clock_in(seconds);
  int error = 0;
  pthread_mutex_lock(&s->lock);
  while (has_open(s) && error == 0)
    error = pthread_cond_timedwait(&s->changed, &s->lock, &until);
  int closed = !has_open(s);
  pthread_mutex_unlock(&s->lock);
  return closed;
}

#endif
