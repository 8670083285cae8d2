local count = require "count"
local melody = require "melody"
local refused = require "refused"
local rhythm = require "rhythm"
local rules = require "rules"
local simulate = require "simulate"
local theory = require "theory"

local KEY = theory.key "A minor"
local SCALE = theory.key_classes(KEY)
local CHORD = theory.classes { 57, 60, 64 }

local function line_of(pitches)
    local line = {}
    for i, pitch in ipairs(pitches) do
        line[i] = { at = i - 1, beats = 1, pitch = pitch }
    end
    return line
end

-- Many lines under a rule; calls visit(line).
local function many(rule, n, opts, visit)
    local stream = simulate.stream(31)
    local own = { chord = CHORD, scale = SCALE, low = 57, high = 81 }
    for name, value in pairs(opts or {}) do
        own[name] = value
    end
    for _ = 1, n do
        visit(rules.line(stream, rhythm.divide(8, 16), rule, own))
    end
end

describe("rules: each by itself", function()
    it("register forbids what lies outside and likes the middle", function()
        local rule = rules.register(60, 72)
        assert.same({ 0, 0, 1 }, { rule(59, {}, {}), rule(73, {}, {}), rule(66, {}, {}) })
        assert.is_true(rule(60, {}, {}) > 0 and rule(60, {}, {}) < rule(63, {}, {}))
        assert.equal(1, rules.register(60, 60)(60, {}, {}))
    end)

    it("interval forbids wide steps and likes small ones", function()
        local rule, line = rules.interval(7, 4), line_of { 60 }
        assert.same({ 0, 1, 0.5 }, { rule(68, line, {}), rule(60, line, {}), rule(64, line, {}) })
        assert.is_true(rule(53, line, {}) > 0 and rule(53, line, {}) < rule(58, line, {}))
        assert.equal(1, rule(99, {}, {}))
    end)

    it("contour follows its shape", function()
        local peaks = { arch = 3, rise = 5, fall = 1, wave = 2 }
        for name, at in pairs(peaks) do
            local rule, best, best_score = rules.contour(name, 60, 72), nil, -1
            for i = 1, 5 do
                local score = rule(72, {}, { index = i, count = 5 })
                if score > best_score then
                    best, best_score = i, score
                end
            end
            assert.equal(at, best, name)
            assert.is_true(best_score > 0.999)
        end
        assert.equal(0.5, rules.contour("level", 60, 72)(69, {}, { index = 2, count = 9 }))
        assert.equal(1, rules.contour("valley", 60, 72)(60, {}, { index = 3, count = 5 }))
    end)

    it("repetition counts what came", function()
        local rule = rules.repetition(2, 4)
        assert.equal(0, rule(60, line_of { 60, 60 }, {}))
        assert.equal(0.5, rule(60, line_of { 62, 60 }, {}))
        assert.equal(0.25, rule(60, line_of { 60, 62, 60 }, {}))
        assert.equal(1, rule(60, line_of { 60, 62, 62, 64, 64 }, {}))
    end)

    it("recovery turns back after a leap only", function()
        local rule = rules.recovery(5)
        for _, direction in ipairs { 1, -1 } do
            local leap = line_of { 60, 60 + 7 * direction }
            assert.equal(1, rule(60 + 5 * direction, leap, {}))
            assert.equal(0.5, rule(60, leap, {}))
            assert.equal(0.1, rule(60 + 9 * direction, leap, {}))
            assert.equal(0.1, rule(60 + 7 * direction, leap, {}))
        end
        assert.equal(1, rule(70, line_of { 60, 62 }, {}))
    end)

    it("strong and inside look at chord and scale", function()
        local strong = rules.strong(0.2)
        assert.equal(0.2, strong(62, {}, { strong = true, chord = CHORD }))
        assert.equal(1, strong(62, {}, { strong = false, chord = CHORD }))
        assert.equal(1, strong(69, {}, { strong = true, chord = CHORD }))
        assert.equal(0, rules.inside()(61, {}, { chord = CHORD, scale = SCALE }))
        assert.equal(1, rules.inside()(62, {}, { chord = CHORD, scale = SCALE }))
        assert.equal(1, rules.inside()(61, {}, { chord = { [1] = true }, scale = SCALE }))
    end)

    it("shares like what the ledger is short of", function()
        local place = { chord = CHORD, scale = SCALE }
        local short = rules.shares { chord = 60, scale = 35, chromatic = 5 }
        assert.equal(1, short(60, {}, place))
        assert.equal(0, short(62, {}, place))
    end)

    it("are put together by weights; a 0 forbids", function()
        local half, zero = function() return 0.5 end, function() return 0 end
        assert.equal(0.125, rules.all { half, { half, 2 } }(60, {}, {}))
        assert.equal(0, rules.all { half, zero }(60, {}, {}))
        assert.equal(0.5, rules.all { half, { zero, 0 } }(60, {}, {}))
    end)
end)

describe("rules: lines", function()
    it("never break what a rule forbids", function()
        local taste = rules.all { rules.register(60, 76), rules.interval(7), rules.repetition(1), rules.strong(),
            rules.inside() }
        many(taste, 60, nil, function(line, stuck)
            assert.equal(16, #line)
            assert.equal(0, stuck)
            for i, note in ipairs(line) do
                assert.is_true(note.pitch >= 60 and note.pitch <= 76 and note.kind ~= "chromatic")
                assert.is_true(i == 1 or math.abs(note.pitch - line[i - 1].pitch) <= 7)
                assert.is_true(i == 1 or note.pitch ~= line[i - 1].pitch)
                assert.is_true(note.at % 1 ~= 0 or note.kind == "chord")
            end
        end)
    end)

    it("draw a candidate as often as its score says", function()
        local scores = { [60] = 0.2, [61] = 0.6, [62] = 0, [63] = 1 }
        local function rule(pitch) return scores[pitch] end
        local seen, n = { 0, 0, 0, 0 }, 0
        many(rule, 200, { low = 60, high = 63 }, function(line)
            for _, note in ipairs(line) do
                seen[note.pitch - 59], n = seen[note.pitch - 59] + 1, n + 1
            end
        end)
        local x, degrees = count.chi_square(seen, { 0.2 / 1.8, 0.6 / 1.8, 0, 1 / 1.8 }, n)
        assert.is_true(x < count.limit(degrees), x)
        many(rule, 3, { low = 60, high = 63, freedom = 0 }, function(line)
            assert.equal(63, line[1].pitch)
        end)
        local free = 0
        many(rule, 60, { low = 60, high = 63, freedom = 0.3 }, function(line)
            free = free + (line[1].pitch == 63 and 1 or 0)
        end)
        assert.is_true(free > 45 and free < 60)
    end)

    it("keep declared shares over many lines", function()
        local ledger, kinds, stream = melody.ledger(), {}, simulate.stream(32)
        for _ = 1, 60 do
            local taste = rules.all { { rules.shares(ledger), 3 }, rules.interval(7), rules.register(60, 79) }
            for _, note in ipairs(rules.line(stream, rhythm.divide(8, 8), taste, { chord = CHORD, scale = SCALE })) do
                kinds[#kinds + 1], ledger[note.kind] = note.kind, ledger[note.kind] + 1
            end
        end
        local shares, n = count.shares(kinds)
        assert.equal(480, n)
        assert.is_true(math.abs(shares.chord - 0.70) <= 0.03, shares.chord)
        assert.is_true(math.abs(shares.scale - 0.25) <= 0.03, shares.scale)
        assert.is_true(math.abs(shares.chromatic - 0.05) <= 0.03, shares.chromatic)
    end)

    it("are the same for the same stream, go on from a line, and follow a harmony", function()
        local times, opts = rhythm.divide(8, 8), { scale = SCALE, chord = CHORD }
        local taste = rules.all { rules.interval(5), rules.inside() }
        local once = rules.line(simulate.stream(5), times, taste, opts)
        assert.same(once, (rules.line(simulate.stream(5), times, taste, opts)))
        for seed = 1, 20 do
            local line = rules.line(simulate.stream(seed), times, taste,
                { scale = SCALE, chord = CHORD, from = line_of { 84 } })
            assert.is_true(line[1].pitch >= 79)
        end
        local g = theory.classes { 55, 59, 62 }
        local line = rules.line(simulate.stream(6), times, rules.strong(), { scale = SCALE, strong = 1,
            harmony = function(at) return at < 4 and CHORD or g end })
        for _, note in ipairs(line) do
            assert.is_true((note.at < 4 and CHORD or g)[note.pitch % 12])
        end
    end)

    it("tell how often nothing was allowed", function()
        local line, stuck = rules.line(simulate.stream(7), rhythm.divide(4, 4), rules.register(40, 41),
            { scale = SCALE, low = 60, high = 72 })
        assert.same({ 4, 4, 60 }, { #line, stuck, line[1].pitch })
    end)

    it("refuse what makes no sense, at the caller's line", function()
        refused(function() rules.register(72, 60) end, "high is 60")
        refused(function() rules.interval(0) end, "most is 0")
        refused(function() rules.contour("hill", 60, 72) end, '"hill"', "arch, valley")
        refused(function() rules.repetition(0) end, "most is 0")
        refused(function() rules.recovery(1) end, "leap is 1")
        refused(function() rules.strong(2) end, "weak is 2")
        refused(function() rules.shares() end, "the ledger")
        refused(function() rules.all { 5 } end, "a rule is 5")
        refused(function() rules.all { { rules.inside(), -1 } } end, "weight is -1")
        refused(function() rules.line(simulate.stream(1), {}, rules.inside(), {}) end, "scale is nil")
        refused(function() rules.line(simulate.stream(1), {}, 3, { scale = SCALE }) end, "the rule is 3")
        refused(function() rules.line(simulate.stream(1), {}, rules.inside(), { scale = SCALE, hi = 3 }) end, '"hi"')
    end)
end)
