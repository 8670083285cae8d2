--- The whole library as documents: which modules there are, in which order they are shown, and what is made of them.
local library = {}

-- Shown in this order: what a piece is given, pitches, chords, lines, time, form.
library.MODULES = {
    "ctx", "notes", "roman", "theory", "voicing", "progressions", "harmony", "markov", "melody", "rules", "motif",
    "conversation", "phrase", "rhythm", "percussion", "drone", "ring", "lfo", "form", "check",
}

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    return text
end

--- All modules as parse.text gives them.
-- @param root the repository's folder, with "/" at its end or empty
function library.modules(root)
    local parse = dofile(root .. "deployment/library/parse.lua")
    local modules = {}
    for i, name in ipairs(library.MODULES) do
        local path = name == "ctx" and "deployment/library/ctx.lua" or "scripts/lib/" .. name .. ".lua"
        modules[i] = parse.text(read(root .. path), name)
    end
    return modules
end

--- The documents: path and text of each.
function library.documents(root)
    local render = dofile(root .. "deployment/library/render.lua")
    local modules = library.modules(root)
    return {
        { path = "docs/api.md", text = render.markdown(modules) },
        { path = "client/library.json", text = render.json(modules) },
    }
end

library.read = read

return library
