/*
 * JSON strings and their UTF-8. No Lua.
 */
#ifndef GEM_JSON_STRING_H
#define GEM_JSON_STRING_H

#include "buf.h"

enum gem_string_status {
  GEM_STRING_OK,
  GEM_STRING_CUT,     /* the text ends inside the string */
  GEM_STRING_CONTROL, /* a control character that is not escaped */
  GEM_STRING_ESCAPE,  /* an escape that JSON does not have */
  GEM_STRING_UTF8,
  GEM_STRING_NOMEM
};

/* The first byte at or after p that does not stand for itself: a quote, a backslash, a control
 * character or ill-formed UTF-8; else end. */
const char *gem_string_plain(const char *p, const char *end);

/* Decodes a string from *p, which is behind its opening quote, and appends it to `out`; *p is then
 * at the closing quote, or at the byte that is wrong. Ill-formed UTF-8 and lone surrogates become
 * U+FFFD. */
enum gem_string_status gem_string_decode(gem_buf *out, const char **p, const char *end);

/* Appends s as a JSON string, quotes included. When s is not UTF-8, *bad is the offset of the byte
 * that is wrong. */
enum gem_string_status gem_string_encode(gem_buf *out, const char *s, size_t n, size_t *bad);

#endif
