local check = require "check"
local refused = require "refused"
local simulate = require "simulate"

-- A library function whose line no error may show.
local function checked(name, ...)
    local value = check[name](...)
    return value
end

describe("check", function()
    it("gives back what is allowed", function()
        assert.equal(0.5, checked("number", "x", 0.5, 0, 1))
        assert.equal(-1e9, checked("number", "x", -1e9))
        assert.equal(3, checked("whole", "n", 3, 3, 3))
        assert.equal("b", checked("one_of", "c", "b", { "a", "b" }))
        assert.same({ 1 }, checked("list", "l", { 1 }, 1))
        assert.same({}, checked("options", "o", nil, { "a" }))
        local stream = simulate.stream(1)
        assert.equal(stream, checked("stream", stream))
        assert.equal("x", checked("kind", "k", "x", "string"))
    end)

    it("refuses the rest at the caller's caller's line, naming thing, value and allowed", function()
        refused(function() checked("number", "density", 1.5, 0, 1) end, "density is 1.5", "a number from 0 to 1")
        refused(function() checked("number", "density", "much", 0, 1) end, 'density is "much"')
        refused(function() checked("number", "x", 0 / 0) end, "a number is needed")
        refused(function() checked("number", "x", -1, 0) end, "a number from 0 is needed")
        refused(function() checked("number", "x", 2, nil, 1) end, "a number up to 1")
        refused(function() checked("whole", "steps", 1.5, 1, 64) end, "steps is 1.5", "a whole number from 1 to 64")
        refused(function() checked("one_of", "shape", "sinus", { "sine", "saw" }) end, '"sinus"', "sine, saw")
        refused(function() checked("list", "notes", 3) end, "notes is 3", "a list")
        refused(function() checked("list", "notes", {}, 1) end, "notes has 0 elements", "at least 1")
        refused(function() checked("kind", "wave", 1, "function") end, "wave is 1", "a function")
        refused(function() checked("stream", {}) end, "ctx.random")
        refused(function() checked("stream", nil) end, "the stream is nil")
        refused(function() checked("options", "lfo", { lwo = 1 }, { "low", "high" }) end, '"lwo"', "low, high")
        refused(function() checked("options", "lfo", 3, { "low" }) end, "a table")
    end)
end)
