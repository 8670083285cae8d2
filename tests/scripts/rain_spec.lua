local simulate = require "simulate"
local theory = require "theory"
local valid = require "valid"

local PATH = "scripts/rain.lua"
local DROPS = { drop = true, string = true, wood = true }

local function run(opts)
    opts.path = PATH
    return simulate.run(opts)
end

local function classes_of(chord)
    local list = {}
    for class in pairs(theory.classes(chord.pitches)) do
        list[#list + 1] = class
    end
    table.sort(list)
    return list
end

-- Five neighbours on the circle of fifths?
local function pentatonic(chord)
    local set = theory.classes(chord.pitches)
    for start = 0, 11 do
        local all = true
        for i = 0, 4 do
            all = all and set[(start + 7 * i) % 12]
        end
        if all then
            return #classes_of(chord) == 5
        end
    end
    return false
end

describe("rain", function()
    local hour = run { seed = 1, seconds = 3600 }

    it("plays only the five notes of the moment", function()
        for _, phrase in ipairs(hour) do
            for _, note in ipairs(phrase.notes) do
                if DROPS[note.patch] then
                    local chord = simulate.chord_of(phrase, note) or phrase.chords[#phrase.chords]
                    local set = theory.classes(chord.pitches)
                    local before = theory.classes(phrase.chords[1].pitches)
                    assert.is_true(set[note.pitch % 12] or before[note.pitch % 12], note.patch)
                end
            end
        end
    end)

    it("moves its set by one fifth at a time: four notes stay", function()
        local before, moves, seen, n = nil, 0, {}, 0
        for _, phrase in ipairs(hour) do
            for _, chord in ipairs(phrase.chords) do
                assert.is_true(pentatonic(chord), chord.name)
                local now = theory.classes(chord.pitches)
                local stay = before and theory.common(before, now) or 5
                assert.is_true(stay >= 4)
                moves = moves + (stay == 4 and 1 or 0)
                n = n + (seen[chord.name] and 0 or 1)
                seen[chord.name] = true
                before = now
            end
        end
        assert.is_true(moves >= 20, moves)
        assert.is_true(n >= 3 and n <= 5, n)
    end)

    it("has pauses and showers", function()
        local counts = {}
        for _, found in ipairs(valid.notes(hour, { drop = true, string = true })) do
            local window = math.floor(found.seconds / 10)
            counts[window] = (counts[window] or 0) + 1
        end
        local dry, wet = 0, 0
        for window = 0, 359 do
            local count = counts[window] or 0
            dry, wet = dry + (count <= 2 and 1 or 0), wet + (count >= 12 and 1 or 0)
        end
        assert.is_true(dry >= 25 and wet >= 40, dry .. " dry, " .. wet .. " wet")
    end)

    it("walks to another key note by note and arrives", function()
        local phrases = run { seed = 2, phrases = 14, controls = function(number)
            return { key = number < 6 and "G major" or "Db major" }
        end }
        local before
        for _, phrase in ipairs(phrases) do
            for _, chord in ipairs(phrase.chords) do
                local now = theory.classes(chord.pitches)
                assert.is_true(not before or theory.common(before, now) >= 4)
                before = now
            end
        end
        local last = phrases[#phrases].chords[1]
        assert.is_true(theory.common(theory.classes(last.pitches), theory.key_classes(theory.key "Db major")) >= 4)
    end)

    it("stands on five notes of the key, the tonic among them, when it does not wander", function()
        for i = 0, 83 do
            local key = theory.key(valid.key(i))
            local phrase = run { seed = i, phrases = 1, controls = { key = key.name, wander = 0 } }[1]
            for _, chord in ipairs(phrase.chords) do
                local set = theory.classes(chord.pitches)
                assert.is_true(set[key.root % 12], key.name)
                assert.equal(5, theory.common(set, theory.key_classes(key)), key.name)
            end
        end
    end)

    it("never plays the same phrase twice", function()
        local seen = {}
        for _, phrase in ipairs(hour) do
            local label = valid.label(phrase)
            assert.is_nil(seen[label])
            seen[label] = true
        end
    end)

    it("plays valid notes in every key, at every tempo and intensity", function()
        for i = 0, 83, 3 do
            local extreme = i / 3 % 2
            for _, phrase in ipairs(run { seed = i, phrases = 3, controls = { key = valid.key(i), intensity = extreme,
                bpm = i % 4 == 0 and 200 or i % 4 == 1 and 40 or 70, wet = extreme, wander = 1 - extreme,
                hush = i % 5 / 4, melody_complexity = extreme } }) do
                valid.phrase(phrase)
            end
        end
    end)

    it("rains harder with intensity, and not at all at none", function()
        local counts = {}
        for i, intensity in ipairs { 0, 0.4, 0.7, 1 } do
            counts[i] = #valid.notes(run { seed = 5, seconds = 900, controls = { intensity = intensity } }, DROPS)
        end
        assert.is_true(counts[1] <= 5, counts[1])
        assert.is_true(counts[1] < counts[2] and counts[2] < counts[3] and counts[3] < counts[4])
    end)
end)
