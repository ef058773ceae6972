#include "sockets.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if !defined(_WIN32)
#include <unistd.h>
#endif

/* Makes room for so many; NULL for want of memory, and then the old one is still there. */
static void *grown(void *items, size_t count, size_t *room, size_t size) {
  if (items && count <= *room) return items;
  size_t more = *room ? *room : 8;
  while (more < count)
    more *= 2;
  void *larger = realloc(items, more * size);
  if (larger) *room = more;
  return larger;
}

/* Makes room for so many changes, and for one more of each of so many sockets: that they are given up can
 * always be noted. */
static int reserve_changes(gem_sockets *s, size_t changes, size_t sockets) {
  gem_change *larger =
      grown(s->changes, s->changed + changes + sockets, &s->changes_room, sizeof *s->changes);
  if (larger) s->changes = larger;
  return larger != NULL;
}

static int reserve(gem_sockets *s, size_t more) {
  gem_pollfd *larger = grown(s->items, s->count + more, &s->room, sizeof *s->items);
  if (!larger) return 0;
  s->items = larger;
  return !s->listening || reserve_changes(s, 1, s->count + more);
}

/* There has to be room. */
static void note(gem_sockets *s, curl_socket_t fd, int interest) {
  if (!s->listening) return;
  s->changes[s->changed].fd = fd;
  s->changes[s->changed++].interest = interest;
}

static short events_of(int interest) {
  return (short)((interest & CURL_POLL_IN ? POLLIN : 0) | (interest & CURL_POLL_OUT ? POLLOUT : 0));
}

static int interest_of(short events) {
  return (events & POLLIN ? CURL_POLL_IN : 0) | (events & POLLOUT ? CURL_POLL_OUT : 0);
}

/* curl keeps a socket's place, counted from 1, so that none has to be searched for. */
static void *as_pointer(size_t place) {
  return (void *)(uintptr_t)(place + 1);
}

/* The last one takes the place. */
static void take_out(gem_sockets *s, size_t place, curl_socket_t *whose, void **keep) {
  s->items[place] = s->items[--s->count];
  if (place == s->count) return;
  *whose = s->items[place].fd;
  *keep = as_pointer(place);
}

int gem_sockets_set(gem_sockets *s, curl_socket_t fd, int interest, const void *user, curl_socket_t *whose,
                    void **keep) {
  size_t place = user ? (size_t)(uintptr_t)user - 1 : s->count;
  *whose = fd;
  *keep = NULL;
  if (interest == CURL_POLL_REMOVE) {
    if (user) {
      take_out(s, place, whose, keep);
      note(s, fd, interest);
    }
    return 1;
  }
  if (!reserve(s, !user)) return 0;
  if (!user) memset(&s->items[s->count++], 0, sizeof *s->items);
  s->items[place].fd = fd;
  s->items[place].events = events_of(interest);
  *keep = as_pointer(place);
  note(s, fd, interest);
  return 1;
}

void gem_sockets_clear(gem_sockets *s) {
  while (s->count)
    note(s, s->items[--s->count].fd, CURL_POLL_REMOVE);
}

int gem_sockets_listen(gem_sockets *s, int listening) {
  if (listening && !reserve_changes(s, s->count, s->count)) return 0;
  if (listening) s->listening = 1;
  for (size_t i = 0; i < s->count; i++)
    note(s, s->items[i].fd, listening ? interest_of(s->items[i].events) : CURL_POLL_REMOVE);
  s->listening = listening;
  return 1;
}

static void close_now(curl_socket_t fd) {
#if defined(_WIN32)
  closesocket(fd);
#else
  close(fd);
#endif
}

void gem_sockets_close(gem_sockets *s, curl_socket_t fd) {
  curl_socket_t *larger = NULL;
  if (s->listening) larger = grown(s->closing, s->closing_count + 1, &s->closing_room, sizeof *s->closing);
  if (!larger) {
    close_now(fd);
    return;
  }
  s->closing = larger;
  s->closing[s->closing_count++] = fd;
}

static void close_all(gem_sockets *s) {
  while (s->closing_count)
    close_now(s->closing[--s->closing_count]);
}

int gem_sockets_change(gem_sockets *s, gem_change *change) {
  if (s->told == s->changed) {
    s->told = s->changed = 0;
    close_all(s);
    return 0;
  }
  *change = s->changes[s->told++];
  return 1;
}

#if defined(_WIN32)
int gem_sockets_poll(gem_sockets *s, int ms) {
  if (s->count) return WSAPoll(s->items, (ULONG)s->count, ms);
  Sleep((DWORD)ms);
  return 0;
}
#else
int gem_sockets_poll(gem_sockets *s, int ms) {
  int ready = poll(s->items, (nfds_t)s->count, ms);
  if (ready >= 0) return ready;
  /* A signal: what the last poll found says nothing now. */
  for (size_t i = 0; i < s->count; i++)
    s->items[i].revents = 0;
  return 0;
}
#endif

static int bits_of(short revents) {
  if (revents & ~(POLLIN | POLLOUT)) return 0;
  return (revents & POLLIN ? CURL_CSELECT_IN : 0) | (revents & POLLOUT ? CURL_CSELECT_OUT : 0);
}

int gem_sockets_ready(gem_sockets *s, curl_socket_t *fd, int *bits) {
  for (size_t looked = 0; looked < s->count; looked++) {
    if (s->turn >= s->count) s->turn = 0;
    gem_pollfd *item = &s->items[s->turn++];
    if (!item->revents) continue;
    *bits = bits_of(item->revents);
    *fd = item->fd;
    item->revents = 0;
    return 1;
  }
  return 0;
}

void gem_sockets_free(gem_sockets *s) {
  close_all(s);
  free(s->items);
  free(s->changes);
  free(s->closing);
  memset(s, 0, sizeof *s);
}
