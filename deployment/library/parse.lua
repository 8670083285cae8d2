--- Reads the LDoc comments of Lua files: what the reference and the editor's completion list are made from.
-- Plain Lua without dependencies; the generator and the specs use it.
local parse = {}

local TAGS = { param = true, ["return"] = true, usage = true, raise = true, module = true, ["function"] = true,
               field = true }

-- A comment block as { text, tags = list of {tag, text} }; lines of a tag go on until the next one.
local function read_block(lines)
    local block = { text = {}, tags = {} }
    local into = block.text
    for _, line in ipairs(lines) do
        local tag, rest = line:match("^@(%a+)%s?(.*)$")
        if tag then
            if not TAGS[tag] then
                error("unknown tag @" .. tag)
            end
            into = { rest ~= "" and rest or nil }
            block.tags[#block.tags + 1] = { tag = tag, lines = into }
        else
            into[#into + 1] = line
        end
    end
    return block
end

local function joined(lines)
    return (table.concat(lines, " "):gsub("%s+", " "):gsub("^%s", ""):gsub("%s$", ""))
end

local function tags_of(block, tag)
    local found = {}
    for _, entry in ipairs(block.tags) do
        if entry.tag == tag then
            found[#found + 1] = entry.lines
        end
    end
    return found
end

-- The name and arguments of what the code line after a block defines; nil for what is local.
local function defined(module, code)
    local name, args = code:match("^function ([%w_.:]+)%s*(%b())")
    if not name then
        name, args = code:match("^([%w_]+%.[%w_]+)%s*=%s*function%s*(%b())")
    end
    if name then
        return (name:gsub("^([%w_]+)_methods:", "%1:")), args
    end
    name = code:match("^([%w_]+%.[%w_]+)%s*=")
    return name and name:match("^" .. module .. "%.") and name
end

local function entry_of(module, block, code)
    local name, args = defined(module, code)
    local given = tags_of(block, "function")[1] or tags_of(block, "field")[1]
    if given then
        local signature = joined(given)
        name, args = signature:match("^([%w_.:]+)"), signature:match("^[%w_.:]+(.*)$")
    end
    if not name then
        return nil
    end
    local entry = { module = module, name = name, signature = name .. (args or ""), text = joined(block.text),
                    params = {}, returns = {}, raises = {}, usage = {} }
    for _, lines in ipairs(tags_of(block, "param")) do
        local text = joined(lines)
        entry.params[#entry.params + 1] = { name = text:match("^(%S+)"), text = text:match("^%S+%s*(.*)$") }
    end
    for _, lines in ipairs(tags_of(block, "return")) do
        entry.returns[#entry.returns + 1] = joined(lines)
    end
    for _, lines in ipairs(tags_of(block, "raise")) do
        entry.raises[#entry.raises + 1] = joined(lines)
    end
    for _, lines in ipairs(tags_of(block, "usage")) do
        for _, line in ipairs(lines) do
            entry.usage[#entry.usage + 1] = line
        end
    end
    return entry
end

--- One file's module.
-- @param text the file
-- @param module its name
-- @return { name, text, usage, entries = list of { module, name, signature, text, params, returns, raises, usage } }
function parse.text(text, module)
    local out, block = { name = module, text = "", usage = {}, entries = {} }, nil
    for line in (text .. "\n"):gmatch("(.-)\r?\n") do
        local start, further = line:match("^%-%-%-%s?(.*)$"), line:match("^%-%-%s?(.*)$")
        if start and not line:match("^%-%-%-%-") then
            block = { start }
        elseif block and further then
            block[#block + 1] = further
        elseif block then
            local read = read_block(block)
            if #tags_of(read, "module") > 0 then
                out.text = joined(read.text)
                for _, lines in ipairs(tags_of(read, "usage")) do
                    for _, usage in ipairs(lines) do
                        out.usage[#out.usage + 1] = usage
                    end
                end
            end
            local entry = entry_of(module, read, line)
            out.entries[#out.entries + 1] = entry
            block = nil
        end
    end
    return out
end

return parse
