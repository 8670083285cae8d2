--- Chord progressions: one transition matrix for each of the seven modes.
-- The aeolian matrix is the engine's reference for ambient minor. The others are shaped alike: much weight on the tonic
-- and on the degrees that make the mode what it is (the raised fourth's II in lydian, IV in dorian, VII in mixolydian,
-- II in phrygian), little on diminished chords, and no strong V to I cadences.
-- Rows are checked when the module loads.
-- @module progressions
local markov = require "markov"

local progressions = {}

--- Names of the degrees and the matrix of each mode.
progressions.MATRICES = {
    ionian = {
        states = { "I", "ii", "iii", "IV", "V", "vi", "viio" },
        rows = {
            { 0.15, 0.10, 0.15, 0.30, 0.05, 0.25, 0.00 },
            { 0.20, 0.10, 0.15, 0.25, 0.10, 0.20, 0.00 },
            { 0.10, 0.10, 0.10, 0.30, 0.05, 0.35, 0.00 },
            { 0.35, 0.15, 0.10, 0.10, 0.10, 0.20, 0.00 },
            { 0.20, 0.10, 0.15, 0.30, 0.05, 0.20, 0.00 },
            { 0.20, 0.15, 0.15, 0.30, 0.05, 0.15, 0.00 },
            { 0.40, 0.05, 0.25, 0.05, 0.05, 0.20, 0.00 },
        },
    },
    dorian = {
        states = { "i", "ii", "III", "IV", "v", "vio", "VII" },
        rows = {
            { 0.15, 0.10, 0.10, 0.35, 0.10, 0.02, 0.18 },
            { 0.30, 0.10, 0.15, 0.20, 0.10, 0.00, 0.15 },
            { 0.25, 0.10, 0.10, 0.30, 0.05, 0.00, 0.20 },
            { 0.40, 0.10, 0.10, 0.10, 0.10, 0.02, 0.18 },
            { 0.35, 0.10, 0.10, 0.25, 0.05, 0.00, 0.15 },
            { 0.35, 0.15, 0.15, 0.20, 0.10, 0.00, 0.05 },
            { 0.30, 0.05, 0.15, 0.35, 0.10, 0.00, 0.05 },
        },
    },
    phrygian = {
        states = { "i", "II", "III", "iv", "vo", "VI", "vii" },
        rows = {
            { 0.15, 0.30, 0.10, 0.15, 0.00, 0.20, 0.10 },
            { 0.40, 0.10, 0.15, 0.10, 0.00, 0.15, 0.10 },
            { 0.20, 0.25, 0.10, 0.15, 0.00, 0.20, 0.10 },
            { 0.30, 0.20, 0.10, 0.10, 0.00, 0.20, 0.10 },
            { 0.30, 0.20, 0.10, 0.20, 0.00, 0.20, 0.00 },
            { 0.25, 0.25, 0.15, 0.15, 0.00, 0.10, 0.10 },
            { 0.40, 0.15, 0.15, 0.10, 0.00, 0.15, 0.05 },
        },
    },
    lydian = {
        states = { "I", "II", "iii", "ivo", "V", "vi", "vii" },
        rows = {
            { 0.15, 0.35, 0.15, 0.00, 0.05, 0.15, 0.15 },
            { 0.45, 0.10, 0.15, 0.00, 0.05, 0.10, 0.15 },
            { 0.20, 0.25, 0.10, 0.00, 0.10, 0.20, 0.15 },
            { 0.35, 0.20, 0.20, 0.00, 0.05, 0.10, 0.10 },
            { 0.25, 0.25, 0.15, 0.00, 0.05, 0.15, 0.15 },
            { 0.20, 0.35, 0.15, 0.00, 0.05, 0.10, 0.15 },
            { 0.25, 0.25, 0.20, 0.00, 0.05, 0.20, 0.05 },
        },
    },
    mixolydian = {
        states = { "I", "ii", "iiio", "IV", "v", "vi", "VII" },
        rows = {
            { 0.15, 0.10, 0.00, 0.20, 0.10, 0.10, 0.35 },
            { 0.25, 0.10, 0.00, 0.15, 0.10, 0.10, 0.30 },
            { 0.30, 0.10, 0.00, 0.30, 0.10, 0.10, 0.10 },
            { 0.30, 0.10, 0.00, 0.10, 0.10, 0.10, 0.30 },
            { 0.30, 0.10, 0.00, 0.20, 0.05, 0.10, 0.25 },
            { 0.20, 0.15, 0.00, 0.20, 0.10, 0.10, 0.25 },
            { 0.40, 0.05, 0.00, 0.30, 0.10, 0.10, 0.05 },
        },
    },
    aeolian = {
        states = { "i", "ii", "III", "iv", "v", "VI", "VII" },
        rows = {
            { 0.15, 0.05, 0.10, 0.30, 0.05, 0.30, 0.05 },
            { 0.25, 0.10, 0.05, 0.15, 0.25, 0.15, 0.05 },
            { 0.20, 0.05, 0.15, 0.10, 0.10, 0.30, 0.10 },
            { 0.25, 0.10, 0.10, 0.10, 0.20, 0.15, 0.10 },
            { 0.40, 0.10, 0.05, 0.20, 0.05, 0.15, 0.05 },
            { 0.25, 0.05, 0.20, 0.15, 0.05, 0.10, 0.20 },
            { 0.30, 0.05, 0.25, 0.10, 0.05, 0.20, 0.05 },
        },
    },
    locrian = {
        states = { "io", "II", "iii", "iv", "V", "VI", "vii" },
        rows = {
            { 0.10, 0.20, 0.15, 0.15, 0.10, 0.20, 0.10 },
            { 0.20, 0.10, 0.15, 0.10, 0.15, 0.20, 0.10 },
            { 0.15, 0.20, 0.10, 0.10, 0.10, 0.25, 0.10 },
            { 0.20, 0.15, 0.10, 0.10, 0.10, 0.25, 0.10 },
            { 0.20, 0.25, 0.10, 0.10, 0.05, 0.20, 0.10 },
            { 0.20, 0.20, 0.15, 0.15, 0.10, 0.10, 0.10 },
            { 0.20, 0.15, 0.20, 0.10, 0.10, 0.20, 0.05 },
        },
    },
}

local MODES = { "ionian", "dorian", "phrygian", "lydian", "mixolydian", "aeolian", "locrian" }
local DEGREES = { i = 1, ii = 2, iii = 3, iv = 4, v = 5, vi = 6, vii = 7 }

progressions.chains = {}
for _, mode in ipairs(MODES) do
    local matrix = progressions.MATRICES[mode]
    progressions.chains[mode] = markov.from_matrix(matrix.states, matrix.rows)
end

local function modal(mode)
    return mode == "major" and "ionian" or mode == "minor" and "aeolian" or mode
end

--- The first-order chain of a mode ("major" and "minor" too).
function progressions.chain(mode)
    return progressions.chains[modal(mode)] or error("mode " .. tostring(mode) .. " has no progression", 2)
end

--- The second-order chain of a mode: its matrix lifted with `markov.circular`.
function progressions.chain2(mode)
    return markov.lift(progressions.chain(mode))
end

--- The degree, 1 to 7, of a state's name.
function progressions.degree(name)
    return DEGREES[name:match("^[IVivx]+"):lower()]
end

--- The state's name of a degree in a mode.
function progressions.name(mode, degree)
    return progressions.chain(mode).states[degree]
end

return progressions
