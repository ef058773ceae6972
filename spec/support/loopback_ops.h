/*
 * The ops of a script: each does one thing to a connection and says what follows.
 */
#ifndef LOOPBACK_OPS_H
#define LOOPBACK_OPS_H

#include "loopback_conn.h"

#include <netinet/in.h>
#include <unistd.h>

#define BLOCK_SIZE 65536 /* what `fill` sends at once */

static enum outcome run_recv(struct conn *c, const struct op *op) {
  enum outcome next = NEXT;
  (void)op;
  while (next == NEXT) {
    size_t len = c->in_len ? request_length(c->in, c->in_len) : INCOMPLETE;
    if (len == MALFORMED) return FINISH;
    if (len != INCOMPLETE) return take_request(c, len);
    next = read_more(c);
  }
  return next;
}

/* Like recv, but a few bytes at a time. */
static enum outcome run_sip(struct conn *c, const struct op *op) {
  enum outcome next = NEXT;
  while (next == NEXT) {
    size_t len = c->in_len ? request_length(c->in, c->in_len) : INCOMPLETE;
    if (len == MALFORMED) return FINISH;
    if (len != INCOMPLETE) return take_request(c, len);
    next = read_some(c, op->number);
    if (next == NEXT) next = nap(c, op->seconds);
  }
  return next;
}

static enum outcome run_send(struct conn *c, const struct op *op) {
  return send_bytes(c, op->bytes, op->len);
}

static enum outcome run_drip(struct conn *c, const struct op *op) {
  enum outcome next = NEXT;
  for (size_t at = 0, n; at < op->len && next == NEXT; at += n) {
    n = op->len - at < op->number ? op->len - at : op->number;
    if (at > 0) next = nap(c, op->seconds);
    if (next == NEXT) next = send_bytes(c, op->bytes + at, n);
  }
  return next;
}

static enum outcome run_cut(struct conn *c, const struct op *op) {
  enum outcome next = send_bytes(c, op->bytes, op->number);
  if (next == NEXT) next = nap(c, op->seconds);
  if (next == NEXT) next = send_bytes(c, op->bytes + op->number, op->len - op->number);
  return next;
}

/* Copies are sent in blocks: one system call a copy would be slower than the client. */
static enum outcome run_fill(struct conn *c, const struct op *op) {
  size_t copies = op->len < BLOCK_SIZE ? BLOCK_SIZE / (op->len + 1) + 1 : 1;
  enum outcome next = NEXT;
  char *block = malloc(copies * op->len + 1);
  if (!block) return DROP;
  for (size_t i = 0; i < copies; i++)
    memcpy(block + i * op->len, op->bytes, op->len);
  for (size_t left = op->number; left > 0 && next == NEXT; left -= copies) {
    if (copies > left) copies = left;
    next = send_bytes(c, block, copies * op->len);
  }
  free(block);
  return next;
}

static enum outcome run_sleep(struct conn *c, const struct op *op) {
  return nap(c, op->seconds);
}

static enum outcome run_meet(struct conn *c, const struct op *op) {
  struct server *s = c->server;
  pthread_mutex_lock(&s->lock);
  if (++s->met >= op->number) pthread_cond_broadcast(&s->together);
  while (s->met < op->number && !s->stopping)
    pthread_cond_wait(&s->together, &s->lock);
  enum outcome next = s->stopping ? DROP : NEXT;
  pthread_mutex_unlock(&s->lock);
  return next;
}

/* A connection to a port of this machine; -1 when there is none. */
static int dial(size_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

static enum outcome pass_on(struct conn *c, int to) {
  enum outcome next = c->in_len ? NEXT : read_more(c);
  if (next == NEXT && send(to, c->in, c->in_len, MSG_NOSIGNAL) < 0) next = FINISH;
  c->in_len = 0;
  return next;
}

static enum outcome pass_back(struct conn *c, int from) {
  char block[READ_SIZE];
  ssize_t n = recv(from, block, sizeof block, 0);
  return n > 0 ? send_bytes(c, block, (size_t)n) : FINISH;
}

static enum outcome run_relay(struct conn *c, const struct op *op) {
  int fd = dial(op->number);
  enum outcome next = fd < 0 ? DROP : NEXT;
  if (next == NEXT && c->in_len) next = pass_on(c, fd);
  while (next == NEXT) {
    struct pollfd fds[3] = {{c->server->wake[0], POLLIN, 0}, {c->fd, POLLIN, 0}, {fd, POLLIN, 0}};
    if (poll(fds, 3, -1) < 0) continue;
    if (fds[0].revents) next = DROP;
    if (next == NEXT && fds[1].revents) next = pass_on(c, fd);
    if (next == NEXT && fds[2].revents) next = pass_back(c, fd);
  }
  if (fd >= 0) close(fd);
  return next;
}

static enum outcome run_close(struct conn *c, const struct op *op) {
  (void)c, (void)op;
  return FINISH;
}

static enum outcome run_reset(struct conn *c, const struct op *op) {
  struct linger at_once = {1, 0};
  (void)op;
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  return DROP;
}

static enum outcome run_loop(struct conn *c, const struct op *op) {
  (void)c, (void)op;
  return AGAIN;
}

static enum outcome run_hold(struct conn *c, const struct op *op) {
  enum outcome next;
  (void)op;
  do {
    c->in_len = 0;
    next = read_more(c);
  } while (next == NEXT);
  return next;
}

/* The letters name the arguments that follow the op's name: see ARGS in loopback.c. */
static const struct op_kind {
  const char *name;
  const char *args;
  op_fn *run;
} OPS[] = {
    {"recv", "", run_recv},    {"send", "b", run_send},   {"drip", "bps", run_drip}, {"cut", "boS", run_cut},
    {"fill", "bn", run_fill},  {"sleep", "s", run_sleep}, {"close", "", run_close},  {"reset", "", run_reset},
    {"loop", "", run_loop},    {"hold", "", run_hold},    {"sip", "ns", run_sip},    {"meet", "n", run_meet},
    {"relay", "n", run_relay}, {NULL, NULL, NULL},
};

#endif
