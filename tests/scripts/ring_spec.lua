local count = require "count"
local refused = require "refused"
local ring = require "ring"
local simulate = require "simulate"

describe("ring", function()
    it("goes round", function()
        local r = ring { 1, 2, 3 }
        assert.same({ 1, 2, 3, 1, 2, 3, 1 }, r:take(7))
        assert.equal(2, r())
        assert.same({ false, 1, false }, ring({ false, 1 }):take(3))
    end)

    it("takes one value of a ring inside each time it is reached", function()
        assert.same({ 1, 2, 1, 3, 1, 4, 1, 2 }, ring({ 1, ring { 2, ring { 3 }, 4 } }):take(8))
        assert.same({ 1, 2, 1, 3, 1, 2, 1, 4 }, ring({ 1, ring { 2, ring { 3, 4 } } }):take(8))
    end)

    it("refuses a random order without a stream at the piece's line, however deep", function()
        local deep = ring { ring { ring({ 1, 2 }):order("random") } }
        refused(function() deep:next() end, "the stream is nil", "ctx.random")
        refused(function() deep:take(3) end, "the stream is nil")
        refused(function() local value = ring({ 1, 2 }):order("random")() print(value) end, "the stream is nil")
    end)

    it("steps by any number, both ways", function()
        assert.same({ 1, 3, 5, 2, 4, 1 }, ring({ 1, 2, 3, 4, 5 }):step(2):take(6))
        assert.same({ 1, 5, 4 }, ring({ 1, 2, 3, 4, 5 }):step(-1):take(3))
        assert.same({ 1, 1 }, ring({ 1, 2 }):step(0):take(2))
    end)

    it("goes in four orders", function()
        assert.same({ 1, 4, 3, 2, 1 }, ring({ 1, 2, 3, 4 }):order("backward"):take(5))
        assert.same({ 1, 2, 3, 4, 3, 2, 1, 2 }, ring({ 1, 2, 3, 4 }):order("pendulum"):take(8))
        assert.same({ 1, 1 }, ring({ 1 }):order("pendulum"):take(2))
        local seen = { 0, 0, 0 }
        for _, value in ipairs(ring({ 1, 2, 3 }):order("random"):take(3000, simulate.stream(4))) do
            seen[value] = seen[value] + 1
        end
        local x, degrees = count.chi_square(seen, { 1 / 3, 1 / 3, 1 / 3 }, 3000)
        assert.is_true(x < count.limit(degrees), x)
        local inner = ring { 0, ring({ 1, 2, 3 }):order("random") }
        assert.same(inner:take(20, simulate.stream(5)), ring({ 0, ring({ 1, 2, 3 }):order("random") })
            :take(20, simulate.stream(5)))
    end)

    it("is silent every so often, for good, or speaks several times", function()
        assert.same({ 1, 1, 1, 8, 1, 1, 1, 9 }, ring({ 1, ring({ 8, 9 }):every(3) }):take(8))
        assert.same({ 1, 8, 1, 9, 1, 1, 1 }, ring({ 1, ring({ 8, 9 }):times(2) }):take(7))
        assert.same({ 1, 8, 9, 8, 1, 9, 8, 9 }, ring({ 1, ring({ 8, 9 }):count(3) }):take(8))
        assert.same({ 1, 1, 8, 9, 1, 1, 8, 9 }, ring({ 1, ring({ 8, 9 }):count("all"):every(2) }):take(8))
        assert.same({ 1, 1, 8, 1, 1, 9, 1, 1, 1 }, ring({ 1, ring({ 8, 9 }):every(2):times(2) }):take(9))
        local root = ring({ 5 }):every(2)
        assert.same({ false, 5, false, 5 }, root:take(4))
        assert.is_nil(root())
        local dead = ring { ring({ 1 }):times(1) }
        assert.equal(1, dead())
        assert.is_nil(dead())
        assert.is_nil(dead())
    end)

    it("selects and resets", function()
        local r = ring { 1, 2, ring { 8, 9 } }
        assert.same({ 1, 2, 8, 1 }, r:take(4))
        assert.equal(9, r:select(3)())
        assert.same({ 1, 2, 8 }, r:reset():take(3))
    end)

    it("keeps its place as plain data over fresh scripts", function()
        local function build(state)
            return ring({ 1, ring({ 2, 3, ring { 4, 5 } }):order("pendulum"), ring({ 6 }):every(2):count(2) })
                :keep(state, "tune")
        end
        local whole, state = build({}):take(60), {}
        local parts = {}
        for _ = 1, 20 do
            for _, value in ipairs(build(state):take(3)) do
                parts[#parts + 1] = value
            end
            for _, head in ipairs(state.tune) do
                for _, value in pairs(head) do
                    assert.is_true(type(value) == "number" or type(value) == "boolean")
                end
            end
        end
        assert.same(whole, parts)
    end)

    it("goes on when it got shorter, longer, or its data is of another kind", function()
        local state = {}
        ring({ 1, 2, 3, 4, 5 }):keep(state, "r"):take(4)
        assert.equal(1, ring({ 1, 2 }):keep(state, "r")())
        assert.same({ 2, 7, 1 }, ring({ 1, 2, ring { 7 } }):keep(state, "r"):take(3))
        state.r = { { at = "x" } }
        assert.equal(1, ring({ 1, 2 }):keep(state, "r")())
        state.r = 5
        assert.equal(1, ring({ 1, 2 }):keep(state, "r")())
    end)

    it("refuses what makes no sense, at the caller's line", function()
        refused(function() ring {} end, "the ring's list", "at least 1")
        refused(function() ring(3) end, "a list")
        refused(function() ring({ 1 }):every(0) end, "every is 0")
        refused(function() ring({ 1 }):times(-1) end, "times is -1")
        refused(function() ring({ 1 }):count("some") end, "count")
        refused(function() ring({ 1 }):step(0.5) end, "step is 0.5")
        refused(function() ring({ 1 }):order("up") end, "forward, backward")
        refused(function() ring({ 1 }):select(2) end, "1 to 1")
        refused(function() ring({ 1 }):keep(nil, "x") end, "the state")
        refused(function() ring({ 1 }):keep({}, nil) end, "the name")
        refused(function() ring({ 1 }):take(-1) end, "n is -1")
        assert.has_error(function() ring({ 1 }):order("random")() end)
        assert.is_true(ring.is(ring { 1 }))
        assert.is_false(ring.is { 1 })
    end)
end)
