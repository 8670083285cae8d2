local count = require "count"
local mood = require "mood"
local simulate = require "simulate"
local theory = require "theory"
local valid = require "valid"
local voicing = require "voicing"

local KEY = theory.key "F lydian"

describe("bright", function()
    local run = mood.specs("bright", it, 4)
    local half_hour = run { seed = 1, seconds = 1800 }
    local lead = simulate.lead(half_hour)

    local function check_shares(phrases, what)
        local kinds = {}
        for i, found in ipairs(simulate.lead(phrases)) do
            kinds[i] = simulate.kind_of(found.phrase, found.note)
        end
        local shares, n = count.shares(kinds)
        assert.is_true(n > 60, n)
        assert.equal(0, shares.chromatic)
        assert.is_true(math.abs(shares.chord - 0.7) <= 0.04, what .. ": " .. shares.chord)
    end

    it("begins in F lydian at 84", function()
        assert.equal("F lydian", half_hour[1].key)
        assert.equal(84, half_hour[1].bpm)
    end)

    it("keeps its shares of chord and scale tones at every complexity", function()
        check_shares(half_hour, "0.5")
        for _, complexity in ipairs { 0, 1 } do
            check_shares(run { seed = 2, seconds = 800, controls = { melody_complexity = complexity } }, complexity)
        end
    end)

    it("brings its theme back within two minutes, and lets it go with the wave", function()
        local near, far, n = 0, 0, 0
        local before = {}
        for i = 1, #lead - 7 do
            local steps = {}
            for j = 1, 7 do
                steps[j] = theory.step(KEY, lead[i + j].pitch) - theory.step(KEY, lead[i + j - 1].pitch)
            end
            local label, is_near, is_far = table.concat(steps, " "), false, false
            for _, seconds in ipairs(before[label] or {}) do
                is_near = is_near or lead[i].seconds - seconds <= 120
                is_far = is_far or lead[i].seconds - seconds > 300
            end
            before[label] = before[label] or {}
            table.insert(before[label], lead[i].seconds)
            n, near, far = n + 1, near + (is_near and 1 or 0), far + (is_far and 1 or 0)
        end
        assert.is_true(n > 200 and near / n >= 0.1, near / n)
        assert.is_true(far / n < 0.05, far / n)
    end)

    it("comes in waves of three to five minutes that gather and run out", function()
        local starts, crest, trough = {}, 0, 0
        for _, phrase in ipairs(half_hour) do
            local wave = phrase.state.wave
            starts[wave.start] = wave.seconds
            local place = (phrase.seconds + phrase.length / 2 - wave.start) / wave.seconds
            local n = #valid.notes({ phrase }, { pluck = true, spark = true, tick = true })
            crest = crest + (place > 0.5 and place < 0.8 and n or 0)
            trough = trough + ((place < 0.15 or place > 0.95) and n or 0)
        end
        local n = 0
        for _, seconds in pairs(starts) do
            n = n + 1
            assert.is_true(seconds >= 180 and seconds <= 300)
        end
        assert.is_true(n >= 6 and n <= 11, n)
        assert.is_true(crest > 1.5 * trough, crest .. " " .. trough)
    end)

    it("takes a near chord that has not been there of late", function()
        local sum, n, before, names, kinds = 0, 0, {}, {}, 0
        for _, phrase in ipairs(half_hour) do
            for _, chord in ipairs(phrase.chords) do
                assert.is_not.equal(before.name, chord.name)
                if before.pitches then
                    sum, n = sum + voicing.step(before.pitches, chord.pitches), n + 1
                end
                kinds = kinds + (names[chord.name] and 0 or 1)
                names[chord.name], before = true, chord
            end
        end
        assert.is_true(sum / n <= 3, sum / n)
        assert.is_true(kinds >= 10, kinds)
    end)

    it("stands on the tonic, and on the second degree when a wave is high", function()
        local roots = { [0] = 0, [2] = 0 }
        for _, phrase in ipairs(half_hour) do
            for _, found in ipairs(valid.notes({ phrase }, { floor = true })) do
                local above = (found.note.pitch - KEY.root) % 12
                roots[above] = roots[above] + 1
            end
        end
        assert.is_true(roots[0] > 2 * roots[2] and roots[2] > 5, roots[2])
    end)

    it("keeps registers apart: floor below C3, pad to D5, lead above", function()
        local ranges = { floor = { 36, 48 }, pad = { 53, 74 }, reed = { 53, 74 }, lead = { 71, 91 } }
        for _, phrase in ipairs(half_hour) do
            for _, note in ipairs(phrase.notes) do
                local range = ranges[note.patch]
                assert.is_true(not range or note.pitch >= range[1] and note.pitch <= range[2], note.patch)
            end
        end
    end)

    it("leaves bars without a lead, and has none at intensity 0", function()
        local used, bars, n = {}, 0, 0
        for _, phrase in ipairs(half_hour) do
            for _, found in ipairs(simulate.lead { phrase }) do
                local bar = phrase.number .. ":" .. math.floor(found.note.at / 4)
                n = n + (used[bar] and 0 or 1)
                used[bar] = true
            end
            bars = bars + phrase.bars
        end
        assert.is_true(1 - n / bars >= 0.15, n / bars)
        assert.equal(0, #simulate.lead(run { seed = 1, seconds = 300, controls = { intensity = 0 } }))
    end)
end)
