std = "min"
max_line_length = 120
cache = false
include_files = { "lua/**/*.lua", "spec/**/*.lua", "examples/**/*.lua", "tools/**/*.lua", "*.rockspec" }
files["spec"].std = "max+busted"
files["spec"].max_line_length = 140
files["*.rockspec"].std = "rockspec"
