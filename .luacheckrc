-- Scripts run on LuaJIT; specs under busted.
std = "luajit"
max_line_length = 120
files["tests/scripts"] = { std = "+busted" }
files["scripts/batch"] = { read_globals = { "defaults", "random", "read_json", "render" } }
