/*
 * Files on the disk: described, read at any place, made anew. Knows neither Lua nor curl.
 *
 * What fails leaves its reason in errno. Nothing here allocates.
 */
#ifndef GEM_FILE_H
#define GEM_FILE_H

#include <stddef.h>
#include <stdint.h>

typedef struct gem_file_info {
  int64_t size;
  int64_t modified;    /* seconds of the epoch */
  int64_t nanoseconds; /* behind them; 0 where the system does not tell */
  int regular;         /* neither a directory, nor a pipe, nor a device */
} gem_file_info;

/* 0 where there is no such file, or nobody may see it. */
int gem_file_describe(const char *path, gem_file_info *info);

/* A descriptor for reading, which the caller closes; -1 on failure. */
int gem_file_open(const char *path);

/* Reads up to n bytes from `at` on; 0 at the file's end, -1 on failure. */
ptrdiff_t gem_file_read(int fd, void *to, size_t n, int64_t at);

void gem_file_close(int fd);

/* Makes an empty file where there is none; 0 on failure, EEXIST among them. */
int gem_file_create(const char *path);

#endif
