/*
 * Files on the disk: described, read at any place, made anew, moved. Knows neither Lua nor curl.
 *
 * What fails leaves its reason in errno. Nothing here allocates.
 */
#ifndef GEM_FILE_H
#define GEM_FILE_H

#include <stddef.h>
#include <stdint.h>

#define GEM_FILE_PATH 4097

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

/* 0 where what was written could not be kept. */
int gem_file_close(int fd);

/* Makes a file where there is none: a descriptor for writing, which the caller closes; -1 on failure, EEXIST
 * among them. */
int gem_file_create(const char *path);

/* Writes all n bytes; 0 on failure, with some of them written perhaps. */
int gem_file_write(int fd, const void *bytes, size_t n);

/* Gives an open file the permissions of another, where there is such a one. */
void gem_file_adopt(int fd, const char *other);

/* Where a path leads through symbolic links: GEM_FILE_PATH bytes at the most; 0 where it leads nowhere. */
int gem_file_real(const char *path, char *to);

/* Gives a file another name, in the place of what has it; 0 on failure. */
int gem_file_rename(const char *from, const char *to);

/* 0 on failure. */
int gem_file_remove(const char *path);

#endif
