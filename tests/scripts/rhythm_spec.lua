local count = require "count"
local refused = require "refused"
local rhythm = require "rhythm"
local simulate = require "simulate"

describe("rhythm: patterns", function()
    it("spread hits evenly: gaps differ by one step at most", function()
        for steps = 1, 24 do
            for hits = 0, steps do
                local pattern, at = rhythm.euclid(hits, steps), {}
                for i, step in ipairs(pattern) do
                    at[#at + 1] = step and i or nil
                end
                assert.equal(hits, #at)
                local least, most = steps, 0
                for i = 1, hits do
                    local gap = ((at[i + 1] or at[1] + steps) - at[i])
                    least, most = math.min(least, gap), math.max(most, gap)
                end
                assert.is_true(hits == 0 or most - least <= 1, hits .. " in " .. steps)
                assert.is_true(hits == 0 or pattern[1] == 1)
            end
        end
    end)

    it("hold the rhythms that everyone knows", function()
        local known = { [{ 3, 8 }] = "X..X..X.", [{ 5, 8 }] = "X.XX.XX.", [{ 4, 16 }] = "X...X...X...X...",
            [{ 7, 12 }] = "X.XX.X.XX.X.", [{ 2, 5 }] = "X..X." }
        for e, text in pairs(known) do
            local turned = false
            for turn = 0, e[2] - 1 do
                turned = turned or rhythm.text(rhythm.euclid(e[1], e[2], turn)) == text
            end
            assert.is_true(turned, text)
        end
        assert.same(rhythm.rotate(rhythm.euclid(5, 8), 3), rhythm.euclid(5, 8, 3))
        assert.same(rhythm.euclid(5, 8, -3), rhythm.euclid(5, 8, 5))
    end)

    it("are read from text and written again", function()
        assert.same({ 1, false, 0.7, 0.4 }, rhythm.pattern "X.|x o")
        assert.equal("X.xo", rhythm.text(rhythm.pattern "X.|x o"))
        assert.same({ 0.7, false, false, 1 }, rhythm.rotate({ 1, 0.7, false, false }, 1))
        assert.same({ false, 0.5 }, rhythm.invert({ 1, false }, 0.5))
        refused(function() rhythm.pattern "x.y" end, '"x.y"', '"y"')
        refused(function() rhythm.pattern " " end, "no steps")
        refused(function() rhythm.euclid(9, 8) end, "hits is 9", "0 to 8")
        refused(function() rhythm.euclid(1, 0) end, "steps is 0")
    end)

    it("of different lengths meet again after their least common multiple", function()
        local both = rhythm.merge { rhythm.pattern "X...", rhythm.pattern "o..", rhythm.pattern "x." }
        assert.equal(12, #both)
        for i = 0, 11 do
            local due = i % 4 == 0 and 1 or i % 2 == 0 and 0.7 or i % 3 == 0 and 0.4
            assert.equal(due, both[i + 1])
        end
        refused(function() rhythm.merge { rhythm.euclid(1, 101), rhythm.euclid(1, 103) } end, "10403", "1024")
    end)
end)

describe("rhythm: notes", function()
    it("fill the length, and run on over boundaries", function()
        local pattern = rhythm.pattern "X..x."
        local whole, parts = rhythm.notes(pattern, 16, 0.5), {}
        for part = 0, 3 do
            for _, note in ipairs(rhythm.notes(pattern, 4, 0.5, part * 8)) do
                parts[#parts + 1] = note.at + 4 * part
            end
        end
        assert.equal(#whole, #parts)
        for i, note in ipairs(whole) do
            assert.equal(note.at, parts[i])
            assert.equal((whole[i + 1] and whole[i + 1].at or 16) - note.at, note.beats)
            assert.equal(note.at / 0.5 % 5 == 0 and 1 or 0.7, note.velocity)
        end
        assert.equal(3, #rhythm.notes({ 1 }, 1.1, 0.5))
        refused(function() rhythm.notes({ 1 }, 4, 0) end, "step is 0")
        refused(function() rhythm.notes({}, 4, 1) end, "at least 1")
    end)

    it("divide in equal parts and proportions", function()
        assert.same({ { at = 0, beats = 1.5 }, { at = 1.5, beats = 1.5 }, { at = 3, beats = 1 } },
            rhythm.divide(4, { 3, 3, 2 }))
        local five = rhythm.divide(8, 5)
        assert.equal(5, #five)
        assert.is_true(math.abs(five[5].at + five[5].beats - 8) < 1e-12)
        refused(function() rhythm.divide(4, { 1, 0 }) end, "a part is 0")
        refused(function() rhythm.divide(4, 0) end, "parts is 0")
    end)

    it("swing on every second step only", function()
        local notes = rhythm.notes({ 1 }, 4, 0.25)
        local swung = rhythm.swing(notes, 0.5, 1 / 3)
        for i, note in ipairs(notes) do
            local late = math.floor(note.at / 0.5) % 2 == 1 and 0.5 / 3 or 0
            assert.is_true(math.abs(swung[i].at - note.at - late) < 1e-12)
        end
        assert.equal(0.5, notes[3].at)
        refused(function() rhythm.swing(notes, 0.5, 1) end, "amount is 1", "0 to 0.75")
    end)

    it("lean by 5 to 40 ms, both ways, the same way for the same stream", function()
        local notes = rhythm.notes({ 0.5 }, 400, 1)
        local a = rhythm.humanise(simulate.stream(3), notes, 90)
        assert.same(a, rhythm.humanise(simulate.stream(3), notes, 90))
        local early, loud, quiet = 0, 0, 1
        for i, note in ipairs(a) do
            local lean = (note.at - notes[i].at) * 60 / 90
            assert.is_true(math.abs(lean) >= 0.005 and math.abs(lean) <= 0.04 and note.at >= 0)
            early = early + (lean < 0 and 1 or 0)
            loud, quiet = math.max(loud, note.velocity), math.min(quiet, note.velocity)
        end
        assert.is_true(early > 90 and early < 180, early)
        assert.is_true(loud > 0.52 and loud <= 0.53 and quiet < 0.48 and quiet >= 0.47)
        for i, note in ipairs(rhythm.humanise(simulate.stream(3), notes, 90, { direction = 1, spread = 0 })) do
            assert.is_true(note.at > notes[i].at)
            assert.equal(0.5, note.velocity)
        end
        refused(function() rhythm.humanise(simulate.stream(1), notes, 90, { dir = 1 }) end, '"dir"', "direction")
        refused(function() rhythm.humanise(notes, notes, 90) end, "stream")
    end)

    it("are accented by their place", function()
        local notes = rhythm.accent(rhythm.notes({ 1 }, 4, 0.5), 1, { 1, 0.5, 0.8, 0.5 })
        local velocities = {}
        for i, note in ipairs(notes) do
            velocities[i] = note.velocity
        end
        assert.same({ 1, 1, 0.5, 0.5, 0.8, 0.8, 0.5, 0.5 }, velocities)
        refused(function() rhythm.accent({}, 1, {}) end, "weights")
    end)

    it("thin out so that a higher density only adds, in its share", function()
        local notes, before = rhythm.notes({ 0.5 }, 2000, 1), {}
        for density = 0, 1, 0.25 do
            local kept, now = rhythm.thin(simulate.stream(5), notes, density), {}
            for _, note in ipairs(kept) do
                now[note.at] = true
            end
            for at in pairs(before) do
                assert.is_true(now[at])
            end
            before = now
            local x, degrees = count.chi_square({ #kept, 2000 - #kept }, { density, 1 - density }, 2000)
            assert.is_true(degrees == 0 or x < count.limit(degrees), density .. ": " .. #kept)
        end
        assert.equal(10, #rhythm.thin(simulate.stream(5), rhythm.notes({ 1 }, 10, 1), 0, 0.9))
        refused(function() rhythm.thin(simulate.stream(1), {}, 2) end, "density is 2")
    end)

    it("scatter evenly, in order, never closer than the gap", function()
        local cells, stream = { 0, 0, 0, 0, 0, 0, 0, 0 }, simulate.stream(6)
        for _ = 1, 400 do
            local notes = rhythm.scatter(stream, 32, 5, 2)
            for i, note in ipairs(notes) do
                assert.is_true(note.at >= 0 and note.at + note.beats <= 32 + 1e-9 and note.beats >= 2 - 1e-9)
                assert.is_true(i == 1 or note.at >= notes[i - 1].at + 2)
            end
            for _, note in ipairs(rhythm.scatter(stream, 8, 5)) do
                local cell = math.floor(note.at) + 1
                cells[cell] = cells[cell] + 1
            end
        end
        local x, degrees = count.chi_square(cells, { 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8 }, 2000)
        assert.is_true(x < count.limit(degrees), x)
        assert.equal(4, #rhythm.scatter(stream, 8, 50, 2))
        refused(function() rhythm.scatter(stream, 8, 1.5) end, "count is 1.5")
    end)
end)
