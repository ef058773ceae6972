/*
 * What drives exchanges: curl's multi handle, the sockets it wants watched, and its timer. Either
 * gem_multi_step waits for these, or a host that watches them calls gem_multi_act and gem_multi_expire.
 *
 * Ownership: the caller owns the struct; it holds its live exchanges in a list and may be closed before or
 * after them. Where a CURLMcode is returned, anything but CURLM_OK is a failure of curl as a whole. Memory
 * that runs out is none: it ends the exchanges under way.
 */
#ifndef GEM_MULTI_H
#define GEM_MULTI_H

#include <curl/curl.h>
#include <stdint.h>

#include "sockets.h"

struct gem_transfer;

typedef struct gem_multi {
  CURLM *curl; /* NULL when closed, or given up */
  int open;
  struct gem_transfer *live;             /* intrusive list of the exchanges under way */
  size_t count;                          /* its length */
  struct gem_transfer *news, *last_news; /* intrusive list of those that something has become of */
  int64_t started, ended;                /* how many, ever */
  unsigned long progress;                /* goes up whenever something became readable or ended */
  int64_t stepped;                       /* when it was last driven, in ms */
  int64_t due;    /* when curl wants to be called at the latest, in ms; INT64_MAX = never */
  int64_t wanted; /* when the host was last told to call */
  gem_sockets sockets;
} gem_multi;

/* Opens the multi; 0 for want of memory. */
int gem_multi_open(gem_multi *m);

/* For exchanges: opens curl's side again where it was given up. 0 for want of memory. */
int gem_multi_revive(gem_multi *m);

/* For exchanges: ends all of them for want of memory, and curl's side with them. */
void gem_multi_give_up(gem_multi *m);

/* Ends all exchanges under way as cancelled and closes every connection. Harmless on a closed multi. */
void gem_multi_close(gem_multi *m);

/* Moves bytes; waits for at most `ms` until something becomes readable or ends. Sockets that are ready when
 * `budget_us` is used up wait for the next step, where it is their turn. */
CURLMcode gem_multi_step(gem_multi *m, int ms, int64_t budget_us);

/* For hosts: a socket is ready. One that is not watched any more is no harm. */
CURLMcode gem_multi_act(gem_multi *m, curl_socket_t fd);

/* For hosts: the time has come that gem_multi_wanted told. */
CURLMcode gem_multi_expire(gem_multi *m);

/* As curl's CURLOPT_CLOSESOCKETFUNCTION, whose user pointer is the multi. */
int gem_multi_close_socket(void *multi, curl_socket_t fd);

/* In how many milliseconds gem_multi_expire is to be called at the latest; -1 = not at all. */
int64_t gem_multi_wanted(gem_multi *m);

/* Takes the number of an exchange that something has become of since it was last asked for; 0 if there is
 * none. */
int64_t gem_multi_news(gem_multi *m);

#endif
