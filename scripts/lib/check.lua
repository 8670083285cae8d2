--- Checks of arguments, for the library and for modules of your own.
-- Each function gives back the value it was asked about, or raises an error that says what was given and what is
-- allowed, at the line that called the function that checks: in a module's function the error shows the piece's line.
-- (Call them as plain statements or assignments: after `return check.number(...)` Lua has forgotten that line.)
-- @module check
local check = {}

-- Levels: 1 this function, 2 the check, 3 the function that checks, 4 who called that.
local function refuse(what, value, allowed, depth)
    local shown = type(value) == "string" and ("%q"):format(value) or tostring(value)
    error(("%s is %s: %s is needed"):format(what, shown, allowed), 4 + (depth or 0))
end

local function range_text(kind, low, high)
    if low and high then
        return ("%s from %g to %g"):format(kind, low, high)
    end
    return low and ("%s from %g"):format(kind, low) or high and ("%s up to %g"):format(kind, high) or kind
end

local function inside(value, low, high)
    return type(value) == "number" and value == value and value >= (low or -math.huge) and value <= (high or math.huge)
end

--- A number in a range.
-- @param what the name that the error gives it
-- @param value what was given
-- @param low least, or nil
-- @param high most, or nil
-- @param depth how many more calls lie between the piece and the check (default 0)
-- @usage check.number("density", 0.4, 0, 1) --> 0.4
function check.number(what, value, low, high, depth)
    if not inside(value, low, high) then
        refuse(what, value, range_text("a number", low, high), depth)
    end
    return value
end

--- A whole number in a range.
-- @param what the name that the error gives it
-- @param value what was given
-- @param low least, or nil
-- @param high most, or nil
-- @param depth as in `check.number`
-- @usage check.whole("steps", 16, 1, 64) --> 16
function check.whole(what, value, low, high, depth)
    if not inside(value, low, high) or value % 1 ~= 0 then
        refuse(what, value, range_text("a whole number", low, high), depth)
    end
    return value
end

--- A list with at least so many elements.
-- @param what the name that the error gives it
-- @param value what was given
-- @param least how many (default 0)
-- @param depth as in `check.number`
-- @usage local pitches = check.list("pitches", { 57, 60 }, 1)
function check.list(what, value, least, depth)
    if type(value) ~= "table" then
        refuse(what, value, "a list", depth)
    elseif #value < (least or 0) then
        error(("%s has %d elements: at least %d are needed"):format(what, #value, least), 3 + (depth or 0))
    end
    return value
end

--- A text out of a list of texts.
-- @param what the name that the error gives it
-- @param value what was given
-- @param allowed list of texts
-- @param depth as in `check.number`
-- @usage check.one_of("shape", "sine", { "sine", "saw" }) --> "sine"
function check.one_of(what, value, allowed, depth)
    for _, name in ipairs(allowed) do
        if name == value then
            return value
        end
    end
    refuse(what, value, "one of " .. table.concat(allowed, ", "), depth)
end

--- A value of a type: "function", "table", "string" or "boolean".
-- @param what the name that the error gives it
-- @param value what was given
-- @param kind the type
-- @param depth as in `check.number`
-- @usage check.kind("name", "pad", "string") --> "pad"
function check.kind(what, value, kind, depth)
    if type(value) ~= kind then
        refuse(what, value, "a " .. kind, depth)
    end
    return value
end

--- A random stream, as `ctx.random "name"` gives it.
-- @param value what was given
-- @param depth as in `check.number`
-- @usage check.stream(stream)
function check.stream(value, depth)
    local kind = type(value)
    if (kind ~= "table" and kind ~= "userdata") or type(value.float) ~= "function" then
        refuse("the stream", value, 'a random stream, such as ctx.random "name",', depth)
    end
    return value
end

--- A table of options: nothing in it but what is known. No options at all are an empty table.
-- @param what the name that the error gives it
-- @param value what was given, may be nil
-- @param allowed list of the names that it may have
-- @param depth as in `check.number`
-- @usage local opts = check.options("lfo", { low = 0 }, { "low", "high" })
function check.options(what, value, allowed, depth)
    if value == nil then
        return {}
    elseif type(value) ~= "table" then
        refuse(what .. "'s options", value, "a table", depth)
    end
    local known = {}
    for _, name in ipairs(allowed) do
        known[name] = true
    end
    for name in pairs(value) do
        if not known[name] then
            refuse(what .. "'s option", name, "one of " .. table.concat(allowed, ", "), depth)
        end
    end
    return value
end

return check
