--- Voicings and voice leading: which octave each tone of a chord sounds in, and who moves where.
-- A voicing is a list of MIDI notes from low to high; voice number v is its v-th note. Voicings that follow each other
-- keep their number of voices, so that voice v moves from note v to note v.
-- @module voicing
local check = require "check"
local theory = require "theory"

local voicing = {}

local DEFAULTS = { low = 48, high = 72, voices = 4, centre = 59, gap = 2, low_gap = 4, low_gap_below = 55, span = 22 }
local OPTIONS = { "low", "high", "voices", "centre", "gap", "low_gap", "low_gap_below", "span" }

-- For functions that the piece calls itself.
local function check_arguments(chord, opts)
    if type(chord) ~= "table" or type(chord.root) ~= "number" or type(chord.intervals) ~= "table" then
        error(("the chord is %s: what theory.chord gives is needed"):format(tostring(chord)), 3)
    end
    check.options("voicing", opts, OPTIONS, 1)
end

local function setting(opts, name)
    local value = opts and opts[name]
    if value == nil then
        return DEFAULTS[name]
    end
    return value
end

-- Tones that a voicing of n notes must hold: the chord's own, without the fifth when there are too many.
local function required_classes(chord, voices)
    local required, n = {}, 0
    local many = #chord.intervals > voices
    for _, interval in ipairs(chord.intervals) do
        local class = (chord.root + interval) % 12
        if not (many and interval == 7) and not required[class] and n < voices then
            required[class], n = true, n + 1
        end
    end
    return required, n
end

local function candidates(required, low, high)
    local notes = {}
    for pitch = low, high do
        if required[pitch % 12] then
            notes[#notes + 1] = pitch
        end
    end
    return notes
end

local function covers(notes, n_required)
    local seen, n = {}, 0
    for _, pitch in ipairs(notes) do
        if not seen[pitch % 12] then
            seen[pitch % 12], n = true, n + 1
        end
    end
    return n == n_required
end

--- Every voicing of a chord inside a register window.
-- @param chord as `theory.chord` gives it
-- @param opts low, high (window, default 48 to 72), voices (4), gap (least semitones between neighbours, 2), low_gap
-- (the same for neighbours that start below low_gap_below), span (most semitones from low to high)
-- @return a list of voicings, in ascending order
-- @usage #voicing.all(theory.chord(key, "i"), { low = 57, high = 69, voices = 3 }) --> 2
function voicing.all(chord, opts)
    check_arguments(chord, opts)
    local voices = setting(opts, "voices")
    local required, n_required = required_classes(chord, voices)
    local notes = candidates(required, setting(opts, "low"), setting(opts, "high"))
    local gap, low_gap = setting(opts, "gap"), setting(opts, "low_gap")
    local below, span = setting(opts, "low_gap_below"), setting(opts, "span")
    local found, current = {}, {}
    local function extend(from)
        if #current == voices then
            if covers(current, n_required) then
                found[#found + 1] = { unpack(current) }
            end
            return
        end
        for i = from, #notes do
            local last = current[#current]
            local apart = last and notes[i] - last or 99
            if apart >= (last and last < below and low_gap or gap) and notes[i] - (current[1] or notes[i]) <= span then
                current[#current + 1] = notes[i]
                extend(i + 1)
                current[#current] = nil
            end
        end
    end
    extend(1)
    return found
end

local function all_or_closer(chord, opts)
    local found = voicing.all(chord, opts)
    if #found > 0 then
        return found
    end
    local wider = { low = setting(opts, "low"), high = setting(opts, "high"), voices = setting(opts, "voices"),
                    gap = 1, low_gap = 1, low_gap_below = 0, span = 36 }
    found = voicing.all(chord, wider)
    if #found == 0 then
        error(("no voicing of %s with %d voices fits between %d and %d")
            :format(chord.name, wider.voices, wider.low, wider.high), 3)
    end
    return found
end

local function mean(notes)
    local sum = 0
    for _, pitch in ipairs(notes) do
        sum = sum + pitch
    end
    return sum / #notes
end

--- Mean movement of a voice between two voicings, in semitones.
-- @param from voicing
-- @param to voicing of as many voices
-- @usage voicing.step({ 57, 60, 64 }, { 57, 60, 65 }) == 1 / 3 --> true
function voicing.step(from, to)
    local sum = 0
    for v = 1, #from do
        sum = sum + math.abs(to[v] - from[v])
    end
    return sum / #from
end

-- What a movement costs: every semitone, leaps more, and the distance of the whole from its centre.
local function cost(from, to, centre)
    local sum = 0
    for v = 1, #to do
        local move = from and math.abs(to[v] - from[v]) or 0
        sum = sum + move + (move > 4 and 2 * (move - 4) or 0)
    end
    local off = math.abs(mean(to) - centre)
    return sum + 0.5 * off + (off > 4 and 3 * (off - 4) or 0) + (to[2] - to[1] < 5 and 0.7 or 0)
end

--- The voicing of a chord that moves least from another: common tones are held, the others step.
-- The whole is drawn back gently to the register's centre, so that hours of music stay where they belong.
-- @param from the voicing before, or nil for a first one
-- @param chord as `theory.chord` gives it
-- @param opts as for `voicing.all`, and centre (MIDI note the voicing hovers around, default 59)
-- @return the voicing
-- @usage state.voices = voicing.lead(state.voices, theory.chord(key, "VImaj7"), { low = 50, high = 74 })
function voicing.lead(from, chord, opts)
    check_arguments(chord, opts)
    local centre = setting(opts, "centre")
    local best, best_cost
    for _, notes in ipairs(all_or_closer(chord, opts)) do
        local c = cost(from and #from == #notes and from or nil, notes, centre)
        if not best or c < best_cost then
            best, best_cost = notes, c
        end
    end
    return best
end

--- The note of a class nearest to a centre inside a window, e.g. for a bass.
-- @param class pitch class, or any pitch of that class
-- @param centre MIDI note
-- @param low least
-- @param high most
-- @usage voicing.place(9, 40, 35, 46) --> 45
function voicing.place(class, centre, low, high)
    check.number("class", class)
    check.number("centre", centre)
    check.number("low", low)
    check.number("high", high)
    local best
    for pitch = low, high do
        if pitch % 12 == class % 12 and (not best or math.abs(pitch - centre) < math.abs(best - centre)) then
            best = pitch
        end
    end
    return best or error(("no note of class %d between %d and %d"):format(class, low, high), 2)
end

--- A voicing for each of several chords, each led from the one before.
-- @param chords list of chords as `theory.chord` gives them
-- @param opts as for `voicing.lead`
-- @param from the voicing before the first one, or nil
-- @return list of voicings
-- @usage local steps = voicing.sequence { theory.chord(key, "i"), theory.chord(key, "VI"), theory.chord(key, "iv") }
-- voicing.step(steps[1], steps[2]) <= 3 --> true
function voicing.sequence(chords, opts, from)
    check.list("chords", chords)
    local found = {}
    for i, chord in ipairs(chords) do
        from = voicing.lead(from, chord, opts)
        found[i] = from
    end
    return found
end

--- Which voices do not move between two voicings.
-- @param from voicing
-- @param to voicing of as many voices
-- @return list of voice numbers
-- @usage voicing.held({ 57, 60, 64 }, { 57, 60, 65 }) --> { 1, 2 }
function voicing.held(from, to)
    check.list("from", from)
    check.list("to", to, #from)
    local voices = {}
    for v = 1, #from do
        voices[#voices + 1] = from[v] == to[v] and v or nil
    end
    return voices
end

local function check_chord(chord)
    if type(chord) ~= "table" or type(chord.pitches) ~= "table" or #chord.pitches == 0 then
        error(("the chord is %s: what theory.chord gives is needed"):format(tostring(chord)), 3)
    end
    return chord
end

-- Tones moved by octaves so that the lowest is the first such tone at or above `low`.
local function settle(pitches, low)
    local by = 12 * math.ceil((low - pitches[1]) / 12)
    local out = {}
    for i, pitch in ipairs(pitches) do
        out[i] = pitch + by
    end
    return out
end

--- Turns a voicing: its lowest notes go up an octave.
-- @param pitches list of MIDI notes from low to high
-- @param n how many; negative takes the highest down
-- @usage voicing.invert({ 57, 60, 64 }, 1) --> { 60, 64, 69 }
function voicing.invert(pitches, n)
    check.list("pitches", pitches, 1)
    check.whole("n", n)
    local out = { unpack(pitches) }
    for _ = 1, math.abs(n) do
        local moved = table.remove(out, n > 0 and 1 or #out)
        out[#out + 1] = moved + (n > 0 and 12 or -12)
        table.sort(out)
    end
    return out
end

--- Close position: the chord's tones as near to each other as they are.
-- @param chord as `theory.chord` gives it (its inversion counts)
-- @param low the voicing's lowest note is the first that fits at or above this MIDI note
-- @usage voicing.close(theory.chord(key, "i"), 45) --> { 45, 48, 52 }
function voicing.close(chord, low)
    check_chord(chord)
    check.number("low", low, 0, 127)
    return (settle(chord.pitches, low))
end

--- Open position: every second tone an octave higher.
-- @param chord as `theory.chord` gives it
-- @param low as for `voicing.close`
-- @usage voicing.open(theory.chord(key, "i"), 45) --> { 45, 52, 60 }
function voicing.open(chord, low)
    check_chord(chord)
    check.number("low", low, 0, 127)
    local out = settle(chord.pitches, low)
    for i = 2, #out, 2 do
        out[i] = out[i] + 12
    end
    table.sort(out)
    return out
end

--- Drop voicings: the second (third) tone from the top goes down an octave.
-- @param chord as `theory.chord` gives it, of at least as many tones
-- @param low the close position that is opened begins at or above this MIDI note
-- @param which 2 (drop 2, the default) or 3 (drop 3)
-- @usage voicing.drop(theory.chord(key, "i7"), 57) --> { 52, 57, 60, 67 }
function voicing.drop(chord, low, which)
    check_chord(chord)
    check.number("low", low, 0, 127)
    which = check.whole("which", which or 2, 2, 3)
    local out = settle(check.list("the chord's pitches", chord.pitches, which), low)
    out[#out - which + 1] = out[#out - which + 1] - 12
    table.sort(out)
    return out
end

--- Wide position: each tone at least so many semitones above the one before.
-- @param chord as `theory.chord` gives it
-- @param low as for `voicing.close`
-- @param gap 1 to 24 semitones (default 7)
-- @usage voicing.spread(theory.chord(key, "i"), 33) --> { 33, 48, 64 }
function voicing.spread(chord, low, gap)
    check_chord(chord)
    check.number("low", low, 0, 127)
    gap = check.number("gap", gap or 7, 1, 24)
    local out = settle(chord.pitches, low)
    for i = 2, #out do
        while out[i] - out[i - 1] < gap do
            out[i] = out[i] + 12
        end
        while out[i] - out[i - 1] >= gap + 12 do
            out[i] = out[i] - 12
        end
    end
    return out
end

--- Shell: root, third (or what is suspended) and seventh (or sixth), without fifth and extensions.
-- @param chord as `theory.chord` gives it
-- @param low as for `voicing.close`
-- @usage voicing.shell(theory.chord(key, "VI9"), 41) --> { 41, 45, 51 }
function voicing.shell(chord, low)
    check_chord(chord)
    check.number("low", low, 0, 127)
    local root, out = settle({ chord.root }, low)[1], {}
    for _, interval in ipairs(chord.intervals) do
        if interval <= 5 or interval >= 9 and interval <= 11 then
            out[#out + 1] = root + interval
        end
    end
    return out
end

--- A stack of fourths from the scale itself: neither major nor minor.
-- @param key as `theory.key` gives it
-- @param step the scale's step at the bottom, as in `theory.pitch`
-- @param voices 2 to 8
-- @usage voicing.quartal(theory.key "D dorian", 1, 4) --> { 62, 67, 72, 77 }
function voicing.quartal(key, step, voices)
    check.whole("step", step)
    check.whole("voices", voices, 2, 8)
    local out = {}
    for v = 1, voices do
        out[v] = theory.pitch(key, step + 3 * (v - 1))
    end
    return out
end

return voicing
