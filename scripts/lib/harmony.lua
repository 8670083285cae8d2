--- Harmony: which chord stands on a degree, how it is coloured, and how music turns into another key.
-- A *sonority* is what a piece keeps in its state: {name, state (the progression's name), root (pitch class), pitches
-- (the voicing)}.
-- @module harmony
local check = require "check"
local form = require "form"
local progressions = require "progressions"
local theory = require "theory"
local voicing = require "voicing"

local harmony = {}

-- Kinds of chord: weight when harmony is plain, weight when it is rich.
local KIND_WEIGHTS = {
    triad = { 1.0, 0.1 }, fifth = { 0.4, 0 }, sus2 = { 0.8, 0.5 }, sus4 = { 0.4, 0.3 }, add9 = { 0.7, 1.2 },
    sixth = { 0.1, 0.5 }, seventh = { 0.3, 1.0 }, ninth = { 0, 1.1 }, quartal = { 0.1, 0.4 },
}
local DOMINANT = 0.25 -- what is left of a dominant seventh's weight: it pulls where nothing should pull

local function weight_of(kind, chord, colour)
    local range = KIND_WEIGHTS[kind]
    local dominant = chord.intervals[2] == 4 and chord.intervals[4] == 10
    return form.mix(range[1], range[2], colour) * (dominant and DOMINANT or 1)
end

-- The neighbouring mode, if its chord on the degree stands on the same root and is soft.
local function lender(stream, key, degree)
    local other = theory.neighbour(key, stream:float() < 0.7 and 1 or -1)
    if other and other.scale[degree] == key.scale[degree] and #theory.soft_kinds(other, degree) > 1 then
        return other
    end
    return key
end

--- A chord on a degree, its kind drawn by how rich the harmony is.
-- @param stream random stream
-- @param key as `theory.key` gives it
-- @param degree 1 to 7
-- @param colour 0 (triads, fifths, suspensions) to 1 (sevenths, ninths, added notes)
-- @param lend chance, 0 to 1, that the neighbouring mode lends the chord: one tone of it is then outside the key
-- @return a chord as from `theory.chord`
-- @usage local chord = harmony.colour(ctx.random "colour", key, 6, 0.7, 0.1)
function harmony.colour(stream, key, degree, colour, lend)
    check.stream(stream)
    check.whole("degree", degree, 1, 7)
    check.number("colour", colour)
    local from = stream:float() < (lend or 0) and lender(stream, key, degree) or key
    local kinds, weights = theory.soft_kinds(from, degree), {}
    for i, kind in ipairs(kinds) do
        weights[i] = weight_of(kind, theory.diatonic(from, degree, kind), colour)
    end
    if #kinds == 1 then
        weights[1] = 1
    end
    return theory.diatonic(from, degree, kinds[form.weighted(stream, weights)])
end

--- A chord and its voicing as plain data.
-- @param chord as from `theory.chord`
-- @param state the progression's name for it
-- @param from the voicing before, or nil
-- @param register options for `voicing.lead`
-- @usage state.chord = harmony.sonority(theory.chord(key, "VI"), "VI", nil, { low = 48, high = 72 })
function harmony.sonority(chord, state, from, register)
    return { name = chord.name, state = state, root = chord.root % 12, pitches = voicing.lead(from, chord, register) }
end

--- The chord a piece begins with: the tonic, open and plain.
-- @param key as `theory.key` gives it
-- @param register options for `voicing.lead`
-- @return a sonority
-- @usage harmony.opening(key).name --> "iadd9"
function harmony.opening(key, register)
    local kind = key.mode == "locrian" and "seventh" or "add9"
    return harmony.sonority(theory.diatonic(key, 1, kind), progressions.name(key.mode, 1), nil, register)
end

--- The first chord in a new key: it keeps a tone of what sounds wherever a chord of the key can, moves the other
-- voices least, and among equals is what the new key's progression likes after its tonic. Between keys a tritone apart
-- there may be no such tone: then all voices move by about a semitone.
-- @param key the new key
-- @param sounding the voicing that sounds
-- @param register options for `voicing.lead`
-- @return a sonority
-- @usage local first = harmony.pivot(theory.key "F# minor", { 57, 60, 64, 69 })
function harmony.pivot(key, sounding, register)
    local classes, chain = theory.classes(sounding), progressions.chain(key.mode)
    local likes = chain:row { chain.states[1] }
    local best, best_score
    for degree = 1, 7 do
        for _, kind in ipairs(theory.soft_kinds(key, degree)) do
            local chord = theory.diatonic(key, degree, kind)
            local found = harmony.sonority(chord, chain.states[degree], sounding, register)
            local shared = theory.common(classes, theory.classes(found.pitches))
            local score = shared + (shared > 0 and 9 or 0) - voicing.step(sounding, found.pitches) + 2 * likes[degree]
            if kind ~= "fifth" and (not best or score > best_score) then
                best, best_score = found, score
            end
        end
    end
    return best
end

local function holds(chord, class)
    return chord.classes[class] == true
end

--- The diatonic chords of a key that hold a note.
-- @param key as `theory.key` gives it, with a scale of seven steps
-- @param pitch MIDI note
-- @param kinds list of `theory.KINDS` (default { "triad" })
-- @return list of chords, degree by degree; empty if the note is not in the key
-- @usage local chords = harmony.holding(key, 60)
-- { chords[1].name, chords[2].name, chords[3].name } --> { "i", "III", "VI" }
function harmony.holding(key, pitch, kinds)
    check.number("pitch", pitch)
    check.list("kinds", kinds or {})
    local found = {}
    for degree = 1, 7 do
        for _, kind in ipairs(kinds or { "triad" }) do
            local chord = theory.diatonic(key, degree, check.one_of("kind", kind, theory.KINDS))
            found[#found + 1] = holds(chord, math.floor(pitch + 0.5) % 12) and chord or nil
        end
    end
    return found
end

--- The chord of a key that suits a note best: after a chord the one that shares most tones with it and that the mode's
-- progression likes after it; without one the one in which the note is the most stable (root, then fifth, then third).
-- @param key as `theory.key` gives it: one of the seven modes
-- @param pitch MIDI note
-- @param before the chord before, or nil
-- @param kinds as for `harmony.holding`
-- @return a chord; nil if the note is not in the key
-- @usage harmony.chord_for(key, 57).name --> "i"
-- harmony.chord_for(key, 60, theory.chord(key, "i")).name --> "VI"
function harmony.chord_for(key, pitch, before, kinds)
    local found = harmony.holding(key, pitch, kinds)
    local chain, best, best_score = progressions.chain(key.mode), nil, nil
    local likes = before and chain:row { chain.states[before.degree] }
    for _, chord in ipairs(found) do
        local above = (math.floor(pitch + 0.5) - chord.root) % 12
        local score = above == 0 and 3 or above == 7 and 2 or above <= 4 and 1 or 0
        if before then
            score = 0.1 * score + theory.common(before.classes, chord.classes) + 5 * likes[chord.degree]
                - (chord.name == before.name and 3 or 0)
        end
        if not best or score > best_score then
            best, best_score = chord, score
        end
    end
    return best
end

return harmony
