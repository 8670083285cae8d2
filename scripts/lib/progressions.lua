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

local chains = {}
for _, mode in ipairs(MODES) do
    local matrix = progressions.MATRICES[mode]
    chains[mode] = markov.from_matrix(matrix.states, matrix.rows)
end

local function modal(mode)
    return mode == "major" and "ionian" or mode == "minor" and "aeolian" or mode
end

--- The first-order chain of a mode ("major" and "minor" too).
-- @param mode one of the seven modes
-- @return a chain as from `markov.from_matrix`
-- @usage progressions.chain("dorian").states[4] --> "IV"
function progressions.chain(mode)
    local found = chains[modal(mode)]
    if not found then
        error(("mode %q has no progression: one of %s is needed"):format(tostring(mode), table.concat(MODES, ", ")), 2)
    end
    return found
end

--- The second-order chain of a mode: its matrix lifted with `markov.circular`.
-- @param mode one of the seven modes
-- @return a chain of order 2
-- @usage local chain = progressions.chain2(key.mode)
-- state.playhead = state.playhead or chain:start(chain.states[1])
-- local name = chain:next(ctx.random "chords", state.playhead)
function progressions.chain2(mode)
    local chain = progressions.chain(mode)
    return markov.lift(chain)
end

--- The degree, 1 to 7, of a state's name.
-- @param name a roman numeral, e.g. "VI"
-- @usage progressions.degree "VI" --> 6
function progressions.degree(name)
    local numeral = tostring(name):match("^[IViv]+")
    return numeral and DEGREES[numeral:lower()]
        or error(("state %q: a roman numeral I to VII is needed"):format(tostring(name)), 2)
end

--- The state's name of a degree in a mode.
-- @param mode one of the seven modes
-- @param degree 1 to 7
-- @usage progressions.name("aeolian", 6) --> "VI"
function progressions.name(mode, degree)
    return progressions.chain(mode).states[degree]
end

return progressions
