/*
 * gemini.transport: exchanges for Lua. The only file that sees both Lua and curl.
 *
 * A multi drives exchanges ("transfers"); Lua steps it and reads what has arrived in between. Both
 * are full userdata: born closed, given their metatable, opened last; either may be collected
 * first.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "compat.h"
#include "json.h"
#include "transfer.h"

#define MULTI    "gemini.multi"
#define TRANSFER "gemini.transfer"

static int no_memory(lua_State *L) {
  return luaL_error(L, "not enough memory");
}

static gem_multi *open_multi(lua_State *L) {
  gem_multi *m = luaL_checkudata(L, 1, MULTI);
  if (!m->curl) luaL_error(L, "the multi is closed");
  return m;
}

static gem_transfer *check_transfer(lua_State *L) {
  return luaL_checkudata(L, 1, TRANSFER);
}

/* ---- The request, from a Lua table. The table keeps its strings alive while they are read. ----
 */

static const char *string_field(lua_State *L, int table, const char *name, const char *absent) {
  lua_getfield(L, table, name);
  const char *s = lua_isnil(L, -1) ? absent : luaL_checkstring(L, -1);
  lua_pop(L, 1);
  return s;
}

static lua_Number number_field(lua_State *L, int table, const char *name, lua_Number absent) {
  lua_getfield(L, table, name);
  lua_Number n = lua_isnil(L, -1) ? absent : luaL_checknumber(L, -1);
  lua_pop(L, 1);
  return n;
}

/* Seconds to whole milliseconds; what is asked for at all never becomes 0, which means none. */
static long ms_field(lua_State *L, int table, const char *name) {
  lua_Number ms = number_field(L, table, name, 0) * 1000;
  if (ms <= 0) return 0;
  return ms < 1 ? 1 : ms > 2e9 ? 2000000000L : (long)ms;
}

static int truth_field(lua_State *L, int table, const char *name) {
  lua_getfield(L, table, name);
  int truth = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return truth;
}

static void add_headers(lua_State *L, int table, gem_transfer *t) {
  lua_getfield(L, table, "headers");
  luaL_checktype(L, -1, LUA_TTABLE);
  int count = (int)gem_rawlen(L, -1);
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, i);
    if (!gem_transfer_add_header(t, luaL_checkstring(L, -1))) no_memory(L);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* Reads `body`, a string or a list of strings, and pins it to the transfer: curl reads the bytes
 * where Lua has them. */
static void pin_body(lua_State *L, int table, int transfer, gem_request *r) {
  lua_newtable(L);
  int pins = lua_gettop(L);
  lua_getfield(L, table, "body");
  if (!lua_istable(L, -1)) {
    lua_newtable(L);
    lua_insert(L, -2);
    lua_rawseti(L, -2, 1);
  }
  int body = lua_gettop(L);
  size_t count = gem_rawlen(L, body);
  gem_segment *segments = lua_newuserdata(L, (count + 1) * sizeof *segments);
  lua_rawseti(L, pins, (int)count + 1);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, body, (int)i + 1);
    luaL_checktype(L, -1, LUA_TSTRING);
    segments[i].bytes = lua_tolstring(L, -1, &segments[i].len);
    lua_rawseti(L, pins, (int)i + 1);
  }
  lua_pop(L, 1);
  gem_setuservalue(L, transfer);
  r->segments = segments;
  r->segment_count = count;
  r->has_body = count > 0 || strcmp(r->method, "POST") == 0;
}

static void read_request(lua_State *L, int table, int transfer, gem_request *r) {
  memset(r, 0, sizeof *r);
  r->method = string_field(L, table, "method", "GET");
  r->url = string_field(L, table, "url", "");
  r->proxy = string_field(L, table, "proxy", NULL);
  r->ca_file = string_field(L, table, "caFile", NULL);
  r->connect_ms = ms_field(L, table, "connectTimeout");
  r->idle_ms = ms_field(L, table, "idleTimeout");
  r->total_ms = ms_field(L, table, "timeout");
  r->max_bytes = (size_t)number_field(L, table, "maxBytes", 256.0 * 1024 * 1024);
  r->stream = truth_field(L, table, "stream");
  pin_body(L, table, transfer, r);
}

/* ---- Multi ---- */

static int new_multi(lua_State *L) {
  gem_multi *m = lua_newuserdata(L, sizeof *m);
  memset(m, 0, sizeof *m);
  luaL_getmetatable(L, MULTI);
  lua_setmetatable(L, -2);
  if (!gem_multi_open(m)) no_memory(L);
  return 1;
}

static int multi_close(lua_State *L) {
  gem_multi_close(luaL_checkudata(L, 1, MULTI));
  return 0;
}

static int multi_live(lua_State *L) {
  gem_multi *m = luaL_checkudata(L, 1, MULTI);
  lua_pushinteger(L, (lua_Integer)m->count);
  return 1;
}

static int multi_step(lua_State *L) {
  gem_multi *m = open_multi(L);
  lua_Number ms = luaL_checknumber(L, 2) * 1000;
  if (!gem_multi_step(m, ms < 0 ? 0 : ms > 1e6 ? 1000000 : (int)ms)) no_memory(L);
  return 0;
}

static int multi_submit(lua_State *L) {
  gem_multi *m = open_multi(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  gem_transfer *t = lua_newuserdata(L, sizeof *t);
  gem_transfer_init(t);
  luaL_getmetatable(L, TRANSFER);
  lua_setmetatable(L, -2);
  gem_request request;
  read_request(L, 2, lua_gettop(L), &request);
  add_headers(L, 2, t);
  if (!gem_transfer_start(t, m, &request) && t->no_memory) no_memory(L);
  return 1;
}

/* ---- Transfer ---- */

static int transfer_close(lua_State *L) {
  gem_transfer_close(check_transfer(L));
  return 0;
}

static int transfer_ready(lua_State *L) {
  lua_pushboolean(L, gem_transfer_ready(check_transfer(L)));
  return 1;
}

static int transfer_status(lua_State *L) {
  gem_transfer *t = check_transfer(L);
  if (!t->status) return 0;
  lua_pushinteger(L, (lua_Integer)t->status);
  return 1;
}

static int transfer_failure(lua_State *L) {
  gem_transfer *t = check_transfer(L);
  if (t->no_memory) return no_memory(L);
  if (t->end != GEM_FAILED) return 0;
  lua_pushstring(L, t->kind);
  lua_pushstring(L, t->error);
  return 2;
}

/* A value, or nil, message and the text that is no JSON. */
static int decoded(lua_State *L, const char *text, size_t len) {
  int results = gem_json_decode(L, text, len);
  if (results == 1) return 1;
  lua_pushlstring(L, text, len);
  return results + 1;
}

static int transfer_event(lua_State *L) {
  const char *text;
  size_t len;
  if (!gem_transfer_event(check_transfer(L), &text, &len)) return 0;
  return decoded(L, text, len);
}

static int transfer_event_text(lua_State *L) {
  const char *text;
  size_t len;
  if (!gem_transfer_event(check_transfer(L), &text, &len)) return 0;
  lua_pushlstring(L, text, len);
  return 1;
}

static int transfer_body(lua_State *L) {
  gem_transfer *t = check_transfer(L);
  size_t len = gem_buf_len(&t->reply);
  return decoded(L, len ? gem_buf_begin(&t->reply) : "", len);
}

static int transfer_body_text(lua_State *L) {
  gem_transfer *t = check_transfer(L);
  size_t len = gem_buf_len(&t->reply);
  lua_pushlstring(L, len ? gem_buf_begin(&t->reply) : "", len);
  return 1;
}

static void push_lower(lua_State *L, const char *s, size_t n) {
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (size_t i = 0; i < n; i++)
    luaL_addchar(&b, (char)tolower((unsigned char)s[i]));
  luaL_pushresult(&b);
}

/* Sets table[name] from one "Name: value" line; a repeated name's values are joined by ", ". */
static void set_header(lua_State *L, int table, const char *line, const char *end) {
  const char *colon = memchr(line, ':', (size_t)(end - line));
  if (!colon) return;
  const char *value = colon + 1;
  while (value < end && isspace((unsigned char)*value))
    value++;
  while (end > value && isspace((unsigned char)end[-1]))
    end--;
  push_lower(L, line, (size_t)(colon - line));
  lua_pushvalue(L, -1);
  lua_rawget(L, table);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushlstring(L, value, (size_t)(end - value));
  } else {
    lua_pushliteral(L, ", ");
    lua_pushlstring(L, value, (size_t)(end - value));
    lua_concat(L, 3);
  }
  lua_rawset(L, table);
}

static int transfer_headers(lua_State *L) {
  gem_transfer *t = check_transfer(L);
  lua_newtable(L);
  int table = lua_gettop(L);
  if (gem_buf_len(&t->head) == 0) return 1;
  const char *p = gem_buf_begin(&t->head);
  const char *end = p + gem_buf_len(&t->head);
  while (p < end) {
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    if (!stop) stop = end;
    set_header(L, table, p, stop);
    p = stop + 1;
  }
  return 1;
}

/* ---- Module ---- */

static int now(lua_State *L) {
  lua_pushnumber(L, (lua_Number)gem_clock_ms() / 1000);
  return 1;
}

static const luaL_Reg multi_methods[] = {
    {"step", multi_step},  {"submit", multi_submit}, {"live", multi_live}, {"close", multi_close},
    {"__gc", multi_close}, {"__close", multi_close}, {NULL, NULL},
};

static const luaL_Reg transfer_methods[] = {
    {"ready", transfer_ready},     {"event", transfer_event},        {"eventText", transfer_event_text},
    {"body", transfer_body},       {"bodyText", transfer_body_text}, {"status", transfer_status},
    {"headers", transfer_headers}, {"failure", transfer_failure},    {"close", transfer_close},
    {"__gc", transfer_close},      {"__close", transfer_close},      {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"multi", new_multi},
    {"now", now},
    {NULL, NULL},
};

static void new_type(lua_State *L, const char *name, const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  gem_setfuncs(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

GEM_EXPORT int luaopen_gemini_transport(lua_State *L);

GEM_EXPORT int luaopen_gemini_transport(lua_State *L) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return no_memory(L);
  new_type(L, MULTI, multi_methods);
  new_type(L, TRANSFER, transfer_methods);
  lua_newtable(L);
  gem_setfuncs(L, functions);
  lua_pushstring(L, curl_version_info(CURLVERSION_NOW)->version);
  lua_setfield(L, -2, "curlVersion");
  return 1;
}
