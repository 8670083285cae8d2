local mood = require "mood"
local simulate = require "simulate"
local theory = require "theory"
local valid = require "valid"
local voicing = require "voicing"

local BELLS = { bell = true, glass = true, gong = true }

describe("meditation", function()
    local run = mood.specs("meditation", it, 4)
    local hour = run { seed = 1, seconds = 3600 }
    local key = theory.key "A aeolian"
    local triad = theory.classes { 57, 60, 64 }

    it("begins in A aeolian at 50", function()
        assert.equal("A aeolian", hour[1].key)
        assert.equal(50, hour[1].bpm)
    end)

    it("breathes: a phrase lasts some twenty seconds at every tempo, and ends in silence", function()
        for _, bpm in ipairs { 40, 50, 77, 140, 200 } do
            for _, phrase in ipairs(run { seed = 2, seconds = 900, controls = { bpm = bpm, intensity = 1 } }) do
                assert.is_true(phrase.length > 12 and phrase.length < 33, phrase.length)
                for _, found in ipairs(valid.notes({ phrase }, BELLS)) do
                    assert.is_true(found.note.at <= 0.82 * phrase.beats, found.note.at / phrase.beats)
                end
            end
        end
    end)

    it("is silent between call and answer", function()
        local gaps = 0
        for _, phrase in ipairs(hour) do
            for _, found in ipairs(valid.notes({ phrase }, { bell = true, glass = true })) do
                local place = found.note.at / phrase.beats
                assert.is_true(place < 0.41 or place > 0.46, place)
            end
            gaps = gaps + 1
        end
        assert.is_true(gaps > 100)
    end)

    -- The words of the first bell: runs of notes in one half of a breath.
    local function words(phrases)
        local list = {}
        for _, phrase in ipairs(phrases) do
            local halves = { {}, {} }
            for _, found in ipairs(valid.notes({ phrase }, { bell = true })) do
                table.insert(halves[found.note.at < 0.44 * phrase.beats and 1 or 2], found.note)
            end
            for half, word in ipairs(halves) do
                list[#list + 1] = #word > 0 and { half = half, notes = word } or nil
            end
        end
        return list
    end

    it("walks by steps of the scale, one way in a word", function()
        local n = 0
        for _, word in ipairs(words(hour)) do
            local way
            for i = 2, #word.notes do
                local step = theory.step(key, word.notes[i].pitch) - theory.step(key, word.notes[i - 1].pitch)
                step = (step + 3) % 7 - 3 -- at the edge of its register it folds by an octave
                assert.is_true(math.abs(step) == 1, step)
                assert.is_true(way == nil or way == step)
                way, n = step, n + 1
            end
        end
        assert.is_true(n > 300, n)
    end)

    it("answers most calls the other way round", function()
        local turned, n, call = 0, 0, nil
        for _, word in ipairs(words(hour)) do
            local way = #word.notes > 1 and word.notes[2].pitch - word.notes[1].pitch
            if word.half == 1 then
                call = way
            elseif call and way then
                turned, n, call = turned + (call * way < 0 and 1 or 0), n + 1, nil
            end
        end
        assert.is_true(n > 20 and turned / n > 0.6, turned / n)
    end)

    it("rings the triad with the second bell, next to the first bell's note and never on it", function()
        local n = 0
        for _, phrase in ipairs(hour) do
            local bell
            for _, found in ipairs(valid.notes({ phrase }, { bell = true, glass = true })) do
                if found.note.patch == "bell" then
                    bell = found.note
                else
                    assert.is_true(triad[found.note.pitch % 12])
                    local away = math.abs(found.note.pitch - bell.pitch)
                    assert.is_true(away >= 1 and away <= 5, away)
                    n = n + 1
                end
            end
        end
        assert.is_true(n > 200, n)
    end)

    it("counts: words grow and shrink by a note, longer ones with more complexity", function()
        local before
        for _, phrase in ipairs(hour) do
            assert.is_true(before == nil or math.abs(phrase.state.count - before) <= 3)
            before = phrase.state.count
        end
        local function longest(complexity)
            local most = 0
            for _, word in ipairs(words(run { seed = 1, seconds = 900,
                                              controls = { melody_complexity = complexity } })) do
                most = math.max(most, #word.notes)
            end
            return most
        end
        assert.is_true(longest(0) < longest(1))
    end)

    it("descends one degree a breath, then begins anew on the tonic", function()
        local degree
        for _, phrase in ipairs(hour) do
            local root = theory.chord(key, phrase.chords[1].name).degree
            assert.is_true(root == 1 or degree == nil or root == (degree - 2) % 7 + 1, root)
            degree = root
        end
    end)

    it("leads the pad by small steps, in its register", function()
        local sum, n, before = 0, 0, nil
        for _, phrase in ipairs(hour) do
            local now = phrase.chords[1].pitches
            assert.is_true(now[1] >= 48 and now[#now] <= 72)
            sum, n, before = sum + (before and voicing.step(before, now) or 0), n + (before and 1 or 0), now
        end
        assert.is_true(sum / n <= 3, sum / n)
    end)

    it("leaves bars without a bell, and has no lead", function()
        local empty, bars = 0, 0
        for _, phrase in ipairs(hour) do
            local used = {}
            for _, found in ipairs(valid.notes({ phrase }, BELLS)) do
                used[math.floor(found.note.at / 4)] = true
            end
            for bar = 0, phrase.bars - 1 do
                bars, empty = bars + 1, empty + (used[bar] and 0 or 1)
            end
        end
        assert.is_true(empty / bars >= 0.15, empty / bars)
        assert.equal(0, #simulate.lead(hour))
    end)
end)
