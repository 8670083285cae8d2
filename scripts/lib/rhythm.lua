--- Rhythm: when things sound.
-- A *pattern* is a list of steps, each false (rest) or a strength above 0 up to 1. Laid over time it becomes *notes*:
-- a list of {at, beats, velocity}, to which the other functions are applied one after the other. Each of them gives a
-- new list and keeps whatever else a note has.
-- @module rhythm
-- @usage local notes = rhythm.notes(rhythm.euclid(5, 8), 16, 0.5)
-- notes = rhythm.thin(stream, rhythm.swing(notes, 0.5, 0.2), 0.6)
-- for _, note in ipairs(rhythm.humanise(stream, notes, ctx.bpm)) do
--   ctx:note { patch = "tick", at = note.at, beats = note.beats, pitch = 72, velocity = 0.5 * note.velocity }
-- end
local check = require "check"
local percussion = require "percussion"
local phrase = require "phrase"

local rhythm = {}

local STRENGTHS = { X = 1, x = 0.7, o = 0.4 }
local MOST_STEPS = 1024

--- Spreads hits as evenly over a cycle as they can be; the first step is a hit (before turning).
-- @param hits 0 to steps
-- @param steps 1 to 1024
-- @param rotation how many steps to begin later in the cycle (default 0; negative is earlier)
-- @return a pattern with hits of strength 1
-- @usage rhythm.text(rhythm.euclid(3, 8)) --> "X..X..X."
-- rhythm.text(rhythm.euclid(3, 8, 1)) --> "..X..X.X"
function rhythm.euclid(hits, steps, rotation)
    check.whole("steps", steps, 1, MOST_STEPS)
    check.whole("hits", hits, 0, steps)
    check.whole("rotation", rotation or 0)
    local pattern = percussion.even(hits, steps, rotation)
    for i, sounds in ipairs(pattern) do
        pattern[i] = sounds and 1
    end
    return pattern
end

--- Reads a pattern: X is strong (1), x is usual (0.7), o is soft (0.4), a dot is a rest; spaces and | are for the eye.
-- @param text e.g. "x..x..x."
-- @usage rhythm.pattern "X.o" --> { 1, false, 0.4 }
function rhythm.pattern(text)
    check.kind("the pattern", text, "string")
    local pattern = {}
    for c in text:gmatch("[^%s|]") do
        if c ~= "." and not STRENGTHS[c] then
            error(("pattern %q: %q is not one of X x o . | and space"):format(text, c), 2)
        end
        pattern[#pattern + 1] = STRENGTHS[c] or false
    end
    if #pattern == 0 then
        error(("pattern %q has no steps"):format(text), 2)
    end
    return pattern
end

--- A pattern as text, to look at.
-- @param pattern list of steps
-- @usage rhythm.text { 1, false, 0.4, 0.7 } --> "X.ox"
function rhythm.text(pattern)
    check.list("the pattern", pattern)
    local out = {}
    for i, step in ipairs(pattern) do
        out[i] = not step and "." or step > 0.85 and "X" or step > 0.55 and "x" or "o"
    end
    return table.concat(out)
end

--- A pattern that begins somewhere else in its cycle.
-- @param pattern list of steps
-- @param by how many steps later
-- @usage rhythm.text(rhythm.rotate(rhythm.pattern "X..x", 1)) --> "..xX"
function rhythm.rotate(pattern, by)
    check.list("the pattern", pattern, 1)
    check.whole("by", by)
    local out = {}
    for i = 1, #pattern do
        out[i] = pattern[(i - 1 + by) % #pattern + 1]
    end
    return out
end

--- Rests where a pattern sounds, and sound where it rests.
-- @param pattern list of steps
-- @param strength of the new hits, above 0 up to 1 (default 0.7)
-- @usage rhythm.text(rhythm.invert(rhythm.pattern "X..x")) --> ".xx."
function rhythm.invert(pattern, strength)
    check.list("the pattern", pattern)
    check.number("strength", strength or 0.7, 0, 1)
    local out = {}
    for i, step in ipairs(pattern) do
        out[i] = not step and (strength or 0.7)
    end
    return out
end

local function gcd(a, b)
    while b ~= 0 do
        a, b = b, a % b
    end
    return a
end

--- Polymeter: patterns of different lengths run side by side until they meet again; of two hits the stronger counts.
-- @param patterns list of patterns
-- @return one pattern, as long as the least common multiple of theirs (at most 1024 steps)
-- @usage rhythm.text(rhythm.merge { rhythm.pattern "X.", rhythm.pattern "o.." }) --> "X.XoX."
function rhythm.merge(patterns)
    check.list("patterns", patterns, 1)
    local length = 1
    for _, pattern in ipairs(patterns) do
        check.list("a pattern", pattern, 1)
        length = length / gcd(length, #pattern) * #pattern
    end
    check.whole("the length until the patterns meet again", length, 1, MOST_STEPS)
    local out = {}
    for i = 1, length do
        out[i] = false
        for _, pattern in ipairs(patterns) do
            local step = pattern[(i - 1) % #pattern + 1]
            out[i] = step and math.max(step, out[i] or 0) or out[i]
        end
    end
    return out
end

--- Lays a pattern over time, again and again.
-- @param pattern list of steps
-- @param length beats to fill
-- @param step beats of one step
-- @param from which step to begin with, counted from 0 since the piece began (default 0): with
-- `ctx.phrase * length / step` a pattern of any length runs on over the boundaries
-- @return notes: list of {at, beats (up to the next hit or the end), velocity (the strength)}
-- @usage rhythm.notes(rhythm.pattern "..x.", 4, 1) --> { { at = 2, beats = 2, velocity = 0.7 } }
function rhythm.notes(pattern, length, step, from)
    check.list("the pattern", pattern, 1)
    check.number("length", length, 0)
    check.number("step", step, 1e-3)
    check.whole("from", from or 0, 0)
    local notes, count = {}, math.ceil(length / step - 1e-9)
    check.whole("the number of steps", count, 0, 65536)
    for i = 0, count - 1 do
        local strength = pattern[((from or 0) + i) % #pattern + 1]
        if strength then
            notes[#notes + 1] = { at = i * step, velocity = strength }
        end
    end
    for i, note in ipairs(notes) do
        note.beats = (notes[i + 1] and notes[i + 1].at or length) - note.at
    end
    return notes
end

--- Divides a length of time, evenly or in proportions.
-- @param length beats
-- @param parts how many equal parts (1 to 1024), or a list of proportions
-- @return list of {at, beats}
-- @usage rhythm.divide(4, 2) --> { { at = 0, beats = 2 }, { at = 2, beats = 2 } }
-- rhythm.divide(4, { 3, 1 }) --> { { at = 0, beats = 3 }, { at = 3, beats = 1 } }
function rhythm.divide(length, parts)
    check.number("length", length, 0)
    local shares, sum = parts, 0
    if type(parts) == "number" then
        check.whole("parts", parts, 1, MOST_STEPS)
        shares = {}
        for i = 1, parts do
            shares[i] = 1
        end
    end
    check.list("parts", shares, 1)
    for _, share in ipairs(shares) do
        sum = sum + check.number("a part", share, 1e-9)
    end
    local out, before = {}, 0
    for i, share in ipairs(shares) do
        out[i] = { at = length * before / sum, beats = length * share / sum }
        before = before + share
    end
    return out
end

local function changed(notes, change)
    local out = {}
    for i, note in ipairs(notes) do
        local copy = {}
        for name, value in pairs(note) do
            copy[name] = value
        end
        change(copy, i)
        out[i] = copy
    end
    return out
end

--- Swing: what falls on every second step comes later.
-- @param notes list of {at, ...}
-- @param step beats of the step that swings, e.g. 0.5
-- @param amount 0 (straight) to 0.75 of a step; a third is a triplet's swing
-- @usage rhythm.swing({ { at = 0 }, { at = 0.5 } }, 0.5, 0.2) --> { { at = 0 }, { at = 0.6 } }
function rhythm.swing(notes, step, amount)
    check.list("notes", notes)
    check.number("step", step, 1e-3)
    check.number("amount", amount, 0, 0.75)
    return (changed(notes, function(note)
        if math.floor(note.at / step + 1e-6) % 2 == 1 then
            note.at = note.at + amount * step
        end
    end))
end

--- Human time: every onset leans by 5 to 40 ms, every velocity strays a little. The same stream leans the same way.
-- @param stream random stream
-- @param notes list of {at, velocity, ...}; no note comes before 0
-- @param bpm tempo, 20 to 400
-- @param opts direction (1 only late, -1 only early; either, late twice as often, if not given) and spread (share of
-- its velocity by which a note may be louder or softer, 0 to 1, default 0.06)
-- @usage local leaning = rhythm.humanise(stream, { { at = 1, velocity = 0.5 } }, 70, { direction = 1 })
function rhythm.humanise(stream, notes, bpm, opts)
    check.stream(stream)
    check.list("notes", notes)
    check.number("bpm", bpm, 20, 400)
    opts = check.options("humanise", opts, { "direction", "spread" })
    local spread = check.number("spread", opts.spread or 0.06, 0, 1)
    return (changed(notes, function(note)
        local lean = phrase.lean(stream, bpm, opts.direction)
        note.at = note.at + lean < 0 and note.at - lean or note.at + lean
        if note.velocity then
            note.velocity = math.min(1, note.velocity * (1 + spread * (2 * stream:float() - 1)))
        end
    end))
end

--- Accents: velocities are multiplied by where in a cycle a note falls.
-- @param notes list of {at, velocity, ...}
-- @param step beats of one weight
-- @param weights list of factors; a note between two steps gets the weight of the step before
-- @usage rhythm.accent({ { at = 1, velocity = 0.5 } }, 1, { 1, 0.5 }) --> { { at = 1, velocity = 0.25 } }
function rhythm.accent(notes, step, weights)
    check.list("notes", notes)
    check.number("step", step, 1e-3)
    check.list("weights", weights, 1)
    return (changed(notes, function(note)
        local weight = weights[math.floor(note.at / step + 1e-6) % #weights + 1]
        note.velocity = math.min(1, note.velocity * weight)
    end))
end

--- Leaves notes out. One number is drawn for each note whatever the density, so a higher one only adds notes.
-- @param stream random stream
-- @param notes list of {at, velocity, ...}
-- @param density 0 (none) to 1 (all): each note's chance
-- @param keep notes with at least this velocity always stay (default: none do)
-- @usage #rhythm.thin(stream, rhythm.divide(4, 8), 1) --> 8
function rhythm.thin(stream, notes, density, keep)
    check.stream(stream)
    check.list("notes", notes)
    check.number("density", density, 0, 1)
    local out = {}
    for _, note in ipairs(notes) do
        local draw = stream:float()
        if draw < density or keep and (note.velocity or 0) >= keep then
            out[#out + 1] = note
        end
    end
    return out
end

--- Onsets without any grid: so many at random moments, none closer than a gap to the next.
-- @param stream random stream
-- @param length beats
-- @param count how many, 0 to 1024; fewer if the gap leaves no room for them
-- @param gap least beats from one to the next and to the end (default 0)
-- @return list of {at, beats (up to the next)} in order
-- @usage #rhythm.scatter(stream, 32, 5, 2) --> 5
function rhythm.scatter(stream, length, count, gap)
    check.stream(stream)
    check.number("length", length, 0)
    check.whole("count", count, 0, MOST_STEPS)
    gap = check.number("gap", gap or 0, 0)
    if gap > 0 then
        count = math.min(count, math.floor(length / gap))
    end
    local free, draws = length - count * gap, {}
    for i = 1, count do
        draws[i] = stream:float()
    end
    table.sort(draws)
    local out = {}
    for i, draw in ipairs(draws) do
        out[i] = { at = draw * free + (i - 1) * gap }
    end
    for i, note in ipairs(out) do
        note.beats = (out[i + 1] and out[i + 1].at or length) - note.at
    end
    return out
end

return rhythm
