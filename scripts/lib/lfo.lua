--- Slow waves: what moves timbre, density and register from phrase to phrase.
-- All shapes go from 0 to 1, begin at 0 and have a period of 1; `lfo.new` gives them a period, a range and a place in
-- time. They remember nothing: the value depends on the moment alone, which may be counted in phrases (`ctx.phrase`,
-- with fractions inside a phrase), in beats or in seconds since the piece began (`form.clock`), whatever the period is
-- in. `form.wave` is the plain sine.
-- @module lfo
-- @usage local open = lfo.new { shape = "sine", period = 16, low = 300, high = 1800 }
-- open(8) --> 1800
local check = require "check"
local form = require "form"

local lfo = {}

--- All shapes by name.
lfo.SHAPES = { "sine", "triangle", "saw", "square", "random", "hold" }

local MODULUS = 67108859 -- a prime below 2^26: squares are exact in a double

-- A number from 0 to less than 1 that belongs to a whole number n and a seed.
local function noise(n, seed)
    local x = (n * 7919 + seed * 104729 + 1) % MODULUS
    for round = 1, 5 do
        x = (x * x + (n + 31 * round) % MODULUS * 613 + seed * 7 + round) % MODULUS
    end
    return x / MODULUS
end

--- A sine that begins at its lowest point.
-- @param x where in time, in periods
-- @usage lfo.sine(0.5) --> 1
function lfo.sine(x)
    check.number("x", x)
    local value = form.wave(x % 1, 1)
    return value
end

--- Straight up, straight down.
-- @param x where in time, in periods
-- @usage lfo.triangle(0.25) --> 0.5
function lfo.triangle(x)
    check.number("x", x)
    return 1 - math.abs(2 * (x % 1) - 1)
end

--- Straight up, then back at once.
-- @param x where in time, in periods
-- @usage lfo.saw(1.75) --> 0.75
function lfo.saw(x)
    check.number("x", x)
    return x % 1
end

--- 0 for the first part of the period, then 1.
-- @param x where in time, in periods
-- @param width share of the period that is 1, 0 to 1 (default 0.5)
-- @usage lfo.square(0.8, 0.25) --> 1
function lfo.square(x, width)
    check.number("x", x)
    check.number("width", width or 0.5, 0, 1)
    return x % 1 >= 1 - (width or 0.5) and 1 or 0
end

--- Sample and hold: another random value each period.
-- @param x where in time, in periods
-- @param seed a whole number from 0 to 2^26: each has its own values (default 0)
-- @usage lfo.hold(3.1, 7) == lfo.hold(3.9, 7) --> true
function lfo.hold(x, seed)
    check.number("x", x)
    check.whole("seed", seed or 0, 0, 2 ^ 26)
    local value = noise(math.floor(x), seed or 0)
    return value
end

--- A smooth random walk from value to value, one each period.
-- @param x where in time, in periods
-- @param seed a whole number from 0 to 2^26: each walks its own way (default 0)
-- @usage lfo.random(3, 7) == lfo.hold(3, 7) --> true
function lfo.random(x, seed)
    check.number("x", x)
    check.whole("seed", seed or 0, 0, 2 ^ 26)
    local n = math.floor(x)
    local value = form.mix(noise(n, seed or 0), noise(n + 1, seed or 0), form.fade(x - n, 0, 1))
    return value
end

local OPTIONS = { "shape", "period", "phase", "low", "high", "width", "seed" }

--- A wave over time.
-- @param opts shape (one of `lfo.SHAPES`, default "sine"), period (more than 0, in the unit that you count time in;
-- must be given), phase (in periods, default 0), low and high (range, default 0 and 1; low may be the larger), width
-- (of the square), seed (of random and hold; keep one in the state to have another walk for each seed of the piece:
-- `state.seed = state.seed or stream:int(0, 9999)`)
-- @return function(t) giving the value at the time t
-- @usage local width = lfo.new { shape = "triangle", period = 90, low = 0.2, high = 0.8 }
-- width(45) --> 0.8
function lfo.new(opts)
    opts = check.options("lfo", opts, OPTIONS)
    local shape = lfo[check.one_of("shape", opts.shape or "sine", lfo.SHAPES)]
    local period, phase = check.number("period", opts.period, 1e-6), check.number("phase", opts.phase or 0)
    local low, high = check.number("low", opts.low or 0), check.number("high", opts.high or 1)
    local extra = shape == lfo.square and check.number("width", opts.width or 0.5, 0, 1)
        or check.whole("seed", opts.seed or 0, 0, 2 ^ 26)
    return function(t)
        check.number("t", t)
        local value = form.mix(low, high, shape(t / period + phase, extra))
        return value
    end
end

--- Waves added to one: their mean, weighted.
-- @param waves list of functions of time
-- @param weights list of numbers from 0, one for each (default: all alike)
-- @return function(t)
-- @usage local drift = lfo.sum({ lfo.new { period = 7 }, lfo.new { period = 11, shape = "random" } }, { 2, 1 })
function lfo.sum(waves, weights)
    check.list("waves", waves, 1)
    local total = 0
    for i = 1, #waves do
        check.kind("a wave", waves[i], "function")
        total = total + (weights and check.number("a weight", weights[i], 0) or 1)
    end
    check.number("the sum of the weights", total, 1e-9)
    return function(t)
        local sum = 0
        for i, wave in ipairs(waves) do
            sum = sum + (weights and weights[i] or 1) * wave(t)
        end
        return sum / total
    end
end

--- Waves multiplied: one opens and closes the other.
-- @param waves list of functions of time
-- @return function(t)
-- @usage local gate = lfo.product { lfo.new { period = 4 }, lfo.new { shape = "square", period = 16 } }
-- gate(2) --> 0
function lfo.product(waves)
    check.list("waves", waves, 1)
    for i = 1, #waves do
        check.kind("a wave", waves[i], "function")
    end
    return function(t)
        local product = 1
        for _, wave in ipairs(waves) do
            product = product * wave(t)
        end
        return product
    end
end

--- A wave from 0 to 1 in another range.
-- @param wave function of time
-- @param low what 0 becomes
-- @param high what 1 becomes
-- @return function(t)
-- @usage lfo.range(lfo.saw, -1, 1)(0.75) --> 0.5
function lfo.range(wave, low, high)
    check.kind("the wave", wave, "function")
    check.number("low", low)
    check.number("high", high)
    return function(t)
        return low + (high - low) * wave(t)
    end
end

--- A wave that only takes so many values, evenly spaced from 0 to 1.
-- @param wave function of time, from 0 to 1
-- @param levels 2 to 1024
-- @return function(t)
-- @usage lfo.steps(lfo.saw, 3)(0.4) --> 0.5
function lfo.steps(wave, levels)
    check.kind("the wave", wave, "function")
    check.whole("levels", levels, 2, 1024)
    return function(t)
        return math.min(math.floor(wave(t) * levels), levels - 1) / (levels - 1)
    end
end

return lfo
