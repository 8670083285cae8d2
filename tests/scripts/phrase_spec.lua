local form = require "form"
local percussion = require "percussion"
local phrase = require "phrase"
local refused = require "refused"
local simulate = require "simulate"

describe("phrase: shape", function()
    it("rises to a peak at two thirds, then falls", function()
        assert.equal(0, phrase.arc(0))
        assert.is_true(math.abs(phrase.arc(2 / 3) - 1) < 1e-12)
        assert.is_true(math.abs(phrase.arc(1)) < 1e-12)
        for i = 1, 100 do
            local a, b = (i - 1) / 100, i / 100
            if b <= 2 / 3 then
                assert.is_true(phrase.arc(b) > phrase.arc(a))
            elseif a >= 2 / 3 then
                assert.is_true(phrase.arc(b) < phrase.arc(a))
            end
        end
    end)

    it("gives velocities that follow it", function()
        local stream, sums = simulate.stream(1), { 0, 0, 0 }
        for _ = 1, 300 do
            for i, position in ipairs { 0.02, 2 / 3, 0.98 } do
                local v = phrase.velocity(stream, 0.5, position)
                assert.is_true(v > 0 and v <= 1)
                sums[i] = sums[i] + v / 300
            end
        end
        assert.is_true(sums[2] > sums[1] + 0.1 and sums[2] > sums[3] + 0.1)
        assert.equal(1, phrase.velocity(stream, 2, 2 / 3))
        assert.equal(0.02, phrase.velocity(stream, 0, 0))
    end)

    it("never repeats a note with an equal velocity", function()
        local uneven, before = phrase.uneven(), {}
        for i = 1, 500 do
            local pitch, wanted = 60 + i % 3, ({ 0.5, 0.505, 1, 1, 0, 0 })[i % 6 + 1]
            local v = uneven(pitch, wanted)
            assert.is_true(v >= 0 and v <= 1)
            assert.is_true(not before[pitch] or math.abs(v - before[pitch]) >= 0.0199)
            before[pitch] = v
        end
    end)

    it("leans 5 to 40 ms, late more often than early", function()
        local stream, late = simulate.stream(2), 0
        for _, bpm in ipairs { 40, 70, 200 } do
            for _ = 1, 300 do
                local ms = phrase.lean(stream, bpm) * 60000 / bpm
                assert.is_true(math.abs(ms) >= 4.999 and math.abs(ms) <= 40.001)
                late = late + (ms > 0 and 1 or 0)
                assert.is_true(phrase.lean(stream, bpm, 1) > 0)
                assert.is_true(phrase.lean(stream, bpm, -1) < 0)
            end
        end
        assert.is_true(late > 540 and late < 660)
    end)
end)

describe("phrase: time", function()
    it("has a unit near 0.8 s at every tempo", function()
        for bpm = 40, 200 do
            local seconds = 60 * phrase.unit(bpm) / bpm
            assert.is_true(seconds >= 0.56 and seconds <= 1.14, bpm)
        end
        assert.equal(1, phrase.unit(70))
    end)

    it("fills eight bars with chords of 4 to 14 s at every tempo", function()
        local stream = simulate.stream(3)
        for bpm = 40, 200, 5 do
            for _, target in ipairs { 7, 11 } do
                local sum = 0
                for _, bars in ipairs(phrase.chord_bars(stream, 8, 240 / bpm, 4, 14, target)) do
                    assert.is_true(bars * 240 / bpm >= 4 and bars * 240 / bpm <= 14, bpm)
                    sum = sum + bars
                end
                assert.equal(8, sum)
            end
        end
    end)

    it("fills odd meters and tight limits as well as it can", function()
        local stream = simulate.stream(4)
        for _, bar in ipairs { 0.9, 4.5, 20 } do
            local sum = 0
            for _, bars in ipairs(phrase.chord_bars(stream, 7, bar, 5, 9, 7)) do
                sum = sum + bars
            end
            assert.equal(7, sum)
        end
    end)
end)

describe("phrase: joins", function()
    local OPTS = { overlap = 1, tie = 4, longest = 100 }
    local A, B = { 50, 57, 60, 64 }, { 50, 55, 60, 65 }

    local function by_voice(notes, voice)
        local own = {}
        for _, note in ipairs(notes) do
            if note.voice == voice then
                own[#own + 1] = note
            end
        end
        return own
    end

    it("hold common tones and overlap the others", function()
        local steps = { { at = 0, beats = 8, pitches = A }, { at = 8, beats = 8, pitches = B } }
        local notes = phrase.legato(steps, nil, nil, OPTS)
        local kept, moved = by_voice(notes, 1), by_voice(notes, 2)
        assert.equal(1, #kept)
        assert.same({ voice = 1, pitch = 50, at = 0, beats = 17, rebowed = false }, kept[1])
        assert.equal(2, #moved)
        assert.equal(9, moved[1].at + moved[1].beats)
        assert.equal(8, moved[2].at)
    end)

    it("hold across the boundary what the next phrase shares", function()
        local steps = { { at = 0, beats = 16, pitches = A } }
        local notes, held = phrase.legato(steps, { beats = 8, pitches = B }, nil, OPTS)
        assert.equal(20, by_voice(notes, 1)[1].beats)
        assert.same({ pitch = 50, beats = 4 }, held[1])
        assert.equal(17, by_voice(notes, 2)[1].beats)
        assert.equal(0, held[2].pitch)
        -- The next phrase takes the held tone over where it ends, without a gap and without a second attack at 0.
        local after = phrase.legato({ { at = 0, beats = 8, pitches = B } }, nil, held, OPTS)
        assert.equal(3, by_voice(after, 1)[1].at)
        assert.is_true(by_voice(after, 1)[1].rebowed)
        assert.equal(0, by_voice(after, 2)[1].at)
    end)

    it("sound every voice at every moment, over many phrases", function()
        local stream, held = simulate.stream(5), nil
        local following, covered = A, {}
        for number = 0, 30 do
            local steps = {}
            for i = 1, 4 do
                steps[i] = { at = (i - 1) * 8, beats = 8, pitches = following }
                following = stream:pick { A, B, { 52, 57, 60, 65 }, { 50, 57, 62, 65 } }
            end
            local notes
            notes, held = phrase.legato(steps, { beats = 8, pitches = following }, held,
                { overlap = 1, tie = 4, longest = 12 })
            for _, note in ipairs(notes) do
                assert.is_true(note.at >= 0 and note.at < 32 and note.beats > 0 and note.beats <= 13.001)
                for beat = math.ceil(note.at), math.floor(note.at + note.beats) do
                    covered[note.voice .. ":" .. number * 32 + beat] = true
                end
            end
        end
        for voice = 1, 4 do
            for beat = 0, 30 * 32 do
                assert.is_true(covered[voice .. ":" .. beat] or false, voice .. " at " .. beat)
            end
        end
    end)

    it("can leave voices out", function()
        local notes = phrase.legato({ { at = 0, beats = 8, pitches = A } }, nil, nil,
            { overlap = 1, tie = 4, longest = 100, voices = { 2, 3 } })
        assert.equal(2, #notes)
    end)

    it("carry held beats over a change of tempo", function()
        assert.same({ { pitch = 60, beats = 6 } }, phrase.retime({ { pitch = 60, beats = 3 } }, 60, 120))
    end)
end)

describe("percussion", function()
    local function mean_kicks(intensity)
        local stream, n = simulate.stream(6), 0
        for _ = 1, 200 do
            for _, kick in ipairs(percussion.kicks(stream, 32, 4, 1, intensity)) do
                assert.is_true(kick.at >= 0 and kick.at < 32 and kick.velocity > 0 and kick.velocity <= 1)
                n = n + 1
            end
        end
        return n / 200
    end

    it("has no kicks at low intensity and sparse ones above", function()
        assert.equal(0, mean_kicks(0))
        assert.equal(0, mean_kicks(0.5))
        local before = 0
        for _, intensity in ipairs { 0.6, 0.7, 0.8, 0.9, 1 } do
            local n = mean_kicks(intensity)
            assert.is_true(n > before, intensity)
            before = n
        end
        assert.is_true(before <= 14)
    end)

    it("swells more at higher intensity, within the phrase or up to its end", function()
        local totals = {}
        for i, intensity in ipairs { 0, 0.5, 1 } do
            local stream, n = simulate.stream(7), 0
            for _ = 1, 300 do
                for _, swell in ipairs(percussion.swells(stream, 32, 1, intensity)) do
                    assert.is_true(swell.at >= 0 and swell.beats > 0 and swell.at + swell.beats <= 32 + 1e-9)
                    n = n + 1
                end
            end
            totals[i] = n
        end
        assert.is_true(totals[1] > 30 and totals[2] > totals[1] and totals[3] > totals[2])
    end)

    it("spreads hits evenly", function()
        for steps = 2, 16 do
            for hits = 1, steps do
                local n = 0
                for _, on in ipairs(percussion.even(hits, steps, 3)) do
                    n = n + (on and 1 or 0)
                end
                assert.equal(hits, n)
            end
        end
        assert.same({ true, false, false, true, false, false, true, false }, percussion.even(3, 8))
    end)
end)

describe("form", function()
    it("waves between 0 and 1 with its period", function()
        assert.is_true(math.abs(form.wave(0, 60)) < 1e-12)
        assert.is_true(math.abs(form.wave(30, 60) - 1) < 1e-12)
        assert.is_true(math.abs(form.wave(17, 60, 0.2) - form.wave(77, 60, 0.2)) < 1e-9)
    end)

    it("fades and mixes", function()
        assert.equal(0, form.fade(0.1, 0.2, 0.6))
        assert.equal(1, form.fade(0.7, 0.2, 0.6))
        assert.is_true(math.abs(form.fade(0.4, 0.2, 0.6) - 0.5) < 1e-12)
        assert.equal(3, form.mix(2, 4, 0.5))
    end)

    it("draws by weight and can avoid the last", function()
        local stream, counts = simulate.stream(8), { 0, 0, 0 }
        for _ = 1, 6000 do
            local i = form.weighted(stream, { 1, 0, 2 })
            counts[i] = counts[i] + 1
        end
        assert.equal(0, counts[2])
        assert.is_true(math.abs(counts[3] / 6000 - 2 / 3) < 0.03)
        for _ = 1, 50 do
            assert.is_not.equal(1, form.other(stream, { 1, 1, 1 }, 1))
            assert.equal(2, form.other(stream, { 0, 1, 0 }, 2))
        end
    end)
end)

describe("percussion and phrase", function()
    it("refuse what makes no sense, at the caller's line", function()
        local stream = simulate.stream(1)
        refused(function() percussion.kicks(nil, 32, 4, 1, 0.5) end, "ctx.random")
        refused(function() percussion.kicks(stream, 32, 0, 1, 0.5) end, "bar is 0")
        refused(function() percussion.swells(stream, 32, 1, "high") end, "intensity")
        refused(function() percussion.even(9, 8) end, "hits is 9")
        refused(function() phrase.unit(0) end, "bpm is 0", "20 to 400")
        refused(function() phrase.chord_bars(stream, 0, 3, 4, 14, 9) end, "bars is 0")
        refused(function() phrase.chord_bars(stream, 8, 3, 14, 4, 9) end, "longest is 4")
        refused(function() phrase.legato({}, nil, nil, {}) end, "steps")
    end)

    it("place even hits as rhythm.euclid does", function()
        local rhythm = require "rhythm"
        for hits = 0, 8 do
            for i, step in ipairs(rhythm.euclid(hits, 8, 2)) do
                assert.equal(step ~= false, percussion.even(hits, 8, 2)[i])
            end
        end
    end)
end)
