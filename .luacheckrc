std = "min"
max_line_length = 120
cache = false
include_files = { "lua", "spec", "examples", "tools", "lua-gemini-scm-1.rockspec" }
files["spec"].std = "min+busted"
files["lua-gemini-scm-1.rockspec"].std = "rockspec"
