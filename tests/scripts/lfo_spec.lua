local count = require "count"
local form = require "form"
local lfo = require "lfo"
local refused = require "refused"

local function near(a, b)
    assert.is_true(math.abs(a - b) < 1e-9, a .. " is not " .. b)
end

describe("lfo: shapes", function()
    it("go from 0 to 1, begin at 0 and come again", function()
        for _, name in ipairs { "sine", "triangle", "saw", "square" } do
            local shape, low, high = lfo[name], 1, 0
            near(0, shape(0))
            for i = -200, 200 do
                local value = shape(i / 100)
                low, high = math.min(low, value), math.max(high, value)
                near(value, shape(i / 100 + 3))
            end
            assert.is_true(low >= 0 and low < 0.01 and high <= 1 and high > 0.98, name)
        end
        near(1, lfo.sine(0.5))
        near(0.5, lfo.sine(0.25))
        near(form.wave(7, 20, 0.1), lfo.sine(7 / 20 + 0.1))
        near(0.5, lfo.triangle(0.25))
        near(0.5, lfo.triangle(0.75))
        near(0.9, lfo.saw(-0.1))
        assert.equal(0, lfo.square(0.74, 0.25))
        assert.equal(1, lfo.square(0.75, 0.25))
    end)

    it("hold random values that are spread evenly and forget the one before", function()
        for _, seed in ipairs { 0, 1, 9999 } do
            local cells, pairs_seen, n = {}, {}, 20000
            for i = 1, n do
                local a, b = math.floor(8 * lfo.hold(i, seed)) + 1, math.floor(8 * lfo.hold(i + 1, seed)) + 1
                cells[a] = (cells[a] or 0) + 1
                pairs_seen[(a - 1) * 8 + b] = (pairs_seen[(a - 1) * 8 + b] or 0) + 1
            end
            local flat, flat2 = {}, {}
            for i = 1, 64 do
                flat[i], flat2[i] = i <= 8 and 1 / 8 or nil, 1 / 64
            end
            local x, degrees = count.chi_square(cells, flat, n)
            assert.is_true(x < count.limit(degrees), seed .. ": " .. x)
            x, degrees = count.chi_square(pairs_seen, flat2, n)
            assert.is_true(x < count.limit(degrees), seed .. ": " .. x)
        end
    end)

    it("have random values of their own for each seed", function()
        local cells, flat = {}, {}
        for seed = 0, 6399 do
            local cell = math.floor(8 * lfo.hold(5, seed)) * 8 + math.floor(8 * lfo.hold(5, seed + 1)) + 1
            cells[cell] = (cells[cell] or 0) + 1
        end
        for i = 1, 64 do
            flat[i] = 1 / 64
        end
        local x, degrees = count.chi_square(cells, flat, 6400)
        assert.is_true(x < count.limit(degrees), x)
    end)

    it("walk smoothly between held values", function()
        for i = -300, 300 do
            local a, b = lfo.random(i / 100, 3), lfo.random((i + 1) / 100, 3)
            assert.is_true(math.abs(a - b) < 0.02 and a >= 0 and a < 1)
        end
        near(lfo.hold(4, 3), lfo.random(4, 3))
        near((lfo.hold(4, 3) + lfo.hold(5, 3)) / 2, lfo.random(4.5, 3))
    end)
end)

describe("lfo: waves over time", function()
    it("have a period, a phase and a range", function()
        local wave = lfo.new { shape = "saw", period = 8, phase = 0.25, low = 10, high = 20 }
        near(12.5, wave(0))
        near(15, wave(2))
        near(wave(3), wave(11))
        near(20, lfo.new { period = 2, low = 20, high = 5 }(0))
        near(lfo.hold(2, 5), lfo.new { shape = "hold", period = 10, seed = 5 }(25))
        near(1, lfo.new { shape = "square", period = 10, width = 0.1 }(9))
    end)

    it("are summed, multiplied, ranged and stepped", function()
        local sum = lfo.sum({ lfo.saw, lfo.triangle }, { 3, 1 })
        near((3 * 0.25 + 0.5) / 4, sum(0.25))
        near((0.25 + 0.5) / 2, lfo.sum({ lfo.saw, lfo.triangle })(0.25))
        near(0.125, lfo.product { lfo.saw, lfo.triangle }(0.25))
        near(-0.5, lfo.range(lfo.saw, -1, 1)(0.25))
        local seen = {}
        for i = 0, 99 do
            seen[lfo.steps(lfo.saw, 4)(i / 100)] = true
        end
        assert.is_true(seen[0] and seen[1 / 3] and seen[2 / 3] and seen[1])
    end)

    it("refuse what makes no sense, at the caller's line", function()
        refused(function() lfo.new {} end, "period is nil")
        refused(function() lfo.new { period = 0 } end, "period is 0")
        refused(function() lfo.new { period = 1, shape = "sinus" } end, '"sinus"', "sine, triangle")
        refused(function() lfo.new { period = 1, lo = 1 } end, '"lo"')
        refused(function() lfo.new { period = 1 }("x") end, "t is")
        refused(function() lfo.sum {} end, "waves")
        refused(function() lfo.sum({ lfo.saw }, { 0 }) end, "weights")
        refused(function() lfo.product { 1 } end, "a wave is 1")
        refused(function() lfo.range(1, 0, 1) end, "the wave is 1")
        refused(function() lfo.steps(lfo.saw, 1) end, "levels is 1")
        refused(function() lfo.hold(1, 0.5) end, "seed is 0.5")
        refused(function() lfo.random(1, -1) end, "seed is -1")
        for _, name in ipairs { "sine", "triangle", "saw", "square" } do
            refused(function() lfo[name]() end, "x is nil")
        end
    end)
end)
