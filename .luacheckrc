-- Scripts run on LuaJIT; specs under busted.
std = "luajit"
max_line_length = 120
files["tests/scripts"] = { std = "+busted" }
