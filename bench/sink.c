/*
 * A server that takes uploads and costs next to nothing: bodies are discarded where the kernel has them.
 *
 *   sink    prints its port, serves one connection after the other, and ends with its stdin
 *
 * It answers a PUT with 200, and Google's resumable protocol with what it expects.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_SIZE 65536
#define AT_ONCE   (1024 * 1024)

static const char start[] =
    "HTTP/1.1 200 OK\r\nX-Goog-Upload-Status: active\r\nX-Goog-Upload-URL: /session\r\n"
    "X-Goog-Upload-Chunk-Granularity: 8388608\r\nContent-Length: 0\r\n\r\n";
static const char active[] = "HTTP/1.1 200 OK\r\nX-Goog-Upload-Status: active\r\nContent-Length: 0\r\n\r\n";
static const char final[] = "HTTP/1.1 200 OK\r\nX-Goog-Upload-Status: final\r\nContent-Length: 27\r\n\r\n"
                            "{\"file\":{\"name\":\"files/a\"}}";
static const char plain[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

/* The value of a header, or NULL; the head ends with a NUL. */
static const char *header(const char *head, const char *name) {
  size_t n = strlen(name);
  for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
    if (strncasecmp(line + 2, name, n) == 0) return line + 2 + n + strspn(line + 2 + n, ": ");
  return NULL;
}

static int answer(int fd, const char *text, size_t n) {
  return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static int discard(int fd, long long left) {
  static char room[AT_ONCE];
  while (left > 0) {
    ssize_t n = recv(fd, room, left < AT_ONCE ? (size_t)left : AT_ONCE, MSG_TRUNC);
    if (n <= 0) return 0;
    left -= n;
  }
  return 1;
}

static int reply(int fd, const char *head) {
  const char *command = header(head, "x-goog-upload-command");
  if (!command) return answer(fd, plain, sizeof plain - 1);
  if (strncmp(command, "start", 5) == 0) return answer(fd, start, sizeof start - 1);
  if (strncmp(command, "upload, finalize", 16) == 0) return answer(fd, final, sizeof final - 1);
  return answer(fd, active, sizeof active - 1);
}

/* Reads a head, and what of the body came with it: its length, 0 at the end. */
static size_t read_head(int fd, char *head, size_t *extra) {
  size_t have = 0;
  for (;;) {
    ssize_t n = recv(fd, head + have, HEAD_SIZE - 1 - have, 0);
    if (n <= 0) return 0;
    have += (size_t)n;
    head[have] = 0;
    const char *end = strstr(head, "\r\n\r\n");
    if (end) {
      size_t length = (size_t)(end + 4 - head);
      *extra = have - length;
      head[length - 2] = 0;
      return length;
    }
  }
}

static void serve(int fd) {
  static char head[HEAD_SIZE];
  size_t extra;
  while (read_head(fd, head, &extra)) {
    const char *length = header(head, "content-length");
    if (header(head, "expect") && !answer(fd, go_on, sizeof go_on - 1)) break;
    if (length && !discard(fd, atoll(length) - (long long)extra)) break;
    if (!reply(fd, head)) break;
  }
  close(fd);
}

static int open_listener(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 16) != 0) return -1;
  if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) return -1;
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

int main(void) {
  int listener = open_listener(), one = 1;
  if (listener < 0) return 1;
  for (;;) {
    struct pollfd fds[2] = {{listener, POLLIN, 0}, {0, POLLIN, 0}};
    poll(fds, 2, -1);
    if (fds[1].revents) return 0;
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    serve(fd);
  }
}
