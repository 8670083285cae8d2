local progressions = require "progressions"
local refused = require "refused"
local simulate = require "simulate"
local theory = require "theory"
local voicing = require "voicing"

-- A walk through a mode's progression with drawn kinds of chord; calls visit(before, now, chord).
local function walk(name, seed, n, visit)
    local key = theory.key(name)
    local chain, stream = progressions.chain2(key.mode), simulate.stream(seed, name)
    local playhead, before = chain:start(chain.states[1]), nil
    for _ = 1, n do
        local degree = progressions.degree(chain:next(stream, playhead))
        local chord = theory.diatonic(key, degree, stream:pick(theory.soft_kinds(key, degree)))
        local now = voicing.lead(before, chord)
        visit(before, now, chord)
        before = now
    end
end

describe("voicing", function()
    for _, mode in ipairs(theory.MODES) do
        it("moves little, holds common tones and stays in its register, " .. mode, function()
            for _, tonic in ipairs { "C", "Eb", "F#", "A" } do
                local sum, n, lowest, highest, kept, could = 0, 0, 127, 0, 0, 0
                walk(tonic .. " " .. mode, 3, 300, function(before, now)
                    lowest, highest = math.min(lowest, now[1]), math.max(highest, now[4])
                    if before then
                        local old = {}
                        for v = 1, 4 do
                            old[before[v]] = true
                        end
                        could = could + theory.common(theory.classes(before), theory.classes(now))
                        for v = 1, 4 do
                            kept = kept + (old[now[v]] and 1 or 0)
                        end
                        sum, n = sum + voicing.step(before, now), n + 1
                    end
                end)
                assert.is_true(sum / n <= 2, tonic .. " " .. mode .. " " .. sum / n)
                assert.is_true(lowest >= 48 and highest <= 72)
                assert.is_true(kept / could >= 0.8, "held " .. kept / could)
            end
        end)
    end

    it("holds the chord's tones and nothing else, low to high", function()
        walk("D dorian", 5, 300, function(_, now, chord)
            assert.equal(4, #now)
            local classes = theory.classes(now)
            assert.is_true(classes[chord.root % 12])
            for v, pitch in ipairs(now) do
                assert.is_true(chord.classes[pitch % 12])
                assert.is_true(v == 1 or pitch > now[v - 1])
            end
            for i, interval in ipairs(chord.intervals) do
                local may_miss = #chord.intervals == 5 and interval == 7
                assert.is_true(may_miss or classes[(chord.root + interval) % 12], chord.name .. " " .. i)
            end
        end)
    end)

    it("has no thick low intervals", function()
        walk("A minor", 6, 300, function(_, now)
            for v = 2, 4 do
                assert.is_true(now[v] - now[v - 1] >= (now[v - 1] < 55 and 4 or 2))
            end
        end)
    end)

    it("is drawn back to its centre however long it goes on", function()
        for centre = 57, 62 do
            local sum, n = 0, 0
            local key, before = theory.key("A minor"), nil
            local chain, stream = progressions.chain2("aeolian"), simulate.stream(9)
            local playhead = chain:start("i")
            for _ = 1, 1000 do
                local chord = theory.diatonic(key, progressions.degree(chain:next(stream, playhead)), "seventh")
                before = voicing.lead(before, chord, { centre = centre })
                sum, n = sum + (before[1] + before[2] + before[3] + before[4]) / 4, n + 1
            end
            assert.is_true(math.abs(sum / n - centre) < 3, centre .. " " .. sum / n)
        end
    end)

    it("finds a voicing in a narrow window and says when there is none", function()
        local key = theory.key("C major")
        assert.equal(4, #voicing.lead(nil, theory.diatonic(key, 1, "seventh"), { low = 60, high = 71 }))
        assert.has_error(function() voicing.lead(nil, theory.diatonic(key, 1, "triad"), { low = 60, high = 64 }) end)
    end)

    it("places a class near a centre", function()
        assert.equal(45, voicing.place(9, 40, 36, 47))
        assert.equal(40, voicing.place(4, 40, 36, 47))
        assert.equal(36, voicing.place(0, 40, 36, 47))
        assert.has_error(function() voicing.place(11, 40, 36, 40) end)
    end)
end)

describe("voicing: shapes", function()
    local key = theory.key "A minor"

    -- The classes of a voicing, in ascending order.
    local function classes(notes)
        local out = {}
        for class = 0, 11 do
            out[#out + 1] = theory.classes(notes)[class] and class or nil
        end
        return out
    end

    it("hold the chord's tones, low to high, from the note asked for", function()
        for _, name in ipairs { "i", "VImaj7", "iv9", "VIIsus4", "V65", "i63", "Vq" } do
            local chord = theory.chord(key, name)
            for low = 33, 60 do
                for _, shape in ipairs { "close", "open", "spread" } do
                    local notes = voicing[shape](chord, low)
                    assert.same(classes(chord.pitches), classes(notes), shape .. " of " .. name)
                    assert.is_true(notes[1] >= low and notes[1] < low + 12)
                    for v = 2, #notes do
                        assert.is_true(notes[v] > notes[v - 1], shape .. " of " .. name)
                        assert.is_true(shape ~= "spread" or notes[v] - notes[v - 1] >= 7)
                    end
                end
            end
        end
    end)

    it("are the ones that everyone knows", function()
        local seventh = theory.chord(key, "i7")
        assert.same({ 57, 60, 64, 67 }, voicing.close(seventh, 57))
        assert.same({ 57, 64, 72, 79 }, voicing.open(seventh, 57))
        assert.same({ 52, 57, 60, 67 }, voicing.drop(seventh, 57))
        assert.same({ 48, 57, 64, 67 }, voicing.drop(seventh, 57, 3))
        assert.same({ 57, 60, 67 }, voicing.shell(seventh, 57))
        assert.same({ 57, 60, 66 }, voicing.shell(theory.chord(key, "i6"), 57))
        assert.same({ 57, 62, 67 }, voicing.shell(theory.chord(key, "i7sus4"), 57))
        assert.same({ 57, 62, 67, 72 }, voicing.quartal(key, 1, 4))
    end)

    it("are turned up and down", function()
        assert.same({ 64, 69, 72 }, voicing.invert({ 57, 60, 64 }, 2))
        assert.same({ 52, 57, 60 }, voicing.invert({ 57, 60, 64 }, -1))
        assert.same({ 57, 60, 64 }, voicing.invert({ 57, 60, 64 }, 0))
        assert.same({ 69, 72, 76 }, voicing.invert({ 57, 60, 64 }, 3))
    end)

    it("follow each other by steps of three semitones at most, and tell who held", function()
        for _, mode in ipairs(theory.MODES) do
            local own, chords = theory.key("D " .. mode), {}
            local chain, stream = progressions.chain2(mode), simulate.stream(4, mode)
            for i, name in ipairs(chain:generate(stream, chain:start(chain.states[1]), 60)) do
                chords[i] = theory.diatonic(own, progressions.degree(name), "seventh")
            end
            local found, sum = voicing.sequence(chords, nil, { 50, 57, 60, 65 }), 0
            assert.equal(60, #found)
            for i = 2, 60 do
                sum = sum + voicing.step(found[i - 1], found[i])
                for _, v in ipairs(voicing.held(found[i - 1], found[i])) do
                    assert.equal(found[i - 1][v], found[i][v])
                end
            end
            assert.is_true(sum / 59 <= 3, mode .. " " .. sum / 59)
        end
        assert.same({ 1, 3 }, voicing.held({ 50, 57, 60 }, { 50, 58, 60 }))
    end)

    it("refuse what makes no sense, at the caller's line", function()
        local chord = theory.chord(key, "i")
        for _, shape in ipairs { "close", "open", "drop", "spread", "shell" } do
            refused(function() voicing[shape]("i", 57) end, "theory.chord")
            refused(function() voicing[shape](chord, 128) end, "low is 128")
        end
        refused(function() voicing.lead(nil, "i") end, "the chord is i", "theory.chord")
        refused(function() voicing.all(nil) end, "the chord is nil")
        refused(function() voicing.lead(nil, chord, { lo = 48 }) end, 'option is "lo"', "low, high, voices")
        refused(function() voicing.drop(chord, 57, 4) end, "which is 4", "2 to 3")
        refused(function() voicing.spread(chord, 57, 0) end, "gap is 0")
        refused(function() voicing.quartal(key, 1, 1) end, "voices is 1")
        refused(function() voicing.invert({}, 1) end, "at least 1")
        refused(function() voicing.held({ 1, 2 }, { 1 }) end, "at least 2")
        refused(function() voicing.place("A", 40, 35, 46) end, "class")
    end)
end)
