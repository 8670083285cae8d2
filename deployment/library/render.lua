--- Turns what parse.lua has read into docs/api.md and client/library.json.
local render = {}

local INTRO = [[
# The library

Everything in scripts/lib, by module; `local theory = require "theory"` makes one available. This page and the editor's
completion list (client/library.json) are made from the comments in the modules by `deployment/library/generate`.

Conventions: pitches are MIDI note numbers (60 is middle C) and may have fractions; a *class* is a pitch without its
octave, 0 (C) to 11 (B), and a *set* of classes is a table with `set[class] == true`; times are beats of the phrase
unless a name says seconds; a *stream* is what `ctx.random "name"` gives. Functions change none of their arguments
except where it says so. What must be remembered is plain data that belongs into the piece's `state`. A wrong argument
is an error at the piece's own line that names what was given and what is allowed. Behind `-->` stands what an example
gives.
]]

local function add(out, ...)
    out[#out + 1] = table.concat({ ... })
end

local function code(out, lines)
    if #lines > 0 then
        add(out, "```lua\n", table.concat(lines, "\n"), "\n```\n")
    end
end

local function entry_markdown(out, entry)
    add(out, "#### `", entry.signature, "`\n")
    add(out, entry.text, "\n")
    local list = {}
    for _, param in ipairs(entry.params) do
        list[#list + 1] = "- `" .. param.name .. "`: " .. param.text
    end
    for _, text in ipairs(entry.returns) do
        list[#list + 1] = "- gives " .. text
    end
    for _, text in ipairs(entry.raises) do
        list[#list + 1] = "- an error " .. text
    end
    if #list > 0 then
        add(out, table.concat(list, "\n"), "\n")
    end
    code(out, entry.usage)
end

--- The reference as Markdown.
-- @param modules list as `parse.text` gives them, in the order wanted
function render.markdown(modules)
    local out = { INTRO }
    for _, module in ipairs(modules) do
        local first = module.text:match("^(.-[.:])%s") or module.text
        add(out, "- [", module.name, "](#", module.name, "): ", (first:gsub("[.:]$", "")))
    end
    out[2] = "\n" .. (out[2] or "")
    for _, module in ipairs(modules) do
        add(out, "\n## ", module.name, "\n")
        add(out, module.text, "\n")
        code(out, module.usage)
        for _, entry in ipairs(module.entries) do
            entry_markdown(out, entry)
        end
    end
    return (table.concat(out, "\n"):gsub("\n\n\n+", "\n\n"):gsub("\n*$", "\n"))
end

local function quoted(text)
    return '"' .. text:gsub('[%c"\\]', function(c)
        return c == "\n" and "\\n" or c == '"' and '\\"' or c == "\\" and "\\\\" or ("\\u%04x"):format(c:byte())
    end) .. '"'
end

-- What an editor shows beside a name.
local function plain(entry)
    local lines = { entry.text }
    for _, param in ipairs(entry.params) do
        lines[#lines + 1] = param.name .. ": " .. param.text
    end
    for _, text in ipairs(entry.returns) do
        lines[#lines + 1] = "Gives " .. text
    end
    for _, text in ipairs(entry.raises) do
        lines[#lines + 1] = "An error " .. text
    end
    if #entry.usage > 0 then
        lines[#lines + 1] = table.concat(entry.usage, "\n")
    end
    return table.concat(lines, "\n")
end

--- The completion list as JSON: an array of {module, name, signature, doc}, one a line. A module itself is an entry
-- whose name is the module's.
function render.json(modules)
    local rows = {}
    local function row(module, name, signature, doc)
        rows[#rows + 1] = ('{"module": %s, "name": %s, "signature": %s, "doc": %s}')
            :format(quoted(module), quoted(name), quoted(signature), quoted(doc))
    end
    for _, module in ipairs(modules) do
        local how = module.name == "ctx" and "ctx" or ('require "%s"'):format(module.name)
        row(module.name, module.name, how, module.text)
        for _, entry in ipairs(module.entries) do
            row(entry.name:match("^(piece)%.") or entry.name:match("^(stream):") or module.name, entry.name,
                entry.signature, plain(entry))
        end
    end
    return "[\n" .. table.concat(rows, ",\n") .. "\n]\n"
end

return render
