/*
 * A request, read from a Lua table. Knows nothing of curl.
 *
 * The table's fields: method, url, proxy, caFile; connectTimeout, idleTimeout and timeout in seconds;
 * maxBytes, maxTotalBytes, takenBytes and maxHeaderBytes; once; reading, "events" or "pieces", without which
 * the answer is kept whole; and body, a string or a list of segments. The headers are the caller's to read.
 *
 * A segment is a string, or a window of one, { data = string, offset =, length = }, by default all of it; or
 * a window of a file, { path = string, offset =, length = }, where the length must be there.
 */
#ifndef GEM_LUAREQUEST_H
#define GEM_LUAREQUEST_H

#include "compat.h"
#include "request.h"

/* Seconds to whole milliseconds within [0, most]; NaN is 0. */
long gem_milliseconds(lua_Number seconds, long most);

/* A time limit in milliseconds: what is asked for at all never becomes 0, which means none. */
long gem_request_limit(lua_Number seconds);

/* Reads the table at `table`; raises where a field is of another type. Both indexes are absolute. The table's
 * strings must stay with it as long as the request is read; the body's bytes and paths are pinned to the
 * userdata at `owner`, by its one associated table. */
void gem_request_read(lua_State *L, int table, int owner, gem_request *r);

#endif
