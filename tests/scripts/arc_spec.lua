local simulate = require "simulate"
local theory = require "theory"
local valid = require "valid"
local voicing = require "voicing"

local PATH = "scripts/arc.lua"
local HORN = { horn = true, reed = true }

local function run(opts)
    opts.path = PATH
    return simulate.run(opts)
end

-- Chords in the order in which they sound, each once.
local function walk_of(phrases)
    local walk = {}
    for _, phrase in ipairs(phrases) do
        for _, chord in ipairs(phrase.chords) do
            if not walk[1] or walk[#walk].name ~= chord.name then
                walk[#walk + 1] = chord
            end
        end
    end
    return walk
end

local function notes_between(phrases, from, to)
    local n = 0
    for _, phrase in ipairs(phrases) do
        n = n + (phrase.seconds >= from and phrase.seconds < to and #phrase.notes or 0)
    end
    return n
end

describe("arc", function()
    local arc = run { seed = 1, seconds = 1800 }

    it("walks by P, L and R: two tones stay, one moves by a semitone or two", function()
        local walk = walk_of(arc)
        assert.is_true(#walk > 60)
        for i = 2, #walk do
            local before, now = walk[i - 1], walk[i]
            assert.equal(2, theory.common(theory.classes(before.pitches), theory.classes(now.pitches)),
                before.name .. " to " .. now.name)
            assert.is_true(voicing.step(before.pitches, now.pitches) <= 2.5, before.name .. " to " .. now.name)
        end
    end)

    it("begins and ends at home and is far from it at two thirds", function()
        assert.equal("Cm", arc[1].chords[1].name)
        local far, home = false, theory.key_classes(theory.key "C minor")
        for _, phrase in ipairs(arc) do
            if phrase.seconds > 1000 and phrase.seconds < 1300 then
                for _, chord in ipairs(phrase.chords) do
                    far = far or theory.common(theory.classes(chord.pitches), home) <= 1
                end
            end
        end
        assert.is_true(far)
        local near = 0
        for _, phrase in ipairs(arc) do
            for _, chord in ipairs(phrase.seconds > 1740 and phrase.chords or {}) do
                near = math.max(near, theory.common(theory.classes(chord.pitches), theory.classes { 0, 3, 7 }))
            end
        end
        assert.is_true(near >= 2)
    end)

    it("rises from almost nothing to everything at two thirds, and returns", function()
        local minutes = {}
        for m = 0, 29 do
            minutes[m] = notes_between(arc, 60 * m, 60 * m + 60)
        end
        local loudest = 0
        for m = 0, 29 do
            loudest = minutes[m] > minutes[loudest] and m or loudest
        end
        assert.is_true(loudest >= 16 and loudest <= 22, loudest)
        assert.is_true(minutes[loudest] > 6 * minutes[0] and minutes[loudest] > 4 * minutes[28])
        local patches, n = {}, 0
        for _, phrase in ipairs(arc) do
            for _, note in ipairs(phrase.seconds > 1100 and phrase.seconds < 1260 and phrase.notes or {}) do
                n = n + (patches[note.patch] and 0 or 1)
                patches[note.patch] = true
            end
        end
        assert.equal(12, n)
    end)

    it("has no horn at first and at last; it sings chord tones only, and sings its call again", function()
        local two = run { seed = 4, seconds = 3600 }
        local lead = simulate.lead(two)
        assert.is_true(#lead > 150)
        local kept = 0
        for i, found in ipairs(lead) do
            local at = found.seconds % 1800
            assert.is_true(at > 420 and at < 1620, at)
            assert.equal("chord", simulate.kind_of(found.phrase, found.note))
            for j = math.max(1, i - 40), i - 1 do
                if lead[j].pitch == found.pitch and found.seconds - lead[j].seconds < 60
                    and (lead[j + 1] or found).pitch == (lead[i + 1] or found).pitch then
                    kept = kept + 1
                    break
                end
            end
        end
        assert.is_true(kept / #lead > 0.4, kept / #lead)
        assert.is_true(#valid.notes(two, HORN) == #lead)
    end)

    it("starts again from a major third lower, home after three", function()
        local state, names = nil, {}
        for _, phrase in ipairs(run { seed = 2, seconds = 3.3 * 600, controls = { minutes = 10 } }) do
            if phrase.state.arcs ~= state and #phrase.chords > 0 then
                state = phrase.state.arcs
                names[#names + 1] = state
            end
        end
        assert.same({ 0, 1, 2, 3 }, names)
    end)

    it("turns toward a new key from the chord that sounds", function()
        local phrases = run { seed = 3, phrases = 12, controls = function(number)
            return { key = number < 6 and "C minor" or "F# major" }
        end }
        local before
        for _, chord in ipairs(walk_of(phrases)) do
            local now = theory.classes(chord.pitches)
            assert.is_true(not before or theory.common(before, now) >= 2, chord.name)
            before = now
        end
        local home = theory.classes { 6, 10, 1 }
        assert.is_true(theory.common(before, home) >= 1)
    end)

    it("never plays the same eight bars twice", function()
        local seen = {}
        for _, phrase in ipairs(arc) do
            local label = valid.label(phrase)
            assert.is_nil(seen[label])
            seen[label] = true
        end
    end)

    it("plays valid notes in every key, at every tempo and intensity, all along the arc", function()
        for i = 0, 83, 4 do
            local extreme = i / 4 % 2
            for _, phrase in ipairs(run { seed = i, seconds = 640, controls = { key = valid.key(i),
                intensity = extreme, bpm = i % 3 == 0 and 200 or i % 3 == 1 and 40 or 70, minutes = 10,
                reach = extreme, shine = 1 - extreme, melody_complexity = extreme } }) do
                valid.phrase(phrase)
                assert.is_true(#phrase.notes >= 4 and #phrase.chords >= 1)
            end
        end
    end)
end)
