--- Form: slow arcs over minutes and hours, and how elements come in with intensity.
-- Where a piece is in its form is either computed from the seconds since it began (`form.clock`), or a *playhead*: a
-- small plain table in the piece's state.
-- @module form
local check = require "check"

local form = {}

--- A wave from 0 to 1 with a period in seconds. Periods that do not divide each other never line up again.
-- @param seconds time since the piece began
-- @param period seconds
-- @param phase 0 to 1 (default 0: the wave begins at 0)
-- @usage form.wave(150, 300) --> 1
function form.wave(seconds, period, phase)
    return 0.5 - 0.5 * math.cos(2 * math.pi * (seconds / period + (phase or 0)))
end

--- How much of an element is there: 0 below `from`, 1 above `to`, smooth between.
-- @param x e.g. the intensity
-- @param from where it begins to come in
-- @param to where it is all there
-- @usage form.fade(0.5, 0.4, 0.6) --> 0.5
function form.fade(x, from, to)
    local t = (x - from) / (to - from)
    t = t < 0 and 0 or t > 1 and 1 or t
    return t * t * (3 - 2 * t)
end

--- A value between two, by t from 0 to 1.
-- @param a the value at 0
-- @param b the value at 1
-- @param t where between; beyond 0 and 1 it goes on beyond a and b
-- @usage form.mix(300, 500, 0.25) --> 350
function form.mix(a, b, t)
    return a + (b - a) * t
end

--- Cuts a number to a range.
-- @param x number
-- @param low least
-- @param high most
-- @usage form.clamp(1.2, 0, 1) --> 1
function form.clamp(x, low, high)
    return x < low and low or x > high and high or x
end

--- Draws an index by weights.
-- @param stream random stream
-- @param weights list of numbers from 0; not all 0
-- @usage form.weighted(stream, { 0, 1, 0 }) --> 2
function form.weighted(stream, weights)
    check.stream(stream)
    check.list("weights", weights, 1)
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
-- @param stream random stream
-- @param weights list of numbers from 0
-- @param before the index that is not wanted, or nil
-- @usage form.other(stream, { 1, 1 }, 1) --> 2
function form.other(stream, weights, before)
    check.stream(stream)
    check.list("weights", weights, 1)
    local own, rest = {}, 0
    for i, w in ipairs(weights) do
        own[i] = i == before and 0 or w
        rest = rest + own[i]
    end
    return rest > 0 and form.weighted(stream, own) or before
end

--- The piece's clock: seconds from its beginning to the beginning of this phrase, whatever the tempo was on the way.
-- Call it once a phrase.
-- @param state the piece's state; `state.clock` is changed in place
-- @param ctx the piece's ctx: bpm and beats_per_bar are read
-- @param bars the length that this phrase will have
-- @usage { form.clock(state, ctx, 7), form.clock(state, ctx, 7) } --> { 0, 24 }
function form.clock(state, ctx, bars)
    check.kind("the state", state, "table")
    check.number("bars", bars, 0)
    local now = type(state.clock) == "number" and state.clock or 0
    state.clock = now + bars * ctx.beats_per_bar * 60 / ctx.bpm
    return now
end

--- An arc drawn through points, smooth between them: over a minute, half an hour, a night.
-- @param points list of {x, value} in ascending order of x, e.g. seconds
-- @param x where on it; before the first and after the last point it stays level
-- @usage local night = { { 0, 0.2 }, { 600, 0.8 }, { 1800, 0 } }
-- form.curve(night, 300) --> 0.5
-- form.curve(night, 9999) --> 0
function form.curve(points, x)
    check.list("points", points, 1)
    check.number("x", x)
    for i, point in ipairs(points) do
        check.list("a point", point, 2)
        if i > 1 and point[1] < points[i - 1][1] then
            error(("point %d lies at %g, before point %d at %g: ascending order is needed")
                :format(i, point[1], i - 1, points[i - 1][1]), 2)
        end
    end
    for i = #points, 1, -1 do
        local from, to = points[i], points[i + 1]
        if x >= from[1] then
            return to and form.mix(from[2], to[2], form.fade(x, from[1], to[1])) or from[2]
        end
    end
    return points[1][2]
end

--- A breath: rises, holds, falls, rests, and again. For densities that come and go.
-- @param seconds time since the piece began
-- @param opts rise, hold, fall, rest: seconds of each (0 or more, together more than 0; default 20, 10, 30, 20)
-- @return 0 (rest) to 1 (full)
-- @usage form.breath(15, { rise = 10, hold = 10, fall = 10, rest = 10 }) --> 1
function form.breath(seconds, opts)
    check.number("seconds", seconds)
    opts = check.options("breath", opts, { "rise", "hold", "fall", "rest" })
    local rise, hold = check.number("rise", opts.rise or 20, 0), check.number("hold", opts.hold or 10, 0)
    local fall, rest = check.number("fall", opts.fall or 30, 0), check.number("rest", opts.rest or 20, 0)
    local at = seconds % check.number("the breath's length", rise + hold + fall + rest, 1e-3)
    if at < rise then
        return form.fade(at, 0, rise)
    elseif at < rise + hold then
        return 1
    end
    return fall > 0 and 1 - form.fade(at, rise + hold, rise + hold + fall) or 0
end

--- The section that a moment lies in, when sections have fixed lengths and go round.
-- @param sections list of {seconds = length, ...}: whatever else a section holds is the piece's own
-- @param seconds time since the piece began, 0 or more
-- @return the section
-- @return where in it, 0 to less than 1
-- @return how often all sections have gone by
-- @usage local parts = { { name = "dawn", seconds = 120 }, { name = "day", seconds = 480 } }
-- local now, position = form.section(parts, 360)
-- { now.name, position } --> { "day", 0.5 }
function form.section(sections, seconds)
    check.list("sections", sections, 1)
    check.number("seconds", seconds, 0)
    local length = 0
    for _, section in ipairs(sections) do
        check.kind("a section", section, "table")
        length = length + check.number("a section's seconds", section.seconds, 1e-3)
    end
    local round, at = math.floor(seconds / length), seconds % length
    for _, section in ipairs(sections) do
        if at < section.seconds then
            return section, at / section.seconds, round
        end
        at = at - section.seconds
    end
    return sections[#sections], 1 - 1e-9, round
end

local function find(sections, name)
    for i, section in ipairs(sections) do
        if section.name == name then
            return i
        end
    end
end

-- Where the music goes after section i: on, or to one of the names in `next`.
local function successor(sections, i, stream)
    local names = sections[i].next
    if not names then
        return i % #sections + 1
    end
    local name = type(names) == "table" and names[stream:int(1, #names)] or names
    local found = find(sections, name)
    if not found then
        error(("section %q leads to %q, which does not exist"):format(sections[i].name, tostring(name)), 3)
    end
    return found
end

--- Goes through sections phrase by phrase. Call it once a phrase.
-- @param playhead a table in the piece's state, {} at first; changed in place
-- @param sections list of {name, phrases (how many, or {least, most} to draw from; default 1), next (a name, or a list
-- of names to draw from; the following section if not given), ...}
-- @param stream random stream
-- @return the section
-- @return where in it this phrase begins, 0 to less than 1
-- @return true in the section's first phrase
-- @usage local parts = { { name = "air", phrases = 2 }, { name = "song", phrases = { 4, 8 }, next = "air" } }
-- state.place = state.place or {}
-- form.walk(state.place, parts, stream).name --> "air"
function form.walk(playhead, sections, stream)
    check.kind("the playhead", playhead, "table")
    check.list("sections", sections, 1)
    check.stream(stream)
    for _, section in ipairs(sections) do
        check.kind("a section", section, "table")
        check.kind("a section's name", section.name, "string")
    end
    local i = find(sections, playhead.name)
    local first = not i or type(playhead.done) ~= "number" or playhead.done >= playhead.phrases
    if first then
        i = i and successor(sections, i, stream) or 1
        local phrases = sections[i].phrases or 1
        phrases = type(phrases) == "table" and stream:int(phrases[1], phrases[2]) or phrases
        playhead.name, playhead.done = sections[i].name, 0
        playhead.phrases = check.whole("a section's phrases", phrases, 1)
    end
    playhead.done = playhead.done + 1
    return sections[i], (playhead.done - 1) / playhead.phrases, first
end

return form
