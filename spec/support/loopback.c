/*
 * loopback: a scripted TCP server for the specs. What each connection reads, sends and suffers is a
 * list of ops, exact to the byte.
 *
 *   local server = loopback.start({
 *     { {"recv"}, {"send", "HTTP/1.1 200 OK\r\n..."}, {"close"} },
 *   }, { buffer = 65536 })
 *   server.port, server.url
 *
 * One script a connection, in the order of acceptance; the last script serves all later ones. Ops:
 *
 *   {"recv"}                       reads one request, with its body, for server:requests()
 *   {"sip", n, seconds}            like recv, n bytes at a time with a pause between
 *   {"send", bytes}
 *   {"drip", bytes, n, seconds}    n bytes at a time with a pause between
 *   {"cut", bytes, at, seconds?}   two segments, cut after `at` bytes; the pause is else 1 ms
 *   {"fill", bytes, count}         the same bytes, count times
 *   {"sleep", seconds}
 *   {"meet", n}                    waits until n connections have come to a `meet`
 *   {"relay", port}                passes bytes to and from a port of this machine, until either side ends
 *   {"close"}                      FIN, as at the script's end
 *   {"reset"}                      RST
 *   {"loop"}                       back to the first op
 *   {"hold"}                       discards what comes until the peer closes
 *
 * A script ends early when the peer closes, and when what `recv` reads is not HTTP. The client may
 * block in the Lua state that started the server: the server's threads do not need it.
 */
#include "../../src/compat.h"
#include "loopback_server.h"

#define TYPE_NAME "gemini.loopback"

/* ---- Lua tables to ops ---- */

static void *allocate(lua_State *L, size_t count, size_t size) {
  void *p = calloc(count ? count : 1, size);
  if (!p) luaL_error(L, "loopback.start: not enough memory");
  return p;
}

/* Each reader stores the value on top of the stack, or returns what should have been there. */
typedef const char *arg_fn(lua_State *L, struct op *op);

static const char *read_bytes(lua_State *L, struct op *op) {
  if (lua_type(L, -1) != LUA_TSTRING) return "a string";
  const char *bytes = lua_tolstring(L, -1, &op->len);
  op->bytes = allocate(L, op->len, 1);
  memcpy(op->bytes, bytes, op->len);
  return NULL;
}

static const char *read_count(lua_State *L, struct op *op) {
  lua_Number n = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
  if (!(n >= 0 && n <= 1e15) || n != (lua_Number)(size_t)n) return "a whole number";
  op->number = (size_t)n;
  return NULL;
}

static const char *read_positive(lua_State *L, struct op *op) {
  return read_count(L, op) || op->number == 0 ? "a whole number above 0" : NULL;
}

static const char *read_offset(lua_State *L, struct op *op) {
  return read_count(L, op) || op->number > op->len ? "a whole number within the bytes" : NULL;
}

static const char *read_seconds(lua_State *L, struct op *op) {
  lua_Number n = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
  op->seconds = (double)n;
  return n >= 0 ? NULL : "seconds, 0 or more";
}

static const char *read_pause(lua_State *L, struct op *op) {
  op->seconds = 0.001;
  return lua_isnil(L, -1) ? NULL : read_seconds(L, op);
}

static const struct {
  char letter;
  arg_fn *read;
} ARGS[] = {
    {'b', read_bytes},  {'n', read_count},   {'p', read_positive},
    {'o', read_offset}, {'s', read_seconds}, {'S', read_pause},
};

static arg_fn *arg_reader(char letter) {
  size_t i = 0;
  while (ARGS[i].letter != letter)
    i++;
  return ARGS[i].read;
}

static const struct op_kind *find_kind(lua_State *L, const char *name) {
  const struct op_kind *kind = OPS;
  while (kind->name && strcmp(kind->name, name) != 0)
    kind++;
  if (!kind->name) luaL_error(L, "%s: unknown op '%s'", lua_tostring(L, 3), name);
  return kind;
}

/* Compiles the op on top of the stack; index 3 holds its place for error messages. */
static void compile_op(lua_State *L, struct op *op) {
  const char *where = lua_tostring(L, 3);
  if (!lua_istable(L, -1)) luaL_error(L, "%s: a table expected, got %s", where, luaL_typename(L, -1));
  lua_rawgeti(L, -1, 1);
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "%s: an op's name must come first", where);
  const struct op_kind *kind = find_kind(L, lua_tostring(L, -1));
  int count = (int)strlen(kind->args);
  lua_pop(L, 1);
  if (gem_rawlen(L, -1) > (size_t)count + 1)
    luaL_error(L, "%s: %s takes %d arguments at most", where, kind->name, count);
  op->run = kind->run;
  for (int i = 0; i < count; i++) {
    lua_rawgeti(L, -1, i + 2);
    const char *expected = arg_reader(kind->args[i])(L, op);
    if (expected) luaL_error(L, "%s: %s: argument %d must be %s", where, kind->name, i + 1, expected);
    lua_pop(L, 1);
  }
}

/* Compiles the script on top of the stack. */
static void compile_script(lua_State *L, struct script *script, int connection) {
  if (!lua_istable(L, -1))
    luaL_error(L, "loopback.start: connection %d: a list of ops expected, got %s", connection,
               luaL_typename(L, -1));
  size_t count = gem_rawlen(L, -1);
  script->ops = allocate(L, count, sizeof *script->ops);
  script->count = count;
  for (size_t i = 0; i < count; i++) {
    lua_pushfstring(L, "loopback.start: connection %d, op %d", connection, (int)i + 1);
    lua_replace(L, 3);
    lua_rawgeti(L, -1, (int)i + 1);
    compile_op(L, &script->ops[i]);
    lua_pop(L, 1);
  }
}

static void compile(lua_State *L, struct server *s) {
  size_t count = gem_rawlen(L, 1);
  if (count == 0) luaL_error(L, "loopback.start: a list of scripts, one a connection, expected");
  s->scripts = allocate(L, count, sizeof *s->scripts);
  s->script_count = count;
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 1, (int)i + 1);
    compile_script(L, &s->scripts[i], (int)i + 1);
    lua_pop(L, 1);
  }
}

/* Refuses options that do not exist; returns the buffers' size, 0 when none is given. */
static int read_options(lua_State *L) {
  int buffer = 0;
  if (lua_isnil(L, 2)) return 0;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, 2)) {
    lua_Number n = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    if (lua_type(L, -2) != LUA_TSTRING || strcmp(lua_tostring(L, -2), "buffer") != 0)
      luaL_error(L, "loopback.start: the one option is buffer");
    if (!(n >= 1 && n <= 1 << 30)) luaL_error(L, "loopback.start: buffer must be bytes above 0");
    buffer = (int)n;
    lua_pop(L, 1);
  }
  return buffer;
}

/* ---- what Lua sees ---- */

static struct server *check_server(lua_State *L) {
  return luaL_checkudata(L, 1, TYPE_NAME);
}

/* loopback.start(scripts, options?): a server that listens; raises what is wrong with a script. */
static int l_start(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 3);
  int buffer = read_options(L);
  struct server *s = lua_newuserdata(L, sizeof *s);
  server_init(s);
  luaL_getmetatable(L, TYPE_NAME);
  lua_setmetatable(L, -2);
  compile(L, s);
  if (!server_open(s, buffer)) return luaL_error(L, "loopback.start: %s", strerror(errno));
  return 1;
}

/* server:requests(): the raw requests, in the order of their completion. */
static int l_requests(lua_State *L) {
  struct server *s = check_server(L);
  pthread_mutex_lock(&s->lock);
  const struct request *r = s->first_request;
  size_t count = s->request_count;
  pthread_mutex_unlock(&s->lock);
  lua_createtable(L, (int)count, 0);
  /* Lua may raise here, so the lock is not held, and the last request's `next` not read. */
  for (size_t i = 1; i <= count; i++) {
    lua_pushlstring(L, r->bytes, r->len);
    lua_rawseti(L, -2, (int)i);
    if (i < count) r = r->next;
  }
  return 1;
}

/* server:connections(): how many were accepted. */
static int l_connections(lua_State *L) {
  struct server *s = check_server(L);
  pthread_mutex_lock(&s->lock);
  size_t accepted = s->accepted;
  pthread_mutex_unlock(&s->lock);
  lua_pushinteger(L, (lua_Integer)accepted);
  return 1;
}

/* server:stats(): `sent` bytes, `stalled` = seconds of the longest wait of a send for room in the
 * send buffer, `peerClosed` = connections that the peer closed or reset before the script did. */
static int l_stats(lua_State *L) {
  struct stats stats = server_stats(check_server(L));
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, (lua_Integer)stats.sent);
  lua_setfield(L, -2, "sent");
  lua_pushnumber(L, stats.stalled);
  lua_setfield(L, -2, "stalled");
  lua_pushinteger(L, (lua_Integer)stats.peer_closed);
  lua_setfield(L, -2, "peerClosed");
  return 1;
}

/* server:waitClosed(seconds): true once all connections have ended, false if time runs out. */
static int l_wait_closed(lua_State *L) {
  struct server *s = check_server(L);
  lua_Number seconds = luaL_checknumber(L, 2);
  luaL_argcheck(L, seconds >= 0, 2, "seconds, 0 or more, expected");
  lua_pushboolean(L, server_wait_closed(s, seconds));
  return 1;
}

/* server:stop(): ends all connections at once; what was counted can still be asked for. */
static int l_stop(lua_State *L) {
  server_stop(check_server(L));
  return 0;
}

/* Takes the metatable away, so that nothing can use what is freed. */
static int l_gc(lua_State *L) {
  server_free(check_server(L));
  lua_pushnil(L);
  lua_setmetatable(L, 1);
  return 0;
}

static int l_index(lua_State *L) {
  struct server *s = check_server(L);
  const char *key = luaL_checkstring(L, 2);
  if (strcmp(key, "port") == 0)
    lua_pushinteger(L, (lua_Integer)s->port);
  else if (strcmp(key, "url") == 0)
    lua_pushfstring(L, "http://127.0.0.1:%d", (int)s->port);
  else
    lua_getfield(L, lua_upvalueindex(1), key);
  return 1;
}

static const luaL_Reg METHODS[] = {
    {"requests", l_requests}, {"connections", l_connections},
    {"stats", l_stats},       {"waitClosed", l_wait_closed},
    {"stop", l_stop},         {NULL, NULL},
};

static const luaL_Reg METAMETHODS[] = {{"__gc", l_gc}, {"__close", l_stop}, {NULL, NULL}};

static const luaL_Reg FUNCTIONS[] = {{"start", l_start}, {NULL, NULL}};

GEM_EXPORT int luaopen_loopback(lua_State *L);

GEM_EXPORT int luaopen_loopback(lua_State *L) {
  luaL_newmetatable(L, TYPE_NAME);
  gem_setfuncs(L, METAMETHODS);
  lua_newtable(L);
  gem_setfuncs(L, METHODS);
  lua_pushcclosure(L, l_index, 1);
  lua_setfield(L, -2, "__index");
  lua_newtable(L);
  gem_setfuncs(L, FUNCTIONS);
  return 1;
}
