--- Form: slow arcs over minutes and hours, and how elements come in with intensity.
-- @module form
local form = {}

--- A wave from 0 to 1 with a period in seconds. Periods that do not divide each other never line up again.
-- @param seconds time since the piece began
-- @param period seconds
-- @param phase 0 to 1
function form.wave(seconds, period, phase)
    return 0.5 - 0.5 * math.cos(2 * math.pi * (seconds / period + (phase or 0)))
end

--- How much of an element is there: 0 below `from`, 1 above `to`, smooth between.
function form.fade(x, from, to)
    local t = (x - from) / (to - from)
    t = t < 0 and 0 or t > 1 and 1 or t
    return t * t * (3 - 2 * t)
end

--- A value between two, by t from 0 to 1.
function form.mix(a, b, t)
    return a + (b - a) * t
end

--- Cuts a number to a range.
function form.clamp(x, low, high)
    return x < low and low or x > high and high or x
end

--- Draws an index by weights.
-- @param stream random stream
-- @param weights list of numbers from 0; not all 0
function form.weighted(stream, weights)
    local sum = 0
    for _, w in ipairs(weights) do
        sum = sum + w
    end
    local draw, last = stream:float() * sum, 1
    for i, w in ipairs(weights) do
        if w > 0 then
            last = i
            if draw < w then
                break
            end
            draw = draw - w
        end
    end
    return last
end

--- Draws an index by weights, but not the one before, if another has weight.
function form.other(stream, weights, before)
    local own, rest = {}, 0
    for i, w in ipairs(weights) do
        own[i] = i == before and 0 or w
        rest = rest + own[i]
    end
    return rest > 0 and form.weighted(stream, own) or before
end

return form
