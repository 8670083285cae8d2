--- Roman numerals: how a chord is written, without a key. `theory.chord` turns them into notes, `theory.name` back.
-- A numeral is upper case for a major and lower case for a minor third, with b or # before it to move the degree by a
-- semitone; then a suffix; then, if the chord does not stand on its root, figures: 63 64 (triads), 65 43 42 (sevenths);
-- then, if it is borrowed from another degree's key, a slash and that degree: "V7/V".
-- @module roman
local roman = {}

-- What a suffix means after an upper-case (major) and a lower-case (minor) numeral. The order decides names.
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
    { "7b5", { 0, 4, 6, 10 }, { 0, 3, 6, 10 } },
    { "+7", { 0, 4, 8, 10 }, { 0, 4, 8, 10 } },
    { "maj7#11", { 0, 4, 7, 11, 18 }, { 0, 3, 7, 11, 18 } },
    { "11", { 0, 4, 7, 10, 14, 17 }, { 0, 3, 7, 10, 14, 17 } },
    { "add11", { 0, 4, 7, 17 }, { 0, 3, 7, 17 } },
    { "9sus4", { 0, 5, 7, 10, 14 }, { 0, 5, 7, 10, 14 } },
    { "maj7sus2", { 0, 2, 7, 11 }, { 0, 2, 7, 11 } },
}

--- All suffixes, in the order in which names prefer them.
roman.SUFFIXES = {}
for i, row in ipairs(SUFFIXES) do
    roman.SUFFIXES[i] = row[1]
end

local NUMERALS = { "I", "II", "III", "IV", "V", "VI", "VII" }
local DEGREES = { I = 1, II = 2, III = 3, IV = 4, V = 5, VI = 6, VII = 7 }
local ACCIDENTALS = { [""] = 0, ["#"] = 1, b = -1 }
-- Figures: the suffix that they stand for besides the inversion, and the inversion.
local FIGURES = { ["63"] = { "", 1 }, ["64"] = { "", 2 },
                  ["65"] = { "7", 1 }, ["43"] = { "7", 2 }, ["42"] = { "7", 3 } }
local SEVENTHS = { [""] = "7", maj = "maj7", o = "o7", h = "h7" } -- what stands before the figures of a seventh chord

--- The semitones that a suffix stands for.
-- @param suffix one of `roman.SUFFIXES`
-- @param minor true after a lower-case numeral
-- @return list of semitones above the root; nil if there is no such suffix
-- @usage roman.intervals("7b5", true) --> { 0, 3, 6, 10 }
function roman.intervals(suffix, minor)
    for _, row in ipairs(SUFFIXES) do
        if row[1] == suffix then
            local out = {}
            for i, interval in ipairs(minor and row[3] or row[2]) do
                out[i] = interval
            end
            return out
        end
    end
end

--- The suffix that stands for some semitones: the opposite of `roman.intervals`.
-- @param intervals list of semitones above the root, in ascending order
-- @param minor true for a lower-case numeral
-- @return the suffix, or nil
-- @usage roman.suffix({ 0, 4, 7, 11 }, false) --> "maj7"
function roman.suffix(intervals, minor)
    for _, row in ipairs(SUFFIXES) do
        local own = minor and row[3] or row[2]
        local equal = #own == #intervals
        for i = 1, #own do
            equal = equal and own[i] == intervals[i]
        end
        if equal then
            return row[1]
        end
    end
end

-- The intervals and inversion that stand behind a numeral.
local function read_suffix(text, minor, figured)
    if figured and text:match("6$") and roman.intervals(text:sub(1, -2), minor) then
        return roman.intervals(text:sub(1, -2), minor), 1
    end
    local intervals = roman.intervals(text, minor)
    if intervals then
        return intervals, 0
    end
    local stem, figure = text:match("^(.-)(%d%d)$")
    local known = stem and FIGURES[figure]
    if known then
        local suffix = known[1] == "7" and SEVENTHS[stem] or known[1] == "" and stem
        return suffix and roman.intervals(suffix, minor), known[2]
    end
end

local function is_degree(text)
    local numeral = text:match("^[b#]?(.*)$")
    return DEGREES[numeral:upper()] and (numeral == numeral:upper() or numeral == numeral:lower())
end

--- Reads a numeral.
-- @param name e.g. "iv", "VImaj7", "bVII", "ii7b5", "V65", "V7/V"
-- @param figured true to read a lone 6 as figured bass does: "I6" is then the first inversion, not the added sixth
-- @return a table: degree (1 to 7), shift (-1, 0 or 1 semitones), minor (true if lower case), intervals, inversion (0
-- to 3), of (the numeral behind the slash, or nil)
-- @usage roman.parse("bVII").shift --> -1
-- roman.parse("V65").inversion --> 1
-- roman.parse("V7/ii").of --> "ii"
function roman.parse(name, figured)
    local chord, of = tostring(name):match("^([^/]+)/([b#]?[IVXivx]+)$")
    local accidental, numeral, suffix = (chord or tostring(name)):match("^([b#]?)([IVXivx]+)(.*)$")
    local degree = numeral and DEGREES[numeral:upper()]
    local minor = numeral and numeral == numeral:lower()
    local intervals, inversion
    if degree and (minor or numeral == numeral:upper()) then
        intervals, inversion = read_suffix(suffix, minor, figured)
    end
    if not intervals or of and not is_degree(of) then
        error(("chord %q: a roman numeral I to VII in one case and a known suffix is needed (%s; 63 64 65 43 42; /V)")
            :format(tostring(name), table.concat(roman.SUFFIXES, " ", 2)), 2)
    end
    return { degree = degree, shift = ACCIDENTALS[accidental], minor = minor, intervals = intervals,
             inversion = inversion, of = of }
end

--- Writes a numeral.
-- @param degree 1 to 7
-- @param suffix what comes behind it (default nothing)
-- @param minor true for lower case
-- @usage roman.write(4, "add9", true) --> "ivadd9"
function roman.write(degree, suffix, minor)
    local numeral = NUMERALS[degree]
    if not numeral then
        error(("degree %s: a whole number from 1 to 7 is needed"):format(tostring(degree)), 2)
    end
    return (minor and numeral:lower() or numeral) .. (suffix or "")
end

return roman
