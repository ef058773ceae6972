/*
 * A request, read from a Lua table. Knows nothing of curl.
 *
 * The table's fields are what loop.submit takes: method, url, proxy, caFile, connectTimeout, idleTimeout,
 * timeout (seconds), maxBytes, reading ("events" or "pieces"; else the answer is kept whole), and body: a
 * string, or a list of segments. A segment is a string, or a window: { data = string, offset =, length = } or
 * { path = string, offset =, length = }.
 */
#ifndef GEM_LUAREQUEST_H
#define GEM_LUAREQUEST_H

#include "compat.h"
#include "request.h"

/* Seconds to whole milliseconds within [0, most]; NaN is 0. */
long gem_milliseconds(lua_Number seconds, long most);

/* Reads the table at `table`; raises where a field is of another type. Its strings must stay with it as long
 * as the request is read; the body's bytes and paths are pinned to the userdata at `owner`, by its one
 * associated table. */
void gem_request_read(lua_State *L, int table, int owner, gem_request *r);

#endif
