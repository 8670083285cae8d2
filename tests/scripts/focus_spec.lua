local mood = require "mood"
local simulate = require "simulate"
local theory = require "theory"
local valid = require "valid"
local voicing = require "voicing"

local CYCLES = { wood = 16, low = 12, glass = 20 }
local REGISTERS = { wood = { 57, 72 }, low = { 45, 60 }, glass = { 67, 84 }, pedal = { 33, 45 }, pad = { 48, 67 } }

describe("focus", function()
    local run = mood.specs("focus", it, 4)
    local half_hour = run { seed = 1, seconds = 1800 }

    it("begins in D dorian at 66", function()
        assert.equal("D dorian", half_hour[1].key)
        assert.equal(66, half_hour[1].bpm)
    end)

    -- Which places of its cycle a hand plays on in a phrase, as a set, and how many.
    local function places(phrase, patch, steps_before)
        local set, n = {}, 0
        for _, found in ipairs(valid.notes({ phrase }, { [patch] = true })) do
            local place = (math.floor(found.note.at * 4) + steps_before) % CYCLES[patch]
            n = n + (set[place] and 0 or 1)
            set[place] = true
        end
        return set, n
    end

    it("repeats each hand's cell, evenly spread over its own cycle", function()
        for patch, cycle in pairs(CYCLES) do
            local played = 0
            for i, phrase in ipairs(half_hour) do
                local _, n = places(phrase, patch, (i - 1) * 128)
                played = played + (n > 0 and 1 or 0)
                assert.is_true(n <= cycle / 2, patch .. ": " .. n .. " places")
            end
            assert.is_true(played / #half_hour > 0.5, patch)
        end
    end)

    it("drifts: cells turn against each other, one hand at a time", function()
        local turned, before = 0, {}
        for i, phrase in ipairs(half_hour) do
            local hands = 0
            for patch in pairs(CYCLES) do
                local set, n = places(phrase, patch, (i - 1) * 128)
                local moved = false
                for place in pairs(set) do
                    moved = moved or (before[patch] ~= nil and not before[patch][place])
                end
                hands = hands + (n > 0 and moved and 1 or 0)
                before[patch] = n > 0 and set or before[patch]
            end
            turned = turned + (hands > 0 and 1 or 0)
            assert.is_true(hands <= 2, hands)
        end
        assert.is_true(turned >= 12 and turned < 0.8 * #half_hour, turned)
    end)

    it("stands still when the drift is slowest, and hurries when it is fastest", function()
        local function turns(drift)
            local phrases = run { seed = 2, phrases = 12, controls = { drift = drift } }
            return phrases[12].state.turn
        end
        assert.is_true(turns(0) < turns(0.5) and turns(0.5) < turns(1))
    end)

    it("swings between two chords over a pedal that stays", function()
        for _, phrase in ipairs(half_hour) do
            local degrees = {}
            for _, chord in ipairs(phrase.chords) do
                degrees[#degrees + 1] = chord.name:match("^[IViv]+")
            end
            for i, degree in ipairs(degrees) do
                assert.equal(i % 2 == 1 and "i" or "IV", degree)
            end
            for _, found in ipairs(valid.notes({ phrase }, { pedal = true })) do
                assert.equal(2, found.note.pitch % 12)
            end
        end
    end)

    it("leads the pad by small steps", function()
        local sum, n, before = 0, 0, nil
        for _, phrase in ipairs(half_hour) do
            for _, chord in ipairs(phrase.chords) do
                sum, n = sum + (before and voicing.step(before, chord.pitches) or 0), n + (before and 1 or 0)
                before = chord.pitches
            end
        end
        assert.is_true(sum / n <= 3, sum / n)
    end)

    it("plucks tones of the chord alone, each hand in its register", function()
        for _, phrase in ipairs(half_hour) do
            for _, note in ipairs(phrase.notes) do
                local range = REGISTERS[note.patch]
                assert.is_true(not range or note.pitch >= range[1] and note.pitch <= range[2], note.patch)
                if CYCLES[note.patch] then
                    local chord = simulate.chord_of(phrase, note) or phrase.chords[#phrase.chords]
                    assert.is_true(theory.classes(chord.pitches)[note.pitch % 12])
                end
            end
        end
    end)

    it("never gives a hand's repeated note the velocity before", function()
        for _, phrase in ipairs(half_hour) do
            local before = {}
            for _, note in ipairs(phrase.notes) do
                local id = note.patch .. note.pitch
                assert.is_true(not CYCLES[note.patch] or before[id] ~= note.velocity)
                before[id] = note.velocity
            end
        end
    end)

    it("has no lead", function()
        assert.equal(0, #simulate.lead(half_hour))
    end)
end)
