rockspec_format = "3.0"
package = "lua-gemini"
version = "scm-1"
source = {
  url = "git+https://github.com/lua-gemini/lua-gemini.git",
}
description = {
  summary = "Google's Gemini API for Lua: every REST method under its own name",
  detailed = [[
    A client for the Gemini API on libcurl: blocking calls, streams as iterators, JSON decoded in C.
    For Lua 5.1 to 5.4 and LuaJIT.
  ]],
}
dependencies = {
  "lua >= 5.1, < 5.5",
  "lua-cjson",
}
test_dependencies = {
  "busted",
  "luasocket",
}
-- The library alone: Debian keeps curl's headers in a folder of the architecture's, where LuaRocks does not look.
external_dependencies = {
  CURL = { library = "curl" },
}
build = {
  type = "builtin",
  modules = {
    ["gemini.codec"] = {
      sources = {
        "src/codec.c",
        "src/base64.c",
        "src/buf.c",
        "src/json_decode.c",
        "src/json_encode.c",
        "src/json_number.c",
        "src/json_string.c",
        "src/text.c",
      },
      defines = { "_POSIX_C_SOURCE=200809L" },
    },
    ["gemini.transport"] = {
      sources = {
        "src/transport.c",
        "src/multi.c",
        "src/transfer.c",
        "src/request.c",
        "src/body.c",
        "src/sse.c",
        "src/buf.c",
        "src/json_decode.c",
        "src/json_encode.c",
        "src/json_number.c",
        "src/json_string.c",
      },
      defines = { "_POSIX_C_SOURCE=200809L" },
      libraries = { "curl" },
      incdirs = { "$(CURL_INCDIR)" },
      libdirs = { "$(CURL_LIBDIR)" },
    },
    gemini = "lua/gemini/init.lua",
    ["gemini.api"] = "lua/gemini/api.lua",
    ["gemini.base64"] = "lua/gemini/base64.lua",
    ["gemini.client"] = "lua/gemini/client.lua",
    ["gemini.content"] = "lua/gemini/content.lua",
    ["gemini.delay"] = "lua/gemini/delay.lua",
    ["gemini.details"] = "lua/gemini/details.lua",
    ["gemini.emulator"] = "lua/gemini/emulator/init.lua",
    ["gemini.emulator.auth"] = "lua/gemini/emulator/auth.lua",
    ["gemini.emulator.catalog"] = "lua/gemini/emulator/catalog.lua",
    ["gemini.emulator.check"] = "lua/gemini/emulator/check.lua",
    ["gemini.emulator.child"] = "lua/gemini/emulator/child.lua",
    ["gemini.emulator.command"] = "lua/gemini/emulator/command.lua",
    ["gemini.emulator.connection"] = "lua/gemini/emulator/connection.lua",
    ["gemini.emulator.errors"] = "lua/gemini/emulator/errors.lua",
    ["gemini.emulator.generate"] = "lua/gemini/emulator/generate.lua",
    ["gemini.emulator.http"] = "lua/gemini/emulator/http.lua",
    ["gemini.emulator.interpreter"] = "lua/gemini/emulator/interpreter.lua",
    ["gemini.emulator.json"] = "lua/gemini/emulator/json.lua",
    ["gemini.emulator.merge"] = "lua/gemini/emulator/merge.lua",
    ["gemini.emulator.models"] = "lua/gemini/emulator/models.lua",
    ["gemini.emulator.names"] = "lua/gemini/emulator/names.lua",
    ["gemini.emulator.options"] = "lua/gemini/emulator/options.lua",
    ["gemini.emulator.paging"] = "lua/gemini/emulator/paging.lua",
    ["gemini.emulator.prompt"] = "lua/gemini/emulator/prompt.lua",
    ["gemini.emulator.query"] = "lua/gemini/emulator/query.lua",
    ["gemini.emulator.reply"] = "lua/gemini/emulator/reply.lua",
    ["gemini.emulator.router"] = "lua/gemini/emulator/router.lua",
    ["gemini.emulator.scalars"] = "lua/gemini/emulator/scalars.lua",
    ["gemini.emulator.script"] = "lua/gemini/emulator/script.lua",
    ["gemini.emulator.server"] = "lua/gemini/emulator/server.lua",
    ["gemini.emulator.service"] = "lua/gemini/emulator/service.lua",
    ["gemini.emulator.stream"] = "lua/gemini/emulator/stream.lua",
    ["gemini.emulator.tokens"] = "lua/gemini/emulator/tokens.lua",
    ["gemini.emulator.turn"] = "lua/gemini/emulator/turn.lua",
    ["gemini.errors"] = "lua/gemini/errors.lua",
    ["gemini.headers"] = "lua/gemini/headers.lua",
    ["gemini.hints"] = "lua/gemini/hints.lua",
    ["gemini.interpreted"] = "lua/gemini/interpreted.lua",
    ["gemini.json"] = "lua/gemini/json.lua",
    ["gemini.loop"] = "lua/gemini/loop/init.lua",
    ["gemini.merge"] = "lua/gemini/merge.lua",
    ["gemini.messages"] = "lua/gemini/messages.lua",
    ["gemini.nearest"] = "lua/gemini/nearest.lua",
    ["gemini.options"] = "lua/gemini/options.lua",
    ["gemini.pager"] = "lua/gemini/pager.lua",
    ["gemini.path"] = "lua/gemini/path.lua",
    ["gemini.plain"] = "lua/gemini/plain.lua",
    ["gemini.reply"] = "lua/gemini/reply.lua",
    ["gemini.request"] = "lua/gemini/request.lua",
    ["gemini.resource"] = "lua/gemini/resource.lua",
    ["gemini.rest"] = "lua/gemini/rest.lua",
    ["gemini.schema"] = "lua/gemini/schema.lua",
    ["gemini.stream"] = "lua/gemini/stream.lua",
    ["gemini.tables"] = "lua/gemini/tables.lua",
    ["gemini.version"] = "lua/gemini/version.lua",
    ["gemini.wire"] = "lua/gemini/wire.lua",
  },
}
