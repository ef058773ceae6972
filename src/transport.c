/*
 * gemini.transport: exchanges for Lua. The only file that sees both Lua and curl.
 *
 * A multi drives exchanges ("transfers"); Lua steps it and reads what has arrived in between. Both
 * are full userdata: born closed, given their metatable, opened last; either may be collected
 * first.
 */
#include <stdint.h>
#include <string.h>

#include "apply.h"
#include "clock.h"
#include "compat.h"
#include "files.h"
#include "json.h"
#include "luabacklog.h"
#include "luaheaders.h"
#include "lualines.h"
#include "luarequest.h"
#include "memory.h"
#include "transfer.h"

#define MULTI    "gemini.multi"
#define TRANSFER "gemini.transfer"

/* Bytes that are being read lie where nothing but the userdata's end can take them away: whatever Lua
 * allocates may run a finaliser, and that one may close the transfer or step the multi. */
typedef struct handle {
  gem_transfer t;
  gem_buf lent;
  int reading;
} handle;

#define LENT_CAP (SIZE_MAX / 4)

static gem_multi *open_multi(lua_State *L) {
  gem_multi *m = gem_self(L, MULTI);
  if (!m->open) luaL_error(L, "the multi is closed");
  return m;
}

static handle *check_handle(lua_State *L) {
  return gem_self(L, TRANSFER);
}

static gem_transfer *check_transfer(lua_State *L) {
  return &check_handle(L)->t;
}

/* ---- Multi ---- */

static int new_multi(lua_State *L) {
  gem_multi *m = lua_newuserdata(L, sizeof *m);
  memset(m, 0, sizeof *m);
  luaL_getmetatable(L, MULTI);
  lua_setmetatable(L, -2);
  if (!gem_multi_open(m)) gem_no_memory(L);
  return 1;
}

static int multi_close(lua_State *L) {
  gem_multi_close(gem_self(L, MULTI));
  return 0;
}

static int multi_live(lua_State *L) {
  gem_multi *m = gem_self(L, MULTI);
  lua_pushinteger(L, (lua_Integer)m->count);
  return 1;
}

static int multi_ended(lua_State *L) {
  gem_multi *m = gem_self(L, MULTI);
  gem_pushcount(L, m->ended);
  return 1;
}

static int multi_news(lua_State *L) {
  int64_t id = gem_multi_news(gem_self(L, MULTI));
  if (!id) return 0;
  gem_pushcount(L, id);
  return 1;
}

/* Longer waits are cut: a step may return early at any time. */
#define LONGEST_STEP 1000000L

static int driven(lua_State *L, CURLMcode code) {
  if (code != CURLM_OK) return luaL_error(L, "libcurl: %s", curl_multi_strerror(code));
  return 0;
}

static int multi_step(lua_State *L) {
  gem_multi *m = open_multi(L);
  int ms = (int)gem_milliseconds(luaL_checknumber(L, 2), LONGEST_STEP);
  lua_Number budget = luaL_optnumber(L, 3, LONGEST_STEP);
  if (!(budget < LONGEST_STEP)) budget = LONGEST_STEP;
  return driven(L, gem_multi_step(m, ms, (int64_t)(budget * 1e6)));
}

/* ---- For hosts that watch the sockets themselves. ---- */

static int multi_listen(lua_State *L) {
  return gem_sockets_listen(&open_multi(L)->sockets, lua_toboolean(L, 2)) ? 0 : gem_no_memory(L);
}

static int multi_change(lua_State *L) {
  static const char *const words[] = {[CURL_POLL_IN] = "r", [CURL_POLL_OUT] = "w", [CURL_POLL_INOUT] = "rw"};
  gem_multi *m = gem_self(L, MULTI);
  gem_change change;
  if (!gem_sockets_change(&m->sockets, &change)) return 0;
  gem_pushcount(L, (int64_t)change.fd);
  if (change.interest == CURL_POLL_REMOVE || change.interest == CURL_POLL_NONE) return 1;
  lua_pushstring(L, words[change.interest]);
  return 2;
}

static int multi_act(lua_State *L) {
  gem_multi *m = open_multi(L);
  return driven(L, gem_multi_act(m, (curl_socket_t)luaL_checknumber(L, 2)));
}

static int multi_expire(lua_State *L) {
  return driven(L, gem_multi_expire(open_multi(L)));
}

static int multi_wanted(lua_State *L) {
  int64_t ms = gem_multi_wanted(open_multi(L));
  if (ms < 0) return 0;
  lua_pushnumber(L, (lua_Number)ms / 1000);
  return 1;
}

static int multi_submit(lua_State *L) {
  gem_multi *m = open_multi(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 4);
  handle *h = lua_newuserdata(L, sizeof *h);
  gem_transfer *t = &h->t;
  gem_transfer_init(t);
  gem_buf_init(&h->lent, LENT_CAP);
  h->reading = 0;
  luaL_getmetatable(L, TRANSFER);
  lua_setmetatable(L, -2);
  gem_request request;
  gem_request_read(L, 2, lua_gettop(L), &request);
  if (!lua_isnoneornil(L, 4)) request.total_ms = gem_request_limit(luaL_checknumber(L, 4));
  request.lines = gem_lualines_push(L, 2, 3);
  open_multi(L); /* a finaliser may have closed it meanwhile */
  if (!gem_transfer_start(t, m, &request) && t->no_memory) gem_no_memory(L);
  lua_pop(L, 1);
  return 1;
}

/* ---- Transfer ---- */

static int transfer_close(lua_State *L) {
  handle *h = check_handle(L);
  gem_transfer_close(&h->t);
  if (!h->reading) gem_buf_free(&h->lent);
  return 0;
}

static int transfer_gc(lua_State *L) {
  handle *h = check_handle(L);
  gem_transfer_give_back(&h->t);
  gem_transfer_close(&h->t);
  gem_transfer_told(&h->t);
  gem_buf_free(&h->lent);
  return 0;
}

static int transfer_ready(lua_State *L) {
  lua_pushboolean(L, gem_transfer_ready(check_transfer(L)));
  return 1;
}

static int transfer_id(lua_State *L) {
  gem_pushcount(L, check_transfer(L)->id);
  return 1;
}

static int transfer_running(lua_State *L) {
  lua_pushboolean(L, check_transfer(L)->end == GEM_RUNNING);
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
  if (t->no_memory) return gem_no_memory(L);
  if (t->end != GEM_FAILED) return 0;
  lua_pushstring(L, t->kind);
  lua_pushstring(L, t->error);
  return 2;
}

/* ---- Reading. ---- */

typedef int reader(lua_State *L, const char *text, size_t len);

/* A value, or nil, message and the text that is no JSON. The depth allowed is the caller's second argument,
 * the key that is packed, where there is one, its third. */
static int decoded(lua_State *L, const char *text, size_t len) {
  int results = gem_json_decode(L, text, len, gem_json_depth(L, 2), gem_json_packed(L, 3));
  if (results == 1) return 1;
  lua_pushlstring(L, text, len);
  return results + 1;
}

static int as_text(lua_State *L, const char *text, size_t len) {
  lua_pushlstring(L, text, len);
  return 1;
}

/* A read that an error ended (memory ran out, a finaliser raised) stays unfinished: what it took is lost, and
 * no later read may hide that. */
static void begin(lua_State *L, handle *h) {
  if (h->reading) luaL_error(L, "this transfer is being read, or an error ended an earlier read");
  gem_buf_consume(&h->lent, gem_buf_len(&h->lent));
}

static int read_lent(lua_State *L, handle *h, reader *read) {
  size_t len = gem_buf_len(&h->lent);
  h->reading = 1;
  int results = read(L, len ? gem_buf_begin(&h->lent) : "", len);
  h->reading = 0;
  return results;
}

static void lend(lua_State *L, handle *h, const char *bytes, size_t len) {
  if (gem_buf_append(&h->lent, bytes, len) == GEM_OK) return;
  h->reading = 1;
  gem_no_memory(L);
}

/* Where it lies. The backlog that its text is kept in, if any, is the caller's third argument. */
static int read_event(lua_State *L, reader *read) {
  handle *h = check_handle(L);
  gem_backlog *kept = gem_luabacklog_opt(L, 3);
  const char *text;
  size_t len;
  begin(L, h);
  if (!gem_transfer_event(&h->t, &text, &len)) return 0;
  h->reading = 1;
  gem_transfer_lend(&h->t);
  int results = read(L, text, len);
  if (kept && gem_backlog_add(kept, text, len) != GEM_OK) gem_no_memory(L);
  gem_transfer_give_back(&h->t);
  h->reading = 0;
  return results;
}

/* Lends what the answer has brought as a whole. It is given back for another read, or its memory is, unless
 * the transfer was closed meanwhile, or has brought more. */
static int read_reply(lua_State *L, handle *h, reader *read, int take) {
  gem_buf *reply = &h->t.reply;
  begin(L, h);
  gem_buf_free(&h->lent);
  h->lent = *reply;
  gem_buf_init(reply, h->lent.cap);
  int results = read_lent(L, h, read);
  if (h->t.closed || reply->data) {
    gem_buf_free(&h->lent);
  } else {
    *reply = h->lent;
    if (take) gem_buf_consume(reply, gem_buf_len(reply));
  }
  gem_buf_init(&h->lent, LENT_CAP);
  return results;
}

static int read_body(lua_State *L, reader *read) {
  handle *h = check_handle(L);
  if (h->t.end == GEM_RUNNING) return luaL_error(L, "the answer is not complete yet");
  return read_reply(L, h, read, 0);
}

static int transfer_piece(lua_State *L) {
  handle *h = check_handle(L);
  begin(L, h);
  if (!gem_transfer_in_pieces(&h->t) || gem_buf_len(&h->t.reply) == 0) return 0;
  return read_reply(L, h, as_text, 1);
}

static int transfer_event(lua_State *L) {
  return read_event(L, decoded);
}

static int transfer_event_text(lua_State *L) {
  return read_event(L, as_text);
}

static int transfer_body(lua_State *L) {
  return read_body(L, decoded);
}

static int transfer_body_text(lua_State *L) {
  return read_body(L, as_text);
}

static int transfer_headers(lua_State *L) {
  handle *h = check_handle(L);
  size_t len = gem_buf_len(&h->t.head);
  begin(L, h);
  lend(L, h, len ? gem_buf_begin(&h->t.head) : "", len);
  return read_lent(L, h, gem_headers_push);
}

/* ---- What has moved. ---- */

static int transfer_taken(lua_State *L) {
  gem_pushcount(L, check_transfer(L)->taken);
  return 1;
}

static int transfer_sent(lua_State *L) {
  gem_pushcount(L, check_transfer(L)->body.position);
  return 1;
}

static int transfer_is_sent(lua_State *L) {
  lua_pushboolean(L, gem_transfer_is_sent(check_transfer(L)));
  return 1;
}

/* ---- Module ---- */

static int now(lua_State *L) {
  lua_pushnumber(L, (lua_Number)gem_clock_us() / 1e6);
  return 1;
}

static const luaL_Reg multi_methods[] = {
    {"step", multi_step},     {"submit", multi_submit},
    {"live", multi_live},     {"ended", multi_ended},
    {"news", multi_news},     {"listen", multi_listen},
    {"change", multi_change}, {"act", multi_act},
    {"expire", multi_expire}, {"wanted", multi_wanted},
    {"close", multi_close},   {"__gc", multi_close},
    {"__close", multi_close}, {NULL, NULL},
};

static const luaL_Reg transfer_methods[] = {
    {"ready", transfer_ready},
    {"running", transfer_running},
    {"id", transfer_id},
    {"event", transfer_event},
    {"eventText", transfer_event_text},
    {"body", transfer_body},
    {"bodyText", transfer_body_text},
    {"status", transfer_status},
    {"headers", transfer_headers},
    {"failure", transfer_failure},
    {"close", transfer_close},
    {"piece", transfer_piece},
    {"sent", transfer_sent},
    {"isSent", transfer_is_sent},
    {"taken", transfer_taken},
    {"__gc", transfer_gc},
    {"__close", transfer_close},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"multi", new_multi},
    {"headers", gem_lualines_new},
    {"now", now},
    {NULL, NULL},
};

GEM_EXPORT int luaopen_gemini_transport(lua_State *L);

GEM_EXPORT int luaopen_gemini_transport(lua_State *L) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return gem_no_memory(L);
  gem_newtype(L, MULTI, multi_methods);
  gem_newtype(L, TRANSFER, transfer_methods);
  gem_lualines_register(L);
  lua_newtable(L);
  gem_setfuncs(L, functions);
  gem_files_register(L);
  lua_pushstring(L, curl_version_info(CURLVERSION_NOW)->version);
  lua_setfield(L, -2, "curlVersion");
  return 1;
}
