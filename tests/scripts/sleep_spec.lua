local mood = require "mood"
local simulate = require "simulate"
local theory = require "theory"
local valid = require "valid"

local KEY = theory.key "E phrygian"

describe("sleep", function()
    local run = mood.specs("sleep", it, 2)
    local night = run { seed = 1, seconds = 3600 }

    -- The chords, each once: { pitches, seconds }.
    local function chords(phrases)
        local list = {}
        for _, phrase in ipairs(phrases) do
            local pitches, last = phrase.chords[1].pitches, list[#list]
            if last and table.concat(last.pitches, " ") == table.concat(pitches, " ") then
                last.seconds = last.seconds + phrase.length
            else
                list[#list + 1] = { pitches = pitches, seconds = phrase.length, at = phrase.seconds }
            end
        end
        return list
    end

    it("begins in E phrygian at 44", function()
        assert.equal("E phrygian", night[1].key)
        assert.equal(44, night[1].bpm)
    end)

    it("holds a chord for a minute and more, longer as the night goes on", function()
        local list = chords(night)
        local early, late = 0, 0
        list[#list] = nil
        for _, chord in ipairs(list) do
            assert.is_true(chord.seconds >= 40 and chord.seconds <= 110, chord.seconds)
        end
        for i = 1, 8 do
            early, late = early + list[i].seconds / 8, late + list[#list + 1 - i].seconds / 8
        end
        assert.is_true(late > early + 8, early .. " " .. late)
    end)

    it("only ever sinks, by a step of the scale; new voices come in above", function()
        local before
        for _, chord in ipairs(chords(night)) do
            if before then
                local sunk = {}
                for _, pitch in ipairs(before) do
                    sunk[theory.transpose(KEY, pitch, -1)] = true
                end
                local top = theory.transpose(KEY, before[#before], -1)
                for _, pitch in ipairs(chord.pitches) do
                    assert.is_true(sunk[pitch] or pitch > top, pitch)
                end
            end
            before = chord.pitches
        end
    end)

    it("stays where it is while everything falls", function()
        local function mean(from, to)
            local sum, n = 0, 0
            for i = from, to do
                for _, pitch in ipairs(night[i].chords[1].pitches) do
                    sum, n = sum + pitch, n + 1
                end
            end
            return sum / n
        end
        assert.is_true(math.abs(mean(1, 40) - mean(#night - 40, #night)) < 5)
        for _, phrase in ipairs(night) do
            local pitches = phrase.chords[1].pitches
            assert.is_true(pitches[1] >= 48 and pitches[#pitches] <= 76 and #pitches >= 2 and #pitches <= 6)
        end
    end)

    it("becomes thinner and darker", function()
        local function weigh(from, to)
            local voices, dark, light, dust = 0, 0, 0, 0
            for i = from, to do
                voices = voices + #night[i].chords[1].pitches
                for _, note in ipairs(night[i].notes) do
                    dark = dark + (note.patch == "pad" and note.velocity or 0)
                    light = light + (note.patch == "choir" and note.velocity or 0)
                    dust = dust + (note.patch == "grain" and note.velocity or 0)
                end
            end
            return voices, light / dark, dust
        end
        local voices, light, dust = weigh(1, 40)
        local voices_late, light_late, dust_late = weigh(#night - 39, #night)
        assert.is_true(voices_late < voices)
        assert.is_true(light_late < light)
        assert.is_true(dust_late < dust)
    end)

    it("has no event but fades: no lead, no percussion, nothing short, at any intensity", function()
        local percussion = { kick = true, tick = true, pluck = true, bell = true, lead = true }
        for _, value in ipairs { 0, 0.5, 1 } do
            for _, phrase in ipairs(run { seed = 3, seconds = 900, controls = { intensity = value } }) do
                for _, note in ipairs(phrase.notes) do
                    local patch = phrase.piece.patches[note.patch]
                    assert.is_nil(percussion[patch.voice])
                    assert.is_true(patch.attack >= 5 and patch.release >= 8)
                    assert.is_true(note.beats * 60 / phrase.bpm >= 5)
                end
            end
        end
        assert.equal(0, #simulate.lead(night))
    end)

    it("never stops sounding: the tonic and the middle of the stair are held over every boundary", function()
        for i, phrase in ipairs(night) do
            local sounding = { sub = false, pad = false }
            for j = math.max(1, i - 6), i do
                for _, note in ipairs(night[j].notes) do
                    local off = night[j].seconds + (note.at + note.beats) * 60 / night[j].bpm
                    if sounding[note.patch] == false and off > phrase.seconds + phrase.length then
                        sounding[note.patch] = true
                    end
                end
            end
            assert.is_true(sounding.sub and sounding.pad, i)
        end
    end)

    it("is mostly one or two notes a bar", function()
        local n, bars = 0, 0
        for _, phrase in ipairs(night) do
            n, bars = n + #valid.notes({ phrase }, { pad = true, choir = true, grain = true, sub = true, hull = true }),
                bars + phrase.bars
        end
        assert.is_true(n / bars < 3.5, n / bars)
    end)
end)
