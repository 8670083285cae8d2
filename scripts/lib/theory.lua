--- Keys, scales and chords.
-- Everything here is a pure function of its arguments. Pitches are MIDI note numbers (middle C is 60), a pitch class is
-- 0 (C) to 11 (B), a mode is the name of a scale, a degree is 1 to 7.
-- @module theory
local theory = {}

--- Semitones of each scale above its root. "major" is ionian, "minor" is aeolian.
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
}

--- The seven modes, from the brightest to the darkest; neighbours differ by one note.
theory.MODES = { "lydian", "ionian", "mixolydian", "dorian", "aeolian", "phrygian", "locrian" }

--- All mode names a key may have.
theory.MODE_NAMES = { "ionian", "dorian", "phrygian", "lydian", "mixolydian", "aeolian", "locrian", "major", "minor" }

--- The chords that have a name of their own, as semitones above the chord's root.
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

-- What a suffix means after an upper-case (major) and a lower-case (minor) numeral.
local SUFFIXES = {
    { "", { 0, 4, 7 }, { 0, 3, 7 } },
    { "7", { 0, 4, 7, 10 }, { 0, 3, 7, 10 } },
    { "maj7", { 0, 4, 7, 11 }, { 0, 3, 7, 11 } },
    { "9", { 0, 4, 7, 10, 14 }, { 0, 3, 7, 10, 14 } },
    { "maj9", { 0, 4, 7, 11, 14 }, { 0, 3, 7, 11, 14 } },
    { "add9", { 0, 4, 7, 14 }, { 0, 3, 7, 14 } },
    { "6", { 0, 4, 7, 9 }, { 0, 3, 7, 9 } },
    { "69", { 0, 4, 7, 9, 14 }, { 0, 3, 7, 9, 14 } },
    { "sus2", { 0, 2, 7 }, { 0, 2, 7 } },
    { "sus4", { 0, 5, 7 }, { 0, 5, 7 } },
    { "7sus4", { 0, 5, 7, 10 }, { 0, 5, 7, 10 } },
    { "5", { 0, 7 }, { 0, 7 } },
    { "q", { 0, 5, 10 }, { 0, 5, 10 } },
    { "o", { 0, 3, 6 }, { 0, 3, 6 } },
    { "o7", { 0, 3, 6, 9 }, { 0, 3, 6, 9 } },
    { "h7", { 0, 3, 6, 10 }, { 0, 3, 6, 10 } },
    { "+", { 0, 4, 8 }, { 0, 4, 8 } },
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

local NUMERALS = { "I", "II", "III", "IV", "V", "VI", "VII" }
local DEGREES = { I = 1, II = 2, III = 3, IV = 4, V = 5, VI = 6, VII = 7 }
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

--- Reads a key such as "F# dorian".
-- @param name `<C to B, with # or b> <mode>`
-- @return a table with name, tonic, mode ("minor" and "major" under their modal names), root (MIDI), scale (semitones)
function theory.key(name)
    local root = theory.KEY_TO_ROOT_MIDI[name]
    if not root then
        error(("key %q: a tonic C to B with # or b, a space and a mode (%s) is needed")
            :format(tostring(name), table.concat(theory.MODE_NAMES, ", ")), 2)
    end
    local tonic, mode = name:match("^(%S+) (%S+)$")
    local modal = mode == "minor" and "aeolian" or mode == "major" and "ionian" or mode
    return { name = name, tonic = tonic, mode = modal, root = root, scale = theory.SCALE_INTERVALS[mode] }
end

--- The notes of a scale, upwards from its root.
-- @param root MIDI note
-- @param mode name of the scale
-- @param octaves how many; 3 if not given
function theory.scale_notes(root, mode, octaves)
    local scale = theory.SCALE_INTERVALS[mode] or error("mode " .. tostring(mode) .. " is unknown", 2)
    local notes = {}
    for octave = 0, (octaves or 3) - 1 do
        for _, interval in ipairs(scale) do
            notes[#notes + 1] = root + 12 * octave + interval
        end
    end
    return notes
end

--- The set of pitch classes of some pitches: `set[class]` is true.
function theory.classes(pitches)
    local set = {}
    for _, pitch in ipairs(pitches) do
        set[pitch % 12] = true
    end
    return set
end

--- The set of pitch classes of a key.
function theory.key_classes(key)
    local set = {}
    for _, interval in ipairs(key.scale) do
        set[(key.root + interval) % 12] = true
    end
    return set
end

--- The nearest pitch whose class is in the set; of two equally near ones the one in the direction given.
-- @param pitch MIDI note, may have a fraction
-- @param set pitch classes as `theory.classes` gives them
-- @param direction 1 or -1 (default -1)
function theory.snap(pitch, set, direction)
    local from = math.floor(pitch + 0.5)
    local sign = direction == 1 and 1 or -1
    for distance = 0, 11 do
        if set[(from + sign * distance) % 12] then
            return from + sign * distance
        elseif set[(from - sign * distance) % 12] then
            return from - sign * distance
        end
    end
    error("snap needs at least one pitch class", 2)
end

-- The chord's tones from its root, as the table all chord functions return.
local function make_chord(key, name, degree, root, intervals)
    local pitches = {}
    for i, interval in ipairs(intervals) do
        pitches[i] = root + interval
    end
    return { name = name, degree = degree, root = root, intervals = intervals, pitches = pitches,
             classes = theory.classes(pitches), key = key.name }
end

local function degree_root(key, degree)
    return key.root + key.scale[degree]
end

local function find_suffix(suffix, minor)
    for _, row in ipairs(SUFFIXES) do
        if row[1] == suffix then
            return minor and row[3] or row[2]
        end
    end
end

--- A chord by its roman numeral, built on the numeral's own degree of the key: "VI9" in A minor stands on F.
-- Upper case is major, lower case minor; then a suffix: 7 maj7 9 maj9 add9 6 69 sus2 sus4 7sus4 5 q (quartal) o o7
-- h7 (half-diminished) +. A leading b or # moves the degree by a semitone.
-- @param key as `theory.key` gives it
-- @param name roman numeral
-- @return a table: name, degree, root (MIDI, in the octave above the key's root), intervals, pitches (root position),
-- classes (set of pitch classes)
function theory.chord(key, name)
    local accidental, numeral, suffix = tostring(name):match("^([b#]?)([IVXivx]+)(.*)$")
    local degree = numeral and DEGREES[numeral:upper()]
    local minor = numeral and numeral == numeral:lower()
    local intervals = degree and (minor or numeral == numeral:upper()) and find_suffix(suffix, minor)
    if not intervals then
        error(("chord %q: a roman numeral I to VII in one case and a known suffix is needed"):format(tostring(name)), 2)
    end
    return make_chord(key, name, degree, degree_root(key, degree) + ACCIDENTALS[accidental], intervals)
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
    local numeral = triad[2] == 3 and NUMERALS[degree]:lower() or NUMERALS[degree]
    for _, row in ipairs(SUFFIXES) do
        if same(triad[2] == 3 and row[3] or row[2], intervals) then
            return numeral .. row[1]
        end
    end
end

--- A diatonic chord: every tone is in the key.
-- @param key as `theory.key` gives it
-- @param degree 1 to 7
-- @param kind one of `theory.KINDS`
-- @return a chord as from `theory.chord`
function theory.diatonic(key, degree, kind)
    if not KINDS[kind] or not NUMERALS[degree] then
        error(("chord %s on degree %s: a degree 1 to 7 and one of %s is needed")
            :format(tostring(kind), tostring(degree), table.concat(theory.KINDS, ", ")), 2)
    end
    local intervals = diatonic_intervals(key.scale, degree, kind)
    local name = name_of(key.scale, degree, intervals) or NUMERALS[degree] .. kind
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
function theory.soft_kinds(key, degree)
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
function theory.common(a, b)
    local n = 0
    for class = 0, 11 do
        if a[class] and b[class] then
            n = n + 1
        end
    end
    return n
end

return theory
