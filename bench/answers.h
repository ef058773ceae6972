/* What the fixture answers, made once. */
#ifndef BENCH_ANSWERS_H
#define BENCH_ANSWERS_H

#include <stddef.h>

/* A head, then so many bytes of a cycle, then a tail; each event of a stream has `step` bytes. */
struct answer {
  const char *head, *cycle, *tail;
  size_t head_size, cycle_size, tail_size, step;
  long long cycled;
};

/* What the workloads' answers are made of, in bytes. */
enum { TEXT_SIZE = 600, EVENT_SIZE = 370, IMAGE_SIZE = 2000000, VECTORS = 100, DIMENSIONS = 3072 };

void answers_make(int port);
struct answer answer_text(void);
struct answer answer_image(void);
struct answer answer_embeddings(void);
struct answer answer_events(long long count);

/* An upload's: to a command of the resumable protocol, or to a plain PUT where it is NULL. */
struct answer answer_upload(const char *command, long long uploaded);

/* A stream's head, and its one event with the time at which it is asked for. */
struct answer answer_begin(void);
struct answer answer_clock(void);

#endif
