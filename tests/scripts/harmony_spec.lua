local harmony = require "harmony"
local refused = require "refused"
local simulate = require "simulate"
local theory = require "theory"
local voicing = require "voicing"

-- Mean number of tones of chords drawn at a colour, and how many were outside the key.
local function draw_many(name, colour, lend)
    local key, stream = theory.key(name), simulate.stream(31, name)
    local inside, tones, outside, n = theory.key_classes(key), 0, 0, 0
    for _ = 1, 100 do
        for degree = 1, 7 do
            local chord = harmony.colour(stream, key, degree, colour, lend)
            local strangers = 0
            assert.equal(key.root + key.scale[degree], chord.root)
            for class = 0, 11 do
                strangers = strangers + (chord.classes[class] and not inside[class] and 1 or 0)
            end
            assert.is_true(strangers <= 1, name .. " " .. chord.name)
            tones, n, outside = tones + #chord.intervals, n + 1, outside + strangers
        end
    end
    return tones / n, outside / n
end

describe("harmony", function()
    for _, mode in ipairs(theory.MODES) do
        it("grows richer with colour and borrows only when it may, " .. mode, function()
            local plain, none = draw_many("E " .. mode, 0, 0)
            local rich = draw_many("E " .. mode, 1, 0)
            local _, lent = draw_many("E " .. mode, 0.5, 1)
            assert.equal(0, none)
            assert.is_true(rich > plain + 0.5, plain .. " to " .. rich)
            assert.equal(mode == "locrian", lent == 0)
        end)
    end

    it("opens on the tonic in every key", function()
        for _, tonic in ipairs { "C", "F#", "Bb" } do
            for _, mode in ipairs(theory.MODE_NAMES) do
                local key = theory.key(tonic .. " " .. mode)
                local opening = harmony.opening(key, {})
                assert.equal(key.root % 12, opening.root)
                assert.equal(4, #opening.pitches)
            end
        end
    end)

    it("turns into any key through a common tone, where the new key has one", function()
        local sounding = { { 48, 57, 64, 71 }, { 53, 57, 60, 64 }, { 50, 59, 62, 67 } }
        for _, voices in ipairs(sounding) do
            local classes = theory.classes(voices)
            for root = 0, 11 do
                for _, mode in ipairs(theory.MODES) do
                    local tonic = ({ "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B" })[root + 1]
                    local key = theory.key(tonic .. " " .. mode)
                    local pivot = harmony.pivot(key, voices, {})
                    local common = theory.common(classes, theory.classes(pivot.pitches))
                    assert.is_true(common > 0 or theory.common(classes, theory.key_classes(key)) == 0, key.name)
                    assert.is_true(voicing.step(voices, pivot.pitches) <= 2)
                    for _, pitch in ipairs(pivot.pitches) do
                        assert.is_true(theory.key_classes(key)[pitch % 12])
                    end
                end
            end
        end
    end)
end)

describe("harmony: chords for a note", function()
    local key = theory.key "A minor"

    it("are all chords of the key that hold it, and no others", function()
        for _, name in ipairs { "A minor", "D dorian", "F lydian" } do
            local own = theory.key(name)
            for step = 1, 7 do
                local pitch = theory.pitch(own, step)
                local chords = harmony.holding(own, pitch, { "triad", "seventh" })
                assert.equal(7, #chords)
                for _, chord in ipairs(chords) do
                    assert.is_true(chord.classes[pitch % 12])
                end
                assert.equal(3, #harmony.holding(own, pitch))
            end
        end
        assert.same({}, harmony.holding(key, 61))
        assert.is_nil(harmony.chord_for(key, 61))
    end)

    it("the best one has it as its root, or is near to the chord before and goes on from it", function()
        for step = 1, 7 do
            local chord = harmony.chord_for(key, theory.pitch(key, step))
            assert.equal(step, chord.degree)
        end
        for degree = 1, 7 do
            local before = theory.diatonic(key, degree, "triad")
            for step = 1, 7 do
                local pitch = theory.pitch(key, step)
                local chord = harmony.chord_for(key, pitch, before)
                assert.is_true(chord.classes[pitch % 12] and chord.name ~= before.name)
            end
        end
        assert.equal("VI", harmony.chord_for(key, 60, theory.chord(key, "i")).name)
        assert.equal(4, #harmony.chord_for(key, 60, nil, { "seventh" }).pitches)
    end)

    it("refuse what makes no sense, at the caller's line", function()
        refused(function() harmony.holding(key, "C4") end, "pitch")
        refused(function() harmony.holding(key, 60, { "eleventh" }) end, '"eleventh"', "triad")
    end)
end)
