--- Phrases: how long chords last, how voices join over chords and boundaries, how notes lean and breathe.
-- Pure functions; beats are beats of the phrase unless a name says seconds.
-- @module phrase
local check = require "check"

local phrase = {}

--- Where in a phrase its arc peaks.
phrase.PEAK = 2 / 3

local function smooth(x)
    x = x < 0 and 0 or x > 1 and 1 or x
    return x * x * (3 - 2 * x)
end

--- The phrase's arc: rises from 0 to 1 at two thirds of the phrase, then falls to 0.
-- @param position 0 (start of the phrase) to 1 (its end)
-- @usage phrase.arc(2 / 3) --> 1
function phrase.arc(position)
    if position <= phrase.PEAK then
        return smooth(position / phrase.PEAK)
    end
    return smooth((1 - position) / (1 - phrase.PEAK))
end

--- A note's velocity: its base, shaped by the phrase's arc and a small draw.
-- @param stream random stream
-- @param base velocity in the middle of the arc
-- @param position 0 to 1 in the phrase
-- @param depth share of base that the arc adds and takes (default 0.15)
-- @return 0.02 to 1
-- @usage local velocity = phrase.velocity(stream, 0.5, 0.25)
function phrase.velocity(stream, base, position, depth)
    check.stream(stream)
    check.number("base", base)
    check.number("position", position)
    local swing = (depth or 0.15) * (2 * phrase.arc(position) - 1)
    local v = base * (1 + swing + 0.06 * (stream:float() - 0.5))
    return v < 0.02 and 0.02 or v > 1 and 1 or v
end

--- Keeps repeated notes from having equal velocities.
-- @return a function(pitch, velocity) that gives the velocity to use: at least 0.02 from the pitch's last one
-- @usage local uneven = phrase.uneven()
-- uneven(60, 0.5) --> 0.5
-- uneven(60, 0.5) --> 0.52
function phrase.uneven()
    local last = {}
    return function(pitch, velocity)
        local before = last[pitch]
        if before and math.abs(velocity - before) < 0.02 then
            velocity = velocity >= before and before + 0.02 or before - 0.02
            velocity = velocity > 1 and before - 0.02 or velocity < 0 and before + 0.02 or velocity
        end
        last[pitch] = velocity
        return velocity
    end
end

--- How far a note leans from its beat: 5 to 40 ms, in beats.
-- @param stream random stream
-- @param bpm tempo
-- @param direction 1 late, -1 early, nil either (late twice as often)
-- @usage local at = 4 + phrase.lean(stream, ctx.bpm)
function phrase.lean(stream, bpm, direction)
    check.stream(stream)
    check.number("bpm", bpm, 1e-3)
    local seconds = 0.005 + 0.035 * stream:float()
    local side = stream:float() < 2 / 3 and 1 or -1
    return (direction or side) * seconds * bpm / 60
end

--- The length of the musical unit in beats: the power of two that brings it nearest to 0.8 s, so that a faster tempo
-- bends pulse and delay but does not make the music hurry. 1 from 54 to 106 BPM, 2 above, a half below.
-- @param bpm tempo, 20 to 400
-- @usage phrase.unit(120) --> 2
function phrase.unit(bpm)
    check.number("bpm", bpm, 20, 400)
    local unit = 1
    while 60 * unit / bpm < 0.8 / math.sqrt(2) do
        unit = unit * 2
    end
    while 60 * unit / bpm > 0.8 * math.sqrt(2) do
        unit = unit / 2
    end
    return unit
end

-- Every way to fill `bars` with the allowed lengths.
local function fillings(bars, allowed)
    local found, current = {}, {}
    local function deeper(left)
        if left == 0 then
            found[#found + 1] = { unpack(current) }
            return
        end
        for _, length in ipairs(allowed) do
            if length <= left and #found < 512 then
                current[#current + 1] = length
                deeper(left - length)
                current[#current] = nil
            end
        end
    end
    deeper(bars)
    return found
end

local function nearest_length(bars, bar_seconds, seconds)
    local best
    for length = 1, bars do
        if bars % length == 0 and
            (not best or math.abs(length * bar_seconds - seconds) < math.abs(best * bar_seconds - seconds)) then
            best = length
        end
    end
    return best
end

--- How many bars each chord of a phrase lasts: whole bars that add up to the phrase, each lasting between two times in
-- seconds, whatever the tempo.
-- @param stream random stream
-- @param bars bars of the phrase
-- @param bar_seconds length of a bar
-- @param shortest least seconds of a chord
-- @param longest most seconds of a chord
-- @param target seconds that the mean chord should come near
-- @return list of bar counts
-- @usage local bars = phrase.chord_bars(ctx.random "form", 8, 4 * 60 / ctx.bpm, 4, 14, 9)
function phrase.chord_bars(stream, bars, bar_seconds, shortest, longest, target)
    check.stream(stream)
    check.whole("bars", bars, 1, 64)
    check.number("bar_seconds", bar_seconds, 1e-3)
    check.number("shortest", shortest, 0)
    check.number("longest", longest, shortest)
    check.number("target", target, 0)
    local allowed = {}
    for length = 1, bars do
        local seconds = length * bar_seconds
        if seconds >= shortest and seconds <= longest then
            allowed[#allowed + 1] = length
        end
    end
    local good, best = {}, math.huge
    local found = fillings(bars, allowed)
    for _, filling in ipairs(found) do
        best = math.min(best, math.abs(bars * bar_seconds / #filling - target))
    end
    for _, filling in ipairs(found) do
        if math.abs(bars * bar_seconds / #filling - target) <= best + 0.2 * target then
            good[#good + 1] = filling
        end
    end
    if #good == 0 then
        local length, even = nearest_length(bars, bar_seconds, target), {}
        for i = 1, bars / length do
            even[i] = length
        end
        return even
    end
    return good[stream:int(1, #good)]
end

-- Splits a long note into breaths of at most `longest` beats, nearly equal.
local function breathe(notes, note, longest, overlap)
    local n = math.max(1, math.ceil((note.beats - overlap) / longest))
    local each = (note.beats - overlap) / n
    for i = 1, n do
        notes[#notes + 1] = { voice = note.voice, pitch = note.pitch, at = note.at + (i - 1) * each,
                              beats = each + overlap, rebowed = i > 1 or note.rebowed }
    end
end

-- The runs of equal pitch of one voice: { pitch, first beat, beat after the last }.
local function runs_of(steps, voice)
    local runs = {}
    for _, step in ipairs(steps) do
        local pitch, run = step.pitches[voice], runs[#runs]
        if run and run.pitch == pitch then
            run.stop = step.at + step.beats
        else
            runs[#runs + 1] = { pitch = pitch, start = step.at, stop = step.at + step.beats }
        end
    end
    return runs
end

--- Joins voicings into notes: common tones are held over the changes, the others overlap the next chord, and what the
-- next phrase's first chord shares is held across the boundary.
-- @param steps list of {at, beats, pitches}: the phrase's chords in order, without gaps
-- @param following the next phrase's first chord {pitches, beats (optional)}, or nil to end here
-- @param held what the phrase before left sounding, by voice: { pitch, beats } (beats from this phrase's start)
-- @param opts overlap (beats a note lasts into the next), tie (most beats held past the boundary), longest (most beats
-- of one note), voices (list of the voices that sound; all if nil)
-- @return notes: list of {voice, pitch, at, beats, rebowed}; held: what this phrase leaves sounding, in beats from
-- the next boundary. A voice that leaves nothing has pitch 0.
-- @usage local steps = { { at = 0, beats = 4, pitches = { 57, 60 } }, { at = 4, beats = 4, pitches = { 57, 62 } } }
-- local notes, held = phrase.legato(steps, nil, state.held, { overlap = 1, tie = 4, longest = 16 })
-- { #notes, notes[1].beats } --> { 3, 9 }
function phrase.legato(steps, following, held, opts)
    check.list("steps", steps, 1)
    check.kind("the options", opts, "table")
    local notes, left = {}, {}
    local n_voices = #steps[1].pitches
    local length = steps[#steps].at + steps[#steps].beats
    local sounding = {}
    for v = 1, n_voices do
        sounding[v] = not opts.voices
        left[v] = { pitch = 0, beats = 0 }
    end
    for _, v in ipairs(opts.voices or {}) do
        sounding[v] = true
    end
    for v = 1, n_voices do
        local runs = sounding[v] and runs_of(steps, v) or {}
        for i, run in ipairs(runs) do
            local start, stop, rebowed = run.start, run.stop + opts.overlap, false
            local old = held and held[v]
            if i == 1 and old and old.pitch == run.pitch and old.beats > opts.overlap then
                start, rebowed = old.beats - opts.overlap, true
            end
            if i == #runs and following and following.pitches[v] == run.pitch then
                stop = length + math.max(opts.overlap, math.min(following.beats or opts.tie, opts.tie))
                left[v] = { pitch = run.pitch, beats = stop - length }
            end
            if start < run.stop then
                breathe(notes, { voice = v, pitch = run.pitch, at = start, beats = stop - start, rebowed = rebowed },
                    opts.longest, opts.overlap)
            elseif old then
                left[v] = { pitch = run.pitch, beats = math.max(0, old.beats - length) }
            end
        end
    end
    return notes, left
end

--- Beats of one tempo as beats of another, for notes that sound across a change of tempo.
-- @param held what `phrase.legato` left sounding
-- @param bpm_before the tempo that it was counted in
-- @param bpm the tempo now
-- @usage phrase.retime({ { pitch = 60, beats = 2 } }, 60, 90) --> { { pitch = 60, beats = 3 } }
function phrase.retime(held, bpm_before, bpm)
    local out = {}
    for v, note in ipairs(held) do
        out[v] = { pitch = note.pitch, beats = note.beats * bpm / bpm_before }
    end
    return out
end

return phrase
