/*
 * A server that answers as Gemini does and costs less than any client: what it sends is made beforehand, and
 * what comes is discarded where the kernel has it.
 *
 *   fixture    prints its port; ends with its stdin, and prints the CPU seconds that it took since
 *
 * A request's method says what is answered, and for a stream the model: events-N has N events at once;
 * together-C-N as well, but once C of such requests are there, and then one event of each at a time, every 20
 * ms; clock has one event, a little later, with the time at which it was sent.
 */
#include "answers.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
  HEAD_SIZE = 16384,
  AT_ONCE = 4 * 1024 * 1024,
  AT_MOST = 4096,
  PIECES = 16,
  LATER_MS = 2,
  ROUND_MS = 20
};

struct connection {
  int fd;
  char in[HEAD_SIZE];
  size_t have;
  long long body_size, body; /* of the request, and what of it is still to come */
  int asked;                 /* a request's head is there */
  struct answer answer;
  long long sent, most; /* bytes, and how many may be sent for now */
  int blocked;
};

static int poller, waiting_count, rounds;
static long long uploaded;
static struct connection *waiting[AT_MOST], *later;

static long long size_of(const struct answer *a) {
  return (long long)a->head_size + a->cycled + (long long)a->tail_size;
}

/* What follows behind so many bytes of an answer, in one piece. */
static struct iovec piece_at(const struct answer *a, long long at) {
  if (at < (long long)a->head_size) return (struct iovec){(char *)a->head + at, a->head_size - (size_t)at};
  at -= (long long)a->head_size;
  if (at >= a->cycled)
    return (struct iovec){(char *)a->tail + (at - a->cycled), a->tail_size - (size_t)(at - a->cycled)};
  size_t from = (size_t)(at % (long long)a->cycle_size), size = a->cycle_size - from;
  if ((long long)size > a->cycled - at) size = (size_t)(a->cycled - at);
  return (struct iovec){(char *)a->cycle + from, size};
}

static ssize_t send_pieces(struct connection *c, long long size) {
  struct iovec pieces[PIECES];
  struct msghdr message = {.msg_iov = pieces};
  long long at = c->sent;
  for (; message.msg_iovlen < PIECES && at < size; message.msg_iovlen++) {
    pieces[message.msg_iovlen] = piece_at(&c->answer, at);
    at += (long long)pieces[message.msg_iovlen].iov_len;
  }
  return sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void watch(struct connection *c, int operation, uint32_t events) {
  struct epoll_event e = {.events = events, .data.ptr = c};
  epoll_ctl(poller, operation, c->fd, &e);
}

static void send_on(struct connection *c) {
  long long size = size_of(&c->answer);
  ssize_t n = 1;
  if (size > c->most) size = c->most;
  while (c->sent < size && (n = send_pieces(c, size)) > 0)
    c->sent += n;
  if (c->blocked != (n < 0)) watch(c, EPOLL_CTL_MOD, n < 0 ? EPOLLOUT : EPOLLIN);
  c->blocked = n < 0;
}

static void send_answer(struct connection *c, struct answer a) {
  c->answer = a;
  c->sent = 0;
  c->most = size_of(&a);
  send_on(c);
}

/* The value of a header, or NULL. */
static const char *header(const char *head, const char *name) {
  size_t n = strlen(name);
  for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
    if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':')
      return line + 3 + n + strspn(line + 3 + n, " ");
  return NULL;
}

/* One event more of each stream. */
static void send_round(void) {
  long long left = 0;
  rounds++;
  for (int i = 0; i < waiting_count; i++) {
    struct connection *c = waiting[i];
    c->most = (long long)(c->answer.head_size + (size_t)rounds * c->answer.step);
    /* The tail is the last event, and the end. */
    if (c->most >= size_of(&c->answer) - (long long)c->answer.tail_size + 1) c->most = size_of(&c->answer);
    send_on(c);
    left += size_of(&c->answer) - c->most;
  }
  if (left == 0) waiting_count = rounds = 0;
}

static void await_others(struct connection *c, int count) {
  waiting[waiting_count++] = c;
  if (waiting_count == count) send_round();
}

static void forget(const struct connection *c) {
  if (later == c) later = NULL;
  for (int i = 0; i < waiting_count; i++)
    if (waiting[i] == c) waiting[i--] = waiting[--waiting_count];
}

static void answer_stream(struct connection *c, const char *model) {
  long long count = 1;
  int together = 0;
  if (strncmp(model, "clock:", 6) == 0) {
    later = c;
    send_answer(c, answer_begin());
    return;
  }
  if (sscanf(model, "together-%d-%lld", &together, &count) != 2) sscanf(model, "events-%lld", &count);
  if (!together) {
    send_answer(c, answer_events(count));
    return;
  }
  c->answer = answer_events(count);
  c->sent = 0;
  await_others(c, together);
}

/* An upload may come in parts, over one connection or several; all are one file. */
static void answer_part(struct connection *c, const char *command) {
  uploaded = command && strncmp(command, "start", 5) == 0 ? 0 : uploaded + c->body_size;
  send_answer(c, answer_upload(command, uploaded));
}

static void answer_request(struct connection *c) {
  static const char models[] = "/v1beta/models/";
  char *line = c->in, *end = strstr(line, " HTTP/");
  if (end) *end = 0;
  const char *model = strstr(line, models);
  if (!model || strstr(line, "/upload/"))
    answer_part(c, header(end + 1, "x-goog-upload-command"));
  else if (strstr(model, ":streamGenerateContent"))
    answer_stream(c, model + sizeof models - 1);
  else if (strstr(model, ":batchEmbedContents"))
    send_answer(c, answer_embeddings());
  else if (strstr(model, "-image:"))
    send_answer(c, answer_image());
  else
    send_answer(c, answer_text());
}

/* The whole of a request is there. */
static void answer(struct connection *c) {
  answer_request(c);
  c->have = 0;
  c->asked = 0;
}

static void read_length(struct connection *c, const char *end) {
  const char *length = header(c->in, "content-length");
  long long came = (long long)c->have - (end + 4 - c->in);
  c->body_size = length ? atoll(length) : 0;
  c->body = c->body_size - came;
  c->asked = 1;
  if (c->body > 0 && header(c->in, "expect")) send(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
}

static ssize_t read_head(struct connection *c) {
  ssize_t n = recv(c->fd, c->in + c->have, HEAD_SIZE - 1 - c->have, 0);
  if (n <= 0) return n;
  c->have += (size_t)n;
  c->in[c->have] = 0;
  const char *end = strstr(c->in, "\r\n\r\n");
  if (end) read_length(c, end);
  return n;
}

static ssize_t discard(struct connection *c) {
  ssize_t n = recv(c->fd, NULL, c->body < AT_ONCE ? (size_t)c->body : AT_ONCE, MSG_TRUNC);
  if (n > 0) c->body -= n;
  return n;
}

static void take(struct connection *c) {
  if ((c->asked ? discard(c) : read_head(c)) <= 0) {
    forget(c);
    close(c->fd);
    free(c);
    return;
  }
  if (c->asked && c->body <= 0) answer(c);
}

static void open_connection(int listener) {
  int one = 1;
  struct connection *c = calloc(1, sizeof *c);
  c->fd = accept(listener, NULL, NULL);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

static int open_listener(int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, AT_MOST) != 0) return -1;
  if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) return -1;
  *port = ntohs(address.sin_port);
  return fd;
}

static double cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void send_later(void) {
  struct connection *c = later;
  later = NULL;
  send_answer(c, answer_clock());
}

/* Until stdin ends. */
static void serve(struct connection *listener, struct connection *input) {
  struct epoll_event events[64];
  for (;;) {
    int n = epoll_wait(poller, events, 64, later ? LATER_MS : rounds ? ROUND_MS : -1);
    if (n == 0 && later)
      send_later();
    else if (n == 0)
      send_round();
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (c == input) return;
      if (c == listener)
        open_connection(listener->fd);
      else if (c->blocked)
        send_on(c);
      else
        take(c);
    }
  }
}

int main(void) {
  static struct connection listener, input;
  int port;
  poller = epoll_create1(0);
  listener.fd = open_listener(&port);
  if (poller < 0 || listener.fd < 0) return 1;
  watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
  watch(&input, EPOLL_CTL_ADD, EPOLLIN);
  answers_make(port);
  printf("%d\n", port);
  fflush(stdout);
  double before = cpu();
  serve(&listener, &input);
  printf("%.6f\n", cpu() - before);
  return 0;
}
