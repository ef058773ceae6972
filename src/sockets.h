/*
 * The sockets that curl wants watched, and each change of that in its order: a host that watches them itself
 * must see that a number was given up before it was taken again.
 */
#ifndef GEM_SOCKETS_H
#define GEM_SOCKETS_H

#include <curl/curl.h>
#include <stddef.h>

#if defined(_WIN32)
#include <winsock2.h>
typedef WSAPOLLFD gem_pollfd;
#else
#include <poll.h>
typedef struct pollfd gem_pollfd;
#endif

typedef struct gem_change {
  curl_socket_t fd;
  int interest; /* CURL_POLL_IN, _OUT, _INOUT, or _REMOVE */
} gem_change;

typedef struct gem_sockets {
  gem_pollfd *items; /* owned; as poll() takes them */
  size_t count, room;
  gem_change *changes; /* owned; what the host has not been told yet */
  size_t changed, told, changes_room;
  curl_socket_t *closing; /* owned; what is closed once the host has been told */
  size_t closing_count, closing_room;
  size_t turn;   /* whose turn it is to be looked at first */
  int listening; /* whether a host is told of changes */
} gem_sockets;

/* Notes what curl wants of a socket. `user` is what curl has kept for it; *keep is what it is to keep from
 * now on for the socket *whose. 0 for want of memory. */
int gem_sockets_set(gem_sockets *s, curl_socket_t fd, int interest, const void *user, curl_socket_t *whose,
                    void **keep);

/* Forgets all sockets. */
void gem_sockets_clear(gem_sockets *s);

/* From now on changes are kept for a host, or no longer. The first ones, or the last, tell of those sockets
 * that are there. 0 for want of memory, and then all is as it was; no longer to listen needs none. */
int gem_sockets_listen(gem_sockets *s, int listening);

/* Closes a socket that is not wanted any more: where there is a host, after it has been told of that, so that
 * it never watches a number that is another's. */
void gem_sockets_close(gem_sockets *s, curl_socket_t fd);

/* The next change that the host was not told of; 0 if there is none, and then the host has acted on all. */
int gem_sockets_change(gem_sockets *s, gem_change *change);

/* Waits until a socket is ready, `ms` at most; the number of those that are. */
int gem_sockets_poll(gem_sockets *s, int ms);

/* The next socket that the last poll found ready; 0 if there is none. *bits are those of CURL_CSELECT_IN and
 * _OUT; 0 where the poll reports an error, whose cause is for curl to see. */
int gem_sockets_ready(gem_sockets *s, curl_socket_t *fd, int *bits);

void gem_sockets_free(gem_sockets *s);

#endif
