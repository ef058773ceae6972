#define _FILE_OFFSET_BITS 64
/* For realpath, and for a file's nanoseconds. */
#define _XOPEN_SOURCE 700
#define _DARWIN_C_SOURCE

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Of one call to the system. */
#define MOST_AT_ONCE ((size_t)1 << 30)

#if defined(_WIN32)

#include <io.h>
#include <windows.h>

typedef struct _stat64 file_stat;
#define STAT             _stat64
#define IS_REGULAR(mode) (((mode)&_S_IFMT) == _S_IFREG)
#define NANOSECONDS(s)   0
#define READ_FLAGS       (_O_RDONLY | _O_BINARY | _O_NOINHERIT)
#define MAKE_FLAGS       (_O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT)
#define MAKE_MODE        (_S_IREAD | _S_IWRITE)
#define write            _write
#define open             _open
#define close            _close

static ptrdiff_t read_at(int fd, void *to, size_t n, int64_t at) {
  if (_lseeki64(fd, at, SEEK_SET) < 0) return -1;
  return _read(fd, to, (unsigned)(n < MOST_AT_ONCE ? n : MOST_AT_ONCE));
}

#else

#include <unistd.h>

typedef struct stat file_stat;
#define STAT       stat
#define IS_REGULAR S_ISREG
#if defined(__APPLE__)
#define NANOSECONDS(s) ((int64_t)(s).st_mtimespec.tv_nsec)
#else
#define NANOSECONDS(s) ((int64_t)(s).st_mtim.tv_nsec)
#endif
/* Opening a pipe would wait for who writes to it. */
#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK)
#define MAKE_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)
#define MAKE_MODE  0666

static ptrdiff_t read_at(int fd, void *to, size_t n, int64_t at) {
  return pread(fd, to, n < MOST_AT_ONCE ? n : MOST_AT_ONCE, (off_t)at);
}

#endif

int gem_file_describe(const char *path, gem_file_info *info) {
  file_stat s;
  if (STAT(path, &s) != 0) return 0;
  info->size = (int64_t)s.st_size;
  info->modified = (int64_t)s.st_mtime;
  info->nanoseconds = NANOSECONDS(s);
  info->regular = IS_REGULAR(s.st_mode) != 0;
  return 1;
}

int gem_file_open(const char *path) {
  return open(path, READ_FLAGS);
}

ptrdiff_t gem_file_read(int fd, void *to, size_t n, int64_t at) {
  ptrdiff_t got;
  do {
    got = read_at(fd, to, n, at);
  } while (got < 0 && errno == EINTR);
  return got;
}

int gem_file_close(int fd) {
  return close(fd) == 0 || errno == EINTR;
}

int gem_file_create(const char *path) {
  return open(path, MAKE_FLAGS, MAKE_MODE);
}

int gem_file_write(int fd, const void *bytes, size_t n) {
  const char *from = bytes;
  while (n > 0) {
    ptrdiff_t done = write(fd, from, n < MOST_AT_ONCE ? n : MOST_AT_ONCE);
    if (done == 0) errno = EIO;
    if (done == 0 || (done < 0 && errno != EINTR)) return 0;
    if (done < 0) continue;
    from += done;
    n -= (size_t)done;
  }
  return 1;
}

void gem_file_adopt(int fd, const char *other) {
#if !defined(_WIN32)
  file_stat s;
  if (STAT(other, &s) == 0) (void)fchmod(fd, s.st_mode & 0777);
#else
  (void)fd;
  (void)other;
#endif
}

int gem_file_real(const char *path, char *to) {
#if defined(_WIN32)
  return _fullpath(to, path, GEM_FILE_PATH) != NULL;
#else
  char *real = realpath(path, NULL);
  int fits = real && strlen(real) < GEM_FILE_PATH;
  if (fits) strcpy(to, real);
  free(real);
  return fits;
#endif
}

int gem_file_rename(const char *from, const char *to) {
#if defined(_WIN32)
  if (MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING)) return 1;
  errno = GetLastError() == ERROR_FILE_NOT_FOUND ? ENOENT : EACCES;
  return 0;
#else
  return rename(from, to) == 0;
#endif
}

int gem_file_remove(const char *path) {
  return remove(path) == 0;
}
