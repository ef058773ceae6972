/* Milliseconds of a clock that never goes back. */
#ifndef GEM_CLOCK_H
#define GEM_CLOCK_H

#include <stdint.h>

#if defined(_WIN32)
#include <windows.h>
static inline int64_t gem_clock_ms(void) {
  return (int64_t)GetTickCount64();
}
#else
#include <time.h>
static inline int64_t gem_clock_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
#endif

#endif
