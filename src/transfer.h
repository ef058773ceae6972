/*
 * One HTTP exchange on a curl multi handle. Knows nothing of Lua.
 *
 * curl's callbacks append to the exchange's buffers and return; whoever drives the multi reads the
 * buffers between two steps. A consumer that does not read stops the socket: above a high-water
 * mark the exchange pauses until its events are taken.
 *
 * Ownership: the caller owns the struct and what a request points to; the exchange owns its curl handle and
 * buffers.
 */
#ifndef GEM_TRANSFER_H
#define GEM_TRANSFER_H

#include <curl/curl.h>
#include <stdint.h>

#include "buf.h"
#include "lines.h"
#include "multi.h"
#include "request.h"
#include "sse.h"

enum gem_end { GEM_RUNNING, GEM_DONE, GEM_FAILED };

/* Of an answer that is an error so many bytes are kept: it says what it has to say in less. */
#define GEM_ERROR_CAP ((size_t)4 * 1024 * 1024)

/* Why an answer is not taken. */
enum gem_refusal {
  GEM_TAKEN,
  GEM_LARGE_BODY,
  GEM_LARGE_ERROR,
  GEM_LARGE_EVENT,
  GEM_LARGE_STREAM,
  GEM_LARGE_HEAD,
  GEM_CODED,
  GEM_BAD_HEAD,
  GEM_SWITCHED,
  GEM_NO_HTTP
};

typedef struct gem_transfer {
  gem_multi *multi; /* NULL unless under way */
  struct gem_transfer *prev, *next;
  gem_multi *teller; /* the multi in whose list of news this is; NULL if in none */
  struct gem_transfer *prev_news, *next_news;
  int64_t id; /* its number among the multi's, from 1; 0 before it has begun */
  CURL *easy;
  gem_lines *lines; /* of the request's headers; NULL when they are not needed any more */
  gem_body body;
  gem_buf head;  /* the answer's header lines, of the last header block */
  gem_buf reply; /* the answer's body, what waits of one read in pieces, or how one of events begins */
  gem_sse events;
  long status; /* HTTP status; 0 before the header block is complete */
  int64_t deadline;
  int64_t last_byte; /* when a byte was last seen to move in either direction */
  curl_off_t moved;  /* bytes of the body that curl has handed to the socket, when that was last looked at */
  long idle_ms;
  long total_ms;
  size_t max_bytes, max_total, max_head;
  size_t head_bytes; /* of header lines, ever */
  int64_t taken;     /* bytes of events that were taken */
  int layers;        /* content codings of the header block */
  enum gem_end end;
  const char *kind; /* of the failure: static text */
  char error[CURL_ERROR_SIZE];
  enum gem_reading reading;
  unsigned char paused;
  unsigned char no_memory;
  enum gem_refusal refusal;
  unsigned char closed;
  unsigned char lent;      /* an event is being read where it lies: nothing may be added or freed */
  unsigned char head_done; /* what looks like a header now is a trailer */
  unsigned char once;      /* a body that has begun to leave is not sent again */
  unsigned char left;      /* a byte of the request has gone to the socket; known at the end */
} gem_transfer;

/* Makes a closed exchange; allocates nothing. */
void gem_transfer_init(gem_transfer *t);

/* Sends the request. 0 when it can't: error and kind say why (no_memory apart). */
int gem_transfer_start(gem_transfer *t, gem_multi *m, const gem_request *request);

/* Ends the exchange if it is under way, as cancelled, its connection with it, and frees all it holds.
 * Harmless when closed. While a name is being looked up this waits for the system's resolver, which libcurl
 * can't interrupt; so do the time-outs. */
void gem_transfer_close(gem_transfer *t);

/* Whether there is something to take, or nothing more to come; or an event is lent, which somebody may have
 * left so. Lets a paused socket go on once what waits is taken. */
int gem_transfer_ready(gem_transfer *t);

/* Whether the answer is one that is read in pieces: these wait in `reply`, and the reader takes them out. */
int gem_transfer_in_pieces(const gem_transfer *t);

/* Of one that has ended: whether all of the request may have reached the server. */
int gem_transfer_is_sent(const gem_transfer *t);

/* Takes the next event of a stream; 0 if none waits, or where it was one too many, which ends the exchange.
 * *data is valid until the next step or ready; between the two functions below it is valid whatever is
 * called. */
int gem_transfer_event(gem_transfer *t, const char **data, size_t *len);
void gem_transfer_lend(gem_transfer *t);
void gem_transfer_give_back(gem_transfer *t);

/* For the multi alone: ends an exchange with curl's verdict, or at a deadline that has passed by
 * `now`; takes it out of the list of news. */
void gem_transfer_settle(gem_transfer *t, CURLcode code);
void gem_transfer_expire(gem_transfer *t, int64_t now);
void gem_transfer_told(gem_transfer *t);

/* When it expires at the earliest; INT64_MAX = never. */
int64_t gem_transfer_deadline(const gem_transfer *t);

#endif
