local count = require "count"
local form = require "form"
local refused = require "refused"
local simulate = require "simulate"

describe("form: arcs", function()
    it("wave, fade, mix and clamp", function()
        assert.is_true(form.wave(0, 60) == 0 and math.abs(form.wave(30, 60) - 1) < 1e-12)
        assert.is_true(math.abs(form.wave(15, 60, 0.25) - 1) < 1e-12)
        assert.same({ 0, 0.5, 1 }, { form.fade(1, 2, 4), form.fade(3, 2, 4), form.fade(9, 2, 4) })
        assert.same({ 10, 15, 20 }, { form.mix(10, 20, 0), form.mix(10, 20, 0.5), form.mix(10, 20, 1) })
        assert.same({ 0, 1, 0.5 }, { form.clamp(-1, 0, 1), form.clamp(2, 0, 1), form.clamp(0.5, 0, 1) })
    end)

    it("curves pass through their points, smoothly, and stay between neighbours", function()
        local points = { { 0, 0.2 }, { 600, 0.8 }, { 900, 0.8 }, { 1800, 0 } }
        for _, point in ipairs(points) do
            assert.is_true(math.abs(form.curve(points, point[1]) - point[2]) < 1e-12)
        end
        for x = -100, 2000, 10 do
            local value = form.curve(points, x)
            assert.is_true(value >= 0 and value <= 0.8 and math.abs(value - form.curve(points, x + 10)) < 0.02)
        end
        assert.same({ 0.2, 0 }, { form.curve(points, -5), form.curve(points, 1e6) })
        refused(function() form.curve({ { 5, 0 }, { 3, 1 } }, 4) end, "point 2 lies at 3", "ascending")
        refused(function() form.curve({}, 4) end, "points")
    end)

    it("breaths rise, hold, fall and rest", function()
        local opts = { rise = 10, hold = 5, fall = 20, rest = 15 }
        for at, due in pairs { [0] = 0, [5] = 0.5, [10] = 1, [14] = 1, [25] = 0.5, [35] = 0, [49] = 0, [55] = 0.5 } do
            assert.is_true(math.abs(form.breath(at, opts) - due) < 1e-9, at)
        end
        assert.equal(1, form.breath(3, { rise = 0, hold = 5, fall = 0, rest = 5 }))
        assert.equal(0, form.breath(7, { rise = 0, hold = 5, fall = 0, rest = 5 }))
        refused(function() form.breath(0, { rise = 0, hold = 0, fall = 0, rest = 0 }) end, "length")
        refused(function() form.breath(0, { up = 1 }) end, '"up"')
    end)

    it("the clock counts seconds over changing tempos", function()
        local state = {}
        assert.equal(0, form.clock(state, { bpm = 60, beats_per_bar = 4 }, 8))
        assert.equal(32, form.clock(state, { bpm = 120, beats_per_bar = 3 }, 4))
        assert.equal(38, form.clock(state, { bpm = 60, beats_per_bar = 4 }, 1))
    end)
end)

describe("form: sections", function()
    local PARTS = { { name = "dawn", seconds = 100 }, { name = "day", seconds = 300 }, { name = "dusk", seconds = 50 } }

    it("of fixed lengths go round", function()
        local wanted = { [0] = "dawn", [99] = "dawn", [100] = "day", [399] = "day", [400] = "dusk", [450] = "dawn" }
        for at, due in pairs(wanted) do
            assert.equal(due, form.section(PARTS, at).name)
        end
        local section, position, round = form.section(PARTS, 2 * 450 + 250)
        assert.same({ "day", 0.5, 2 }, { section.name, position, round })
        refused(function() form.section({ { name = "x" } }, 0) end, "seconds is nil")
        refused(function() form.section(PARTS, -1) end, "seconds is -1")
    end)

    it("are walked phrase by phrase, with a plain playhead", function()
        local parts = { { name = "a", phrases = 2 }, { name = "b", phrases = { 2, 4 } }, { name = "c" } }
        local playhead, stream, seen, lengths = {}, simulate.stream(3), {}, { 0, 0, 0 }
        for _ = 1, 3000 do
            local copy = { name = playhead.name, phrases = playhead.phrases, done = playhead.done }
            local section, position, first = form.walk(copy, parts, stream)
            playhead = copy
            if first then
                seen[#seen + 1] = section.name
                if section.name == "b" then
                    lengths[playhead.phrases - 1] = lengths[playhead.phrases - 1] + 1
                end
            end
            assert.equal(first, position == 0)
            assert.is_true(position < 1)
        end
        for i, name in ipairs(seen) do
            assert.equal(({ "a", "b", "c" })[(i - 1) % 3 + 1], name)
        end
        local n = lengths[1] + lengths[2] + lengths[3]
        local x, degrees = count.chi_square(lengths, { 1 / 3, 1 / 3, 1 / 3 }, n)
        assert.is_true(n > 400 and x < count.limit(degrees), x)
    end)

    it("go where they lead, and on when one has vanished from the script", function()
        local parts = { { name = "a", next = "c" }, { name = "b" }, { name = "c", next = { "a", "b" } } }
        local playhead, stream, after = {}, simulate.stream(4), { a = {}, b = {}, c = {} }
        local before
        for _ = 1, 500 do
            local name = form.walk(playhead, parts, stream).name
            if before then
                after[before][name] = true
            end
            before = name
        end
        assert.same({ a = { c = true }, b = { c = true }, c = { a = true, b = true } }, after)
        assert.equal("a", form.walk({ name = "gone", done = 1, phrases = 5 }, parts, stream).name)
        refused(function()
            local section = form.walk({ name = "a", done = 1, phrases = 1 }, { { name = "a", next = "z" } }, stream)
            return section
        end, '"a"', '"z"')
        refused(function() form.walk(nil, parts, stream) end, "playhead")
        refused(function() form.walk({}, { {} }, stream) end, "name")
        refused(function() form.walk({}, { { name = "x", phrases = 0 } }, stream) end, "phrases is 0")
    end)
end)

describe("form: draws", function()
    it("follow weights, and leave the one before out", function()
        local stream, seen, others = simulate.stream(5), { 0, 0, 0 }, { 0, 0, 0 }
        for _ = 1, 3000 do
            local i, j = form.weighted(stream, { 1, 0, 3 }), form.other(stream, { 1, 2, 1 }, 2)
            seen[i], others[j] = seen[i] + 1, others[j] + 1
        end
        local x, degrees = count.chi_square(seen, { 0.25, 0, 0.75 }, 3000)
        assert.is_true(x < count.limit(degrees), x)
        x, degrees = count.chi_square(others, { 0.5, 0, 0.5 }, 3000)
        assert.is_true(x < count.limit(degrees), x)
        assert.equal(1, form.other(stream, { 1, 0 }, 1))
        refused(function() form.weighted(stream, {}) end, "weights")
        refused(function() form.other(nil, { 1 }) end, "ctx.random")
    end)
end)
