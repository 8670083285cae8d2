local progressions = require "progressions"
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
