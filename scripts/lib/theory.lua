--- Keys, scales and chords.
-- Everything here is a pure function of its arguments. Pitches are MIDI note numbers (middle C is 60), a pitch class is
-- 0 (C) to 11 (B), a mode is the name of a scale, a degree is 1 to 7.
-- A *key* is what `theory.key` gives: a tonic and a scale; a *chord* is what `theory.chord` gives.
-- @module theory
local check = require "check"
local roman = require "roman"

local theory = {}

--- Semitones of each scale above its root. "major" is ionian, "minor" is aeolian; octatonic begins with a whole tone,
-- half_whole with a semitone.
theory.SCALE_INTERVALS = {
    ionian = { 0, 2, 4, 5, 7, 9, 11 },
    dorian = { 0, 2, 3, 5, 7, 9, 10 },
    phrygian = { 0, 1, 3, 5, 7, 8, 10 },
    lydian = { 0, 2, 4, 6, 7, 9, 11 },
    mixolydian = { 0, 2, 4, 5, 7, 9, 10 },
    aeolian = { 0, 2, 3, 5, 7, 8, 10 },
    locrian = { 0, 1, 3, 5, 6, 8, 10 },
    major = { 0, 2, 4, 5, 7, 9, 11 },
    minor = { 0, 2, 3, 5, 7, 8, 10 },
    harmonic_minor = { 0, 2, 3, 5, 7, 8, 11 },
    melodic_minor = { 0, 2, 3, 5, 7, 9, 11 },
    harmonic_major = { 0, 2, 4, 5, 7, 8, 11 },
    phrygian_dominant = { 0, 1, 4, 5, 7, 8, 10 },
    lydian_dominant = { 0, 2, 4, 6, 7, 9, 10 },
    hungarian_minor = { 0, 2, 3, 6, 7, 8, 11 },
    altered = { 0, 1, 3, 4, 6, 8, 10 },
    major_pentatonic = { 0, 2, 4, 7, 9 },
    minor_pentatonic = { 0, 3, 5, 7, 10 },
    suspended_pentatonic = { 0, 2, 5, 7, 10 },
    hirajoshi = { 0, 2, 3, 7, 8 },
    insen = { 0, 1, 5, 7, 10 },
    kumoi = { 0, 2, 3, 7, 9 },
    pelog = { 0, 1, 3, 7, 8 },
    blues = { 0, 3, 5, 6, 7, 10 },
    whole_tone = { 0, 2, 4, 6, 8, 10 },
    augmented = { 0, 3, 4, 7, 8, 11 },
    prometheus = { 0, 2, 4, 6, 9, 10 },
    octatonic = { 0, 2, 3, 5, 6, 8, 9, 11 },
    half_whole = { 0, 1, 3, 4, 6, 7, 9, 10 },
    chromatic = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 },
}

--- The names of all scales, in alphabetical order.
theory.SCALE_NAMES = {}
for name in pairs(theory.SCALE_INTERVALS) do
    theory.SCALE_NAMES[#theory.SCALE_NAMES + 1] = name
end
table.sort(theory.SCALE_NAMES)

--- The seven modes, from the brightest to the darkest; neighbours differ by one note.
theory.MODES = { "lydian", "ionian", "mixolydian", "dorian", "aeolian", "phrygian", "locrian" }

--- The mode names that `ctx.key` may have.
theory.MODE_NAMES = { "ionian", "dorian", "phrygian", "lydian", "mixolydian", "aeolian", "locrian", "major", "minor" }

--- The reference chords, as semitones above the chord's root.
theory.CHORD_INTERVALS = {
    i = { 0, 3, 7 },
    ii = { 0, 3, 7 },
    III = { 0, 4, 7 },
    iv = { 0, 3, 7 },
    v = { 0, 3, 7 },
    V = { 0, 4, 7 },
    VI = { 0, 4, 7 },
    VII = { 0, 4, 7 },
    i7 = { 0, 3, 7, 10 },
    imaj7 = { 0, 3, 7, 11 },
    VI9 = { 0, 4, 7, 10, 14 },
}

-- Diatonic chords as scale steps above the degree.
local KINDS = {
    triad = { 0, 2, 4 },
    seventh = { 0, 2, 4, 6 },
    ninth = { 0, 2, 4, 6, 8 },
    add9 = { 0, 2, 4, 8 },
    sixth = { 0, 2, 4, 5 },
    sus2 = { 0, 1, 4 },
    sus4 = { 0, 3, 4 },
    fifth = { 0, 4 },
    quartal = { 0, 3, 6 },
}

--- The kinds of diatonic chord that `theory.diatonic` makes.
theory.KINDS = { "triad", "seventh", "ninth", "add9", "sixth", "sus2", "sus4", "fifth", "quartal" }

local LETTERS = { "C", "D", "E", "F", "G", "A", "B" }
local LETTER_CLASS = { C = 0, D = 2, E = 4, F = 5, G = 7, A = 9, B = 11 }
local ACCIDENTALS = { [""] = 0, ["#"] = 1, b = -1 }
local LOWEST_ROOT = 57 -- A3: every key's root lies in the octave above it

--- The root of every key: "A minor" is 57 (A3), the highest is G sharp at 68.
theory.KEY_TO_ROOT_MIDI = {}
for _, letter in ipairs(LETTERS) do
    for _, accidental in ipairs { "", "#", "b" } do
        local class = LETTER_CLASS[letter] + ACCIDENTALS[accidental]
        for _, mode in ipairs(theory.MODE_NAMES) do
            theory.KEY_TO_ROOT_MIDI[letter .. accidental .. " " .. mode] = LOWEST_ROOT + (class - LOWEST_ROOT) % 12
        end
    end
end

local function scale_of(name, depth)
    return theory.SCALE_INTERVALS[name]
        or error(("scale %q: one of %s is needed")
            :format(tostring(name), table.concat(theory.SCALE_NAMES, ", ")), depth)
end

--- Reads a key such as "F# dorian" or "D harmonic_minor".
-- @param name `<C to B, with # or b> <scale>`: any scale of `theory.SCALE_NAMES`
-- @return a table with name, tonic, mode ("minor" and "major" under their modal names), root (MIDI, 57 to 68), scale
-- (semitones)
-- @usage theory.key("A minor").root --> 57
-- theory.key(ctx.key).mode --> "aeolian"
function theory.key(name)
    local tonic, mode = tostring(name):match("^([A-G][#b]?) ([a-z_]+)$")
    local scale = mode and theory.SCALE_INTERVALS[mode]
    if not scale then
        error(("key %q: a tonic C to B with # or b, a space and a scale (%s) is needed")
            :format(tostring(name), table.concat(theory.SCALE_NAMES, ", ")), 2)
    end
    local modal = mode == "minor" and "aeolian" or mode == "major" and "ionian" or mode
    local class = LETTER_CLASS[tonic:sub(1, 1)] + ACCIDENTALS[tonic:sub(2)]
    return { name = name, tonic = tonic, mode = modal, root = LOWEST_ROOT + (class - LOWEST_ROOT) % 12, scale = scale }
end

local function check_key(key, depth)
    if type(key) ~= "table" or type(key.root) ~= "number" or type(key.scale) ~= "table" then
        error(("the key is %s: what theory.key gives is needed"):format(tostring(key)), 3 + (depth or 0))
    end
    return key
end

-- Chords by degree need a scale of seven steps.
local function check_seven(key)
    check_key(key, 1)
    if #key.scale ~= 7 then
        error(("key %q has %d steps: chords by degree need a scale of seven"):format(key.name, #key.scale), 3)
    end
end

--- The notes of a scale, upwards from its root.
-- @param root MIDI note
-- @param mode name of the scale
-- @param octaves how many, 1 to 10; 3 if not given
-- @usage theory.scale_notes(60, "major_pentatonic", 1) --> { 60, 62, 64, 67, 69 }
function theory.scale_notes(root, mode, octaves)
    local scale = scale_of(mode, 3)
    check.number("root", root)
    check.whole("octaves", octaves or 3, 1, 10)
    local found = {}
    for octave = 0, (octaves or 3) - 1 do
        for _, interval in ipairs(scale) do
            found[#found + 1] = root + 12 * octave + interval
        end
    end
    return found
end

--- The modes of any scale: the same notes, begun on another step.
-- @param mode name of the scale
-- @param step 1 to the number of its notes
-- @return semitones above that step
-- @usage theory.rotate("ionian", 2) --> { 0, 2, 3, 5, 7, 9, 10 }
function theory.rotate(mode, step)
    local scale = scale_of(mode, 3)
    check.whole("step", step, 1, #scale)
    local out = {}
    for i = 1, #scale do
        out[i] = (scale[(step + i - 2) % #scale + 1] - scale[step]) % 12
    end
    return out
end

--- The pitch on a step of a key's scale: 1 is the root, in a scale of seven 8 is the octave, 0 the note below the root.
-- @param key as `theory.key` gives it
-- @param step whole number
-- @usage theory.pitch(key, 3) --> 60
-- theory.pitch(key, 0) --> 55
function theory.pitch(key, step)
    check_key(key)
    check.whole("step", step)
    local n = #key.scale
    return key.root + 12 * math.floor((step - 1) / n) + key.scale[(step - 1) % n + 1]
end

--- The step of a key's scale on which a pitch stands, or the one below it.
-- @param key as `theory.key` gives it
-- @param pitch MIDI note
-- @return the step, as in `theory.pitch`
-- @return semitones above that step: 0 if the pitch is in the scale
-- @usage theory.step(key, 61) --> 3, 1
function theory.step(key, pitch)
    check_key(key)
    check.number("pitch", pitch)
    local above, n = (pitch - key.root) % 12, #key.scale
    local octave = math.floor((pitch - key.root) / 12)
    for i = n, 1, -1 do
        if key.scale[i] <= above then
            return octave * n + i, above - key.scale[i]
        end
    end
end

--- Moves a pitch along a key's scale; what it is above its step it stays.
-- @param key as `theory.key` gives it
-- @param pitch MIDI note
-- @param steps whole number, negative is down
-- @usage theory.transpose(key, 57, 2) --> 60
function theory.transpose(key, pitch, steps)
    check_key(key)
    check.number("pitch", pitch)
    check.whole("steps", steps)
    local step, rest = theory.step(key, pitch)
    local to = theory.pitch(key, step + steps)
    return to + rest
end

--- The set of pitch classes of some pitches: `set[class]` is true.
-- @param pitches list of MIDI notes
-- @usage theory.classes { 57, 60, 69 } --> { [9] = true, [0] = true }
function theory.classes(pitches)
    check.list("pitches", pitches)
    local set = {}
    for _, pitch in ipairs(pitches) do
        set[pitch % 12] = true
    end
    return set
end

--- The set of pitch classes of a key.
-- @param key as `theory.key` gives it
-- @usage theory.key_classes(key)[1] --> nil
function theory.key_classes(key)
    check_key(key)
    local set = {}
    for _, interval in ipairs(key.scale) do
        set[(key.root + interval) % 12] = true
    end
    return set
end

local function check_set(set)
    for class = 0, 11 do
        if type(set) == "table" and set[class] then
            return
        end
    end
    error("snapping needs a set of at least one pitch class, as theory.classes and theory.key_classes give it", 3)
end

--- The nearest pitch whose class is in the set; of two equally near ones the one in the direction given.
-- @param pitch MIDI note, may have a fraction
-- @param set pitch classes as `theory.classes` and `theory.key_classes` give them
-- @param direction 1 or -1 (default -1)
-- @usage theory.snap(61, theory.key_classes(key)) --> 60
-- theory.snap(61.2, theory.key_classes(key)) --> 62
function theory.snap(pitch, set, direction)
    check.number("pitch", pitch)
    check_set(set)
    local down, up = theory.snap_down(pitch, set), theory.snap_up(pitch, set)
    if pitch - down == up - pitch then
        return direction == 1 and up or down
    end
    return pitch - down < up - pitch and down or up
end

--- The pitch itself if its class is in the set, else the next one above it.
-- @param pitch MIDI note, may have a fraction
-- @param set pitch classes as `theory.classes` and `theory.key_classes` give them
-- @usage theory.snap_up(61, theory.key_classes(key)) --> 62
function theory.snap_up(pitch, set)
    check.number("pitch", pitch)
    check_set(set)
    local up = math.ceil(pitch)
    while not set[up % 12] do
        up = up + 1
    end
    return up
end

--- The pitch itself if its class is in the set, else the next one below it.
-- @param pitch MIDI note, may have a fraction
-- @param set pitch classes as `theory.classes` and `theory.key_classes` give them
-- @usage theory.snap_down(61, theory.key_classes(key)) --> 60
function theory.snap_down(pitch, set)
    check.number("pitch", pitch)
    check_set(set)
    local down = math.floor(pitch)
    while not set[down % 12] do
        down = down - 1
    end
    return down
end

-- The chord's tones from its lowest, as the table all chord functions return.
local function make_chord(key, name, degree, root, intervals, inversion)
    local pitches = {}
    for i, interval in ipairs(intervals) do
        pitches[i] = root + interval
    end
    for _ = 1, inversion or 0 do
        local lowest = table.remove(pitches, 1)
        pitches[#pitches + 1] = lowest + 12
    end
    return { name = name, degree = degree, root = root, intervals = intervals, pitches = pitches,
             classes = theory.classes(pitches), key = key.name, inversion = inversion or 0 }
end

local function degree_root(key, degree)
    return key.root + key.scale[degree]
end

-- The key that a degree would have as its tonic: major or harmonic minor, by the numeral's case.
local function key_on(key, numeral)
    local target = roman.parse(numeral)
    return { name = key.name, mode = key.mode, root = degree_root(key, target.degree) + target.shift,
             scale = theory.SCALE_INTERVALS[target.minor and "harmonic_minor" or "ionian"] }
end

local function chord_of(key, name, figured)
    local parsed = roman.parse(name, figured)
    local root
    if parsed.of then
        root = degree_root(key_on(key, parsed.of), parsed.degree) + parsed.shift
        root = key.root + (root - key.root) % 12
    else
        root = degree_root(key, parsed.degree) + parsed.shift
    end
    local chord = make_chord(key, name, parsed.degree, root, parsed.intervals, parsed.inversion)
    chord.of = parsed.of
    return chord
end

-- The same, with the error at the piece's line.
local function chord_or_error(key, name, figured)
    local ok, chord = pcall(chord_of, key, name, figured)
    if not ok then
        error((tostring(chord):gsub("^[^:]+:%d+: ", "")), 3)
    end
    return chord
end

--- A chord by its roman numeral, built on the numeral's own degree of the key: "VI9" in A minor stands on F.
-- Upper case is major, lower case minor; then a suffix: 7 maj7 9 maj9 add9 6 69 sus2 sus4 7sus4 5 q (quartal) o o7
-- h7 (half-diminished) + 7b5 +7 maj7#11 11 add11 9sus4 maj7sus2; or figures of an inversion: 63 64 65 43 42 (maj65, o65
-- and so on too). A leading b or # moves the degree by a semitone. "V/V" is the V of the degree V.
-- @param key as `theory.key` gives it, with a scale of seven steps
-- @param name roman numeral
-- @return a table: name, degree (the numeral's own), root (MIDI, in the octave above the key's root; up to a semitone
-- beside it with b or #), intervals (semitones above the root), pitches (from the lowest), classes (set of pitch
-- classes), inversion (0 to 3), of (the degree behind the slash)
-- @raise if the numeral cannot be read
-- @usage theory.chord(key, "VImaj7").pitches --> { 65, 69, 72, 76 }
-- theory.chord(key, "i63").pitches --> { 60, 64, 69 }
-- theory.chord(theory.key "C major", "V/V").pitches --> { 62, 66, 69 }
function theory.chord(key, name)
    check_seven(key)
    local chord = chord_or_error(key, name)
    return chord
end

--- A chord by its numeral, where a lone 6 means what it means in figured bass: "I6" is the first inversion of I (in
-- `theory.chord` it is the added sixth).
-- @param key as for `theory.chord`
-- @param name roman numeral
-- @usage theory.figured(theory.key "C major", "I6").pitches --> { 64, 67, 72 }
function theory.figured(key, name)
    check_seven(key)
    local chord = chord_or_error(key, name, true)
    return chord
end

local function same(a, b)
    if #a ~= #b then
        return false
    end
    for i = 1, #a do
        if a[i] ~= b[i] then
            return false
        end
    end
    return true
end

local function diatonic_intervals(scale, degree, kind)
    local intervals = {}
    for i, step in ipairs(KINDS[kind]) do
        local at = degree - 1 + step
        intervals[i] = scale[at % 7 + 1] + 12 * math.floor(at / 7) - scale[degree]
    end
    return intervals
end

-- The roman name of a chord on a degree: exact where a suffix describes it, nil otherwise.
local function name_of(scale, degree, intervals)
    local triad = diatonic_intervals(scale, degree, "triad")
    local suffix = roman.suffix(intervals, triad[2] == 3)
    return suffix and roman.write(degree, suffix, triad[2] == 3)
end

--- A diatonic chord: every tone is in the key.
-- @param key as `theory.key` gives it
-- @param degree 1 to 7
-- @param kind one of `theory.KINDS`
-- @return a chord as from `theory.chord`
-- @usage theory.diatonic(key, 6, "seventh").name --> "VImaj7"
function theory.diatonic(key, degree, kind)
    check_seven(key)
    if not KINDS[kind] or not key.scale[degree] then
        error(("chord %s on degree %s: a degree 1 to 7 and one of %s is needed")
            :format(tostring(kind), tostring(degree), table.concat(theory.KINDS, ", ")), 2)
    end
    local intervals = diatonic_intervals(key.scale, degree, kind)
    local name = name_of(key.scale, degree, intervals) or roman.write(degree, kind)
    return make_chord(key, name, degree, degree_root(key, degree), intervals)
end

-- Steps a soft chord does not hold: a second or ninth of one semitone, a fourth of six, a sixth of eight.
local function is_soft(intervals, kind)
    for _, interval in ipairs(intervals) do
        if interval == 13 or interval == 1 or (interval == 8 and kind == "sixth") then
            return false
        end
        if interval == 6 and (kind == "sus4" or kind == "quartal" or kind == "fifth") then
            return false
        end
    end
    return kind ~= "quartal" or same(intervals, { 0, 5, 10 })
end

--- The kinds of diatonic chord on a degree that sound soft: no minor ninths, no tritone suspensions.
-- On a diminished degree only the half-diminished seventh remains (it sounds as a minor sixth chord).
-- @param key as for `theory.chord`
-- @param degree 1 to 7
-- @return list of kinds
-- @usage theory.soft_kinds(theory.key "C major", 7) --> { "seventh" }
function theory.soft_kinds(key, degree)
    check_seven(key)
    check.whole("degree", degree, 1, 7)
    local triad = diatonic_intervals(key.scale, degree, "triad")
    if triad[3] == 6 then
        return { "seventh" }
    end
    local kinds = {}
    for _, kind in ipairs(theory.KINDS) do
        if is_soft(diatonic_intervals(key.scale, degree, kind), kind) then
            kinds[#kinds + 1] = kind
        end
    end
    return kinds
end

--- The key on the same tonic whose mode is brighter (+1) or darker (-1) by one note, or nil at the ends
-- (locrian and phrygian lend each other nothing).
-- @param key as `theory.key` gives it
-- @param direction 1 or -1
-- @usage theory.neighbour(key, 1).mode --> "dorian"
function theory.neighbour(key, direction)
    for i, mode in ipairs(theory.MODES) do
        local other = theory.MODES[i - direction]
        -- Between phrygian and locrian it is the fifth that differs, and that is no colour to borrow.
        if mode == key.mode and other and other ~= "locrian" and mode ~= "locrian" then
            return { name = key.tonic .. " " .. other, tonic = key.tonic, mode = other, root = key.root,
                     scale = theory.SCALE_INTERVALS[other] }
        end
    end
end

--- How many pitch classes two sets share.
-- @param a set of classes
-- @param b set of classes
-- @usage theory.common(theory.classes { 57, 60, 64 }, theory.classes { 60, 64, 67 }) --> 2
function theory.common(a, b)
    local n = 0
    for class = 0, 11 do
        if a[class] and b[class] then
            n = n + 1
        end
    end
    return n
end

--- The pitches of one chord or voicing whose classes the other holds too.
-- @param pitches list of MIDI notes
-- @param others list of MIDI notes
-- @return list of those of `pitches` that are common
-- @usage theory.common_tones({ 57, 60, 64 }, { 53, 57, 60 }) --> { 57, 60 }
function theory.common_tones(pitches, others)
    check.list("pitches", pitches)
    local set, found = theory.classes(others), {}
    for _, pitch in ipairs(pitches) do
        found[#found + 1] = set[pitch % 12] and pitch or nil
    end
    return found
end

local INVERSIONS = { [3] = { "63", "64" }, [4] = { "65", "43", "42" } }
local STEMS = { [""] = "", ["7"] = "", maj7 = "maj", o7 = "o", h7 = "h", o = "o", ["+"] = "+" }

-- A suffix whose chord has exactly these classes above its root.
local function suffix_for(above, n, minor)
    for _, suffix in ipairs(roman.SUFFIXES) do
        local intervals, inside, stands = roman.intervals(suffix, minor), 0, true
        for _, interval in ipairs(intervals) do
            inside, stands = inside + 1, stands and above[interval % 12]
        end
        if stands and inside == n then
            return suffix, intervals
        end
    end
end

-- The degree's accidental and number of a root in a key.
local function degree_of(key, root)
    for _, shift in ipairs { 0, -1, 1 } do
        for degree, interval in ipairs(key.scale) do
            if (key.root + interval + shift - root) % 12 == 0 then
                return shift == -1 and "b" or shift == 1 and "#" or "", degree
            end
        end
    end
end

-- The figures of an inversion, if the suffix can have some: "V7" with its third below is "V65".
local function with_inversion(suffix, intervals, root, bass)
    for i = 2, #intervals do
        if (root + intervals[i] - bass) % 12 == 0 then
            local figures = INVERSIONS[#intervals] and INVERSIONS[#intervals][i - 1]
            return STEMS[suffix] and figures and STEMS[suffix] .. figures
        end
    end
    return suffix
end

--- The roman numeral of some notes in a key: what `theory.chord` makes the same classes of.
-- @param key as `theory.key` gives it, with a scale of seven steps
-- @param pitches list of MIDI notes; the first one is the bass
-- @return the name; nil if no numeral has exactly these notes
-- @usage theory.name(key, { 53, 57, 60, 64 }) --> "VImaj7"
-- theory.name(key, { 60, 64, 69 }) --> "i63"
-- theory.name(theory.key "C major", notes.list "Bb3 D4 F4") --> "bVII"
function theory.name(key, pitches)
    check_seven(key)
    check.list("pitches", pitches, 2)
    local set, n = theory.classes(pitches), 0
    for class = 0, 11 do
        n = n + (set[class] and 1 or 0)
    end
    for _, root in ipairs(pitches) do
        local above = {}
        for class = 0, 11 do
            above[(class - root) % 12] = set[class]
        end
        local minor = not above[4] and (above[3] or false)
        local accidental, degree = degree_of(key, root)
        if not above[3] and not above[4] then
            minor = diatonic_intervals(key.scale, degree, "triad")[2] == 3
        end
        local suffix, intervals = suffix_for(above, n, minor)
        suffix = suffix and with_inversion(suffix, intervals, root, pitches[1])
        if suffix then
            return accidental .. roman.write(degree, suffix, minor)
        end
    end
end

return theory
