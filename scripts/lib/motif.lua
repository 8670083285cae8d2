--- Motifs with pitches: what can be done with a short line to make more of it.
-- A motif is a list of {at, beats, pitch} in order, with whatever else a note has. Each function gives a new list that
-- begins where the old one did. (Motifs that have contours but no pitches yet are in `melody`.)
-- @module motif
-- @usage local call = { { at = 0, beats = 1, pitch = 69 }, { at = 1, beats = 1, pitch = 71 },
--   { at = 2, beats = 2, pitch = 72 } }
-- local reply = motif.shift(motif.answer(stream, key, call), 4)
-- #reply --> 3
local check = require "check"
local theory = require "theory"

local motif = {}

local function changed(notes, change)
    local out = {}
    for i, note in ipairs(notes) do
        local copy = {}
        for name, value in pairs(note) do
            copy[name] = value
        end
        out[i] = copy
        if change then
            change(copy, i)
        end
    end
    return out
end

local function check_notes(notes)
    check.list("the motif", notes, 1, 1)
    for i, note in ipairs(notes) do
        if type(note) ~= "table" or type(note.at) ~= "number" or type(note.beats) ~= "number" then
            error(("note %d of the motif is no table with at and beats"):format(i), 3)
        end
    end
end

--- Moves a motif in time.
-- @param notes the motif
-- @param by beats, negative is earlier
-- @usage motif.shift({ { at = 0, beats = 1, pitch = 60 } }, 4)[1].at --> 4
function motif.shift(notes, by)
    check_notes(notes)
    check.number("by", by)
    return (changed(notes, function(note) note.at = note.at + by end))
end

--- Moves a motif along a key's scale.
-- @param key as `theory.key` gives it; nil moves by semitones
-- @param notes the motif
-- @param steps whole number, negative is down
-- @usage motif.transpose(key, { { at = 0, beats = 1, pitch = 60 } }, 2)[1].pitch --> 64
function motif.transpose(key, notes, steps)
    check_notes(notes)
    check.whole("steps", steps)
    return (changed(notes, function(note)
        note.pitch = key and theory.transpose(key, note.pitch, steps) or note.pitch + steps
    end))
end

--- Mirrors a motif: what rose falls, step for step of the scale.
-- @param key as `theory.key` gives it; nil mirrors in semitones
-- @param notes the motif
-- @param axis the pitch that stays (default: the first note's)
-- @usage motif.invert(key, { { at = 0, beats = 1, pitch = 57 }, { at = 1, beats = 1, pitch = 60 } })[2].pitch --> 53
function motif.invert(key, notes, axis)
    check_notes(notes)
    axis = check.number("axis", axis or notes[1].pitch)
    return (changed(notes, function(note)
        if key then
            local centre, step = theory.step(key, axis), theory.step(key, note.pitch)
            note.pitch = theory.pitch(key, 2 * centre - step)
        else
            note.pitch = 2 * axis - note.pitch
        end
    end))
end

--- Plays a motif backwards, lengths and all.
-- @param notes the motif
-- @usage local back = motif.retrograde { { at = 0, beats = 1, pitch = 57 }, { at = 1, beats = 3, pitch = 60 } }
-- { back[1].pitch, back[1].beats, back[2].at } --> { 60, 3, 3 }
function motif.retrograde(notes)
    check_notes(notes)
    local out, first, stop = {}, notes[1].at, 0
    for _, note in ipairs(notes) do
        stop = math.max(stop, note.at + note.beats)
    end
    for i, note in ipairs(changed(notes)) do
        note.at = first + stop - (note.at + note.beats)
        out[#notes + 1 - i] = note
    end
    return out
end

local function stretched(notes, factor)
    local first = notes[1].at
    return (changed(notes, function(note)
        note.at, note.beats = first + (note.at - first) * factor, note.beats * factor
    end))
end

--- Makes a motif slower.
-- @param notes the motif
-- @param factor of all times (default 2)
-- @usage motif.augment({ { at = 0, beats = 1, pitch = 57 }, { at = 1, beats = 1, pitch = 60 } })[2].at --> 2
function motif.augment(notes, factor)
    check_notes(notes)
    local out = stretched(notes, check.number("factor", factor or 2, 1e-3))
    return out
end

--- Makes a motif quicker.
-- @param notes the motif
-- @param factor by which all times are divided (default 2)
-- @usage motif.diminish({ { at = 0, beats = 1, pitch = 57 }, { at = 1, beats = 1, pitch = 60 } })[2].at --> 0.5
function motif.diminish(notes, factor)
    check_notes(notes)
    local out = stretched(notes, 1 / check.number("factor", factor or 2, 1e-3))
    return out
end

--- A part of a motif, moved to where the motif began.
-- @param notes the motif
-- @param from number of the first note
-- @param to number of the last note
-- @usage motif.cut({ { at = 0, beats = 1, pitch = 57 }, { at = 1, beats = 1, pitch = 60 } }, 2, 2)[1].at --> 0
function motif.cut(notes, from, to)
    check_notes(notes)
    check.whole("from", from, 1, #notes)
    check.whole("to", to, from, #notes)
    local out = {}
    for i, note in ipairs(changed(notes)) do
        if i >= from and i <= to then
            note.at = note.at - notes[from].at + notes[1].at
            out[#out + 1] = note
        end
    end
    return out
end

--- Moves every pitch of a motif to the nearest of a set, e.g. into a chord.
-- @param notes the motif
-- @param set pitch classes, as `theory.classes` gives them
-- @usage motif.fit({ { at = 0, beats = 1, pitch = 62 } }, theory.classes { 57, 60, 64 })[1].pitch --> 60
function motif.fit(notes, set)
    check_notes(notes)
    check.kind("the set", set, "table")
    return (changed(notes, function(note) note.pitch = theory.snap(note.pitch, set) end))
end

local VARIATIONS = {
    transpose = function(stream, key, notes) return motif.transpose(key, notes, stream:pick { -2, -1, 1, 2, 4 }) end,
    invert = function(_, key, notes) return motif.invert(key, notes) end,
    retrograde = function(_, _, notes) return motif.retrograde(notes) end,
    turn = function(stream, key, notes) -- another last note
        local out = changed(notes)
        out[#out].pitch = theory.transpose(key, out[#out].pitch, stream:pick { -2, -1, 1, 2 })
        return out
    end,
    neighbour = function(stream, key, notes) -- an inner note steps aside
        local out = changed(notes)
        local note = out[math.min(#out, stream:int(2, math.max(2, #out - 1)))]
        note.pitch = theory.transpose(key, note.pitch, stream:pick { -1, 1 })
        return out
    end,
    thin = function(stream, _, notes) -- an inner note is left out, the one before it lasts on
        local out = changed(notes)
        if #out > 2 then
            local i = stream:int(2, #out - 1)
            out[i - 1].beats = out[i].at + out[i].beats - out[i - 1].at
            table.remove(out, i)
        end
        return out
    end,
}

--- The variations that `motif.vary` draws from.
motif.VARIATIONS = { "transpose", "invert", "retrograde", "turn", "neighbour", "thin" }

--- Varies a motif in one way.
-- @param stream random stream
-- @param key as `theory.key` gives it
-- @param notes the motif
-- @param ways list of names to draw from (default `motif.VARIATIONS`)
-- @return the new motif
-- @return the name of the variation
-- @usage local line = { { at = 0, beats = 1, pitch = 57 }, { at = 1, beats = 1, pitch = 60 } }
-- local again, how = motif.vary(stream, key, line, { "retrograde" })
-- { again[1].pitch, how } --> { 60, "retrograde" }
function motif.vary(stream, key, notes, ways)
    check.stream(stream)
    check_notes(notes)
    ways = check.list("ways", ways or motif.VARIATIONS, 1)
    local name = check.one_of("variation", ways[stream:int(1, #ways)], motif.VARIATIONS)
    return VARIATIONS[name](stream, key, notes), name
end

--- Answers a motif: the same rhythm and outline a few steps away, closing on a restful step of the key.
-- @param stream random stream
-- @param key as `theory.key` gives it
-- @param notes the motif
-- @param rest list of steps to close on, as in `theory.pitch` (default { 1, 3, 5 })
-- @usage local call = { { at = 0, beats = 1, pitch = 64 }, { at = 1, beats = 2, pitch = 62 } }
-- local reply = motif.answer(stream, key, call)
-- theory.key_classes(key)[reply[2].pitch % 12] --> true
function motif.answer(stream, key, notes, rest)
    check.stream(stream)
    check_notes(notes)
    local classes = {}
    for i, step in ipairs(check.list("rest", rest or { 1, 3, 5 }, 1)) do
        classes[i] = theory.pitch(key, step)
    end
    local out = motif.transpose(key, notes, stream:pick { -2, -1, 1, 2 })
    out[#out].pitch = theory.snap(out[#out].pitch, theory.classes(classes), stream:pick { -1, 1 })
    return out
end

return motif
