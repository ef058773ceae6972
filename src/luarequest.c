#include "luarequest.h"

#include <stdint.h>
#include <string.h>

/* ---- Fields of the table, read raw. ---- */

static void push_field(lua_State *L, int table, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, table);
}

static const char *string_field(lua_State *L, int table, const char *name, const char *absent) {
  push_field(L, table, name);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "a request's %s is no string", name);
    absent = lua_tostring(L, -1);
  }
  lua_pop(L, 1);
  return absent;
}

static lua_Number number_field(lua_State *L, int table, const char *name, lua_Number absent) {
  push_field(L, table, name);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TNUMBER) luaL_error(L, "a request's %s is no number", name);
    absent = lua_tonumber(L, -1);
  }
  lua_pop(L, 1);
  return absent;
}

long gem_milliseconds(lua_Number seconds, long most) {
  lua_Number ms = seconds * 1000;
  if (!(ms > 0)) return 0;
  return ms < (lua_Number)most ? (long)ms : most;
}

long gem_request_limit(lua_Number seconds) {
  long ms = gem_milliseconds(seconds, 2000000000L);
  return seconds > 0 && ms == 0 ? 1 : ms;
}

static long limit_field(lua_State *L, int table, const char *name) {
  return gem_request_limit(number_field(L, table, name, 0));
}

#define MIB ((size_t)1024 * 1024)

static size_t size_field(lua_State *L, int table, const char *name, size_t absent) {
  lua_Number size = number_field(L, table, name, (lua_Number)absent);
  return size > 0 && size < (lua_Number)(SIZE_MAX / 4) ? (size_t)size : absent;
}

static int truth_field(lua_State *L, int table, const char *name) {
  push_field(L, table, name);
  int truth = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return truth;
}

static enum gem_reading reading_field(lua_State *L, int table) {
  const char *word = string_field(L, table, "reading", "whole");
  if (strcmp(word, "events") == 0) return GEM_EVENTS;
  return strcmp(word, "pieces") == 0 ? GEM_PIECES : GEM_WHOLE;
}

/* ---- The body. ---- */

/* Doubles hold every integer up to here. */
#define EXACT ((lua_Number)9007199254740992.0)

static int64_t count_field(lua_State *L, int table, const char *name, int64_t absent) {
  lua_Number count = number_field(L, table, name, (lua_Number)absent);
  if (!(count >= 0 && count <= EXACT)) luaL_error(L, "a window's %s is no number of bytes", name);
  return (int64_t)count;
}

/* Leaves the string that the segment points to on the stack. */
static void read_memory(lua_State *L, int window, gem_segment *s) {
  size_t len;
  push_field(L, window, "data");
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "a window has neither data nor a path");
  s->bytes = lua_tolstring(L, -1, &len);
  int64_t offset = count_field(L, window, "offset", 0);
  if (offset > (int64_t)len) luaL_error(L, "a window begins behind its data");
  s->len = count_field(L, window, "length", (int64_t)len - offset);
  if (s->len > (int64_t)len - offset) luaL_error(L, "a window ends behind its data");
  s->bytes += offset;
}

/* The path stands on the stack, and stays there. */
static void read_file(lua_State *L, int window, gem_segment *s) {
  s->path = lua_tostring(L, -1);
  s->start = count_field(L, window, "offset", 0);
  s->len = count_field(L, window, "length", -1);
}

/* Replaces the segment at the stack's top by the string that it points to. */
static void read_segment(lua_State *L, gem_segment *s) {
  int value = lua_gettop(L);
  memset(s, 0, sizeof *s);
  if (lua_type(L, value) == LUA_TSTRING) {
    size_t len;
    s->bytes = lua_tolstring(L, value, &len);
    s->len = (int64_t)len;
    return;
  }
  if (!lua_istable(L, value))
    luaL_error(L, "a segment is a string or a table, got %s", luaL_typename(L, value));
  push_field(L, value, "path");
  if (lua_type(L, -1) == LUA_TSTRING) {
    read_file(L, value, s);
  } else {
    lua_pop(L, 1);
    read_memory(L, value, s);
  }
  lua_replace(L, value);
}

/* Verbs whose requests say how long their body is, even when there is none. */
static int expects_body(const char *verb) {
  return strcmp(verb, "POST") == 0 || strcmp(verb, "PUT") == 0 || strcmp(verb, "PATCH") == 0;
}

/* The segments that lie behind `count` strings in the table of pins at the stack's top. */
static gem_segment *make_segments(lua_State *L, size_t count) {
  gem_segment *segments = lua_newuserdata(L, (count + 1) * sizeof *segments);
  lua_rawseti(L, -2, (int)count + 1);
  return segments;
}

/* Pins the segment at the stack's top, as the i-th, and pops it. */
static void pin_segment(lua_State *L, int pins, gem_segment *segments, size_t i, int64_t *left) {
  read_segment(L, &segments[i]);
  lua_rawseti(L, pins, (int)i + 1);
  *left -= segments[i].len;
  if (*left < 0) luaL_error(L, "the body has more bytes than can be counted");
}

/* The owner's table holds the strings, and behind them the segments that point to them: curl reads the bytes
 * where Lua has them. */
static void pin_body(lua_State *L, int table, int owner, gem_request *r) {
  push_field(L, table, "body");
  int body = lua_gettop(L), pins = body + 1, several = lua_istable(L, body);
  size_t count = several ? gem_rawlen(L, body) : !lua_isnil(L, body);
  lua_createtable(L, (int)count + 1, 0);
  gem_segment *segments = make_segments(L, count);
  int64_t left = (int64_t)EXACT;
  for (size_t i = 0; i < count; i++) {
    if (several)
      lua_rawgeti(L, body, (int)i + 1);
    else
      lua_pushvalue(L, body);
    pin_segment(L, pins, segments, i, &left);
  }
  gem_setuservalue(L, owner);
  lua_pop(L, 1);
  r->segments = segments;
  r->segment_count = count;
  r->has_body = count > 0 || expects_body(r->method);
}

void gem_request_read(lua_State *L, int table, int owner, gem_request *r) {
  memset(r, 0, sizeof *r);
  r->method = string_field(L, table, "method", "GET");
  r->url = string_field(L, table, "url", "");
  r->proxy = string_field(L, table, "proxy", NULL);
  r->ca_file = string_field(L, table, "caFile", NULL);
  r->connect_ms = limit_field(L, table, "connectTimeout");
  r->idle_ms = limit_field(L, table, "idleTimeout");
  r->total_ms = limit_field(L, table, "timeout");
  r->max_bytes = size_field(L, table, "maxBytes", 256 * MIB);
  r->max_total = size_field(L, table, "maxTotalBytes", 256 * MIB);
  r->taken = (int64_t)number_field(L, table, "takenBytes", 0);
  r->max_head = size_field(L, table, "maxHeaderBytes", MIB / 4);
  r->reading = reading_field(L, table);
  r->once = truth_field(L, table, "once");
  pin_body(L, table, owner, r);
}
