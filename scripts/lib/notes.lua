--- Names of notes and intervals.
-- A note is written as a letter, # or b as often as needed, and an octave: C4 is middle C, 60; C-1 is 0, G9 is 127.
-- @module notes
local check = require "check"

local notes = {}

local LETTERS = { C = 0, D = 2, E = 4, F = 5, G = 7, A = 9, B = 11 }
local SHARP = { "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B" }
local FLAT = { "C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B" }
local INTERVALS = { "P1", "m2", "M2", "m3", "M3", "P4", "TT", "P5", "m6", "M6", "m7", "M7" }
local OTHER = { A4 = 6, d5 = 6, A5 = 8, d7 = 9, A2 = 3, d4 = 4, A6 = 10 }

local function class_of(text)
    local letter, accidentals = tostring(text):match("^([A-G])([#b]*)$")
    if not letter then
        return nil
    end
    local _, sharps = accidentals:gsub("#", "")
    return LETTERS[letter] + sharps - (#accidentals - sharps)
end

local function midi_of(text)
    local name, octave = tostring(text):match("^(.-)(%-?%d+)$")
    local class = name and class_of(name)
    local pitch = class and class + 12 * (tonumber(octave) + 1)
    return pitch and pitch >= 0 and pitch <= 127 and pitch or nil
end

--- The MIDI note of a name.
-- @param name e.g. "C4", "F#2", "Bb-1": C-1 to G9
-- @usage notes.midi "A4" --> 69
-- notes.midi "Cb4" --> 59
function notes.midi(name)
    local pitch = midi_of(name)
    if not pitch then
        error(("note %q: a letter A to G, # or b, and an octave are needed, from C-1 to G9"):format(tostring(name)), 2)
    end
    return pitch
end

--- The MIDI notes of several names.
-- @param names notes with spaces between them
-- @usage notes.list "C3 G3 Eb4" --> { 48, 55, 63 }
function notes.list(names)
    check.kind("the notes", names, "string")
    local pitches = {}
    for name in names:gmatch("%S+") do
        pitches[#pitches + 1] = midi_of(name)
            or error(("note %q: a letter A to G, # or b, and an octave are needed, from C-1 to G9"):format(name), 2)
    end
    return pitches
end

--- The name of the nearest note.
-- @param pitch MIDI note, 0 to 127
-- @param flats true to write flats instead of sharps
-- @usage notes.name(61) --> "C#4"
-- notes.name(60.6, true) --> "Db4"
function notes.name(pitch, flats)
    check.number("pitch", pitch, 0, 127)
    local nearest = math.floor(pitch + 0.5)
    return (flats and FLAT or SHARP)[nearest % 12 + 1] .. math.floor(nearest / 12) - 1
end

--- The pitch class of a name without octave.
-- @param name e.g. "F#"
-- @return 0 (C) to 11 (B)
-- @usage notes.class "Bb" --> 10
function notes.class(name)
    local class = class_of(name)
    if not class then
        error(("class %q: a letter A to G with # or b is needed"):format(tostring(name)), 2)
    end
    return class % 12
end

--- The name of a pitch's class.
-- @param pitch MIDI note or class
-- @param flats true to write flats instead of sharps
-- @usage notes.class_name(58, true) --> "Bb"
function notes.class_name(pitch, flats)
    check.number("pitch", pitch)
    return (flats and FLAT or SHARP)[math.floor(pitch + 0.5) % 12 + 1]
end

--- The semitones of an interval.
-- @param name P1 m2 M2 m3 M3 P4 TT P5 m6 M6 m7 M7 P8; A2 d4 A4 d5 A5 A6 d7; numbers over 8 (M9, P11, m13) add octaves
-- @usage notes.interval "P5" --> 7
-- notes.interval "M9" --> 14
function notes.interval(name)
    local quality, number = tostring(name):match("^([PmMAd])(%d+)$")
    number = tonumber(number)
    local octaves = number and number > 7 and math.floor((number - 1) / 7) or 0
    local simple = number and quality .. (number - 7 * octaves) or name
    for i, interval in ipairs(INTERVALS) do
        if interval == simple then
            return i - 1 + 12 * octaves
        end
    end
    local other = OTHER[simple]
    if not other then
        error(("interval %q: one of %s, or P8, M9 and so on, is needed")
            :format(tostring(name), table.concat(INTERVALS, ", ")), 2)
    end
    return other + 12 * octaves
end

--- The name of an interval; direction does not count.
-- @param semitones whole number
-- @usage notes.interval_name(-7) --> "P5"
-- notes.interval_name(14) --> "M9"
function notes.interval_name(semitones)
    check.whole("semitones", semitones)
    local size = math.abs(semitones)
    local name, octaves = INTERVALS[size % 12 + 1], math.floor(size / 12)
    if octaves == 0 or name == "TT" then
        return octaves == 0 and name or "A" .. 4 + 7 * octaves
    end
    return name:sub(1, 1) .. tonumber(name:sub(2)) + 7 * octaves
end

--- The frequency of a pitch, with A4 at 440 Hz.
-- @param pitch MIDI note, fractions allowed
-- @usage notes.hz(57) --> 220
function notes.hz(pitch)
    check.number("pitch", pitch)
    return 440 * 2 ^ ((pitch - 69) / 12)
end

return notes
