/* A clock that never goes back. */
#ifndef GEM_CLOCK_H
#define GEM_CLOCK_H

#include <stdint.h>

#if defined(_WIN32)
#include <windows.h>
static inline int64_t gem_clock_us(void) {
  LARGE_INTEGER ticks, frequency;
  QueryPerformanceCounter(&ticks);
  QueryPerformanceFrequency(&frequency);
  return (int64_t)((double)ticks.QuadPart * 1e6 / (double)frequency.QuadPart);
}
#else
#include <time.h>
static inline int64_t gem_clock_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
#endif

static inline int64_t gem_clock_ms(void) {
  return gem_clock_us() / 1000;
}

#endif
