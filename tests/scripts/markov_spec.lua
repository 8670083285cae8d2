local count = require "count"
local markov = require "markov"
local progressions = require "progressions"
local refused = require "refused"
local simulate = require "simulate"
local theory = require "theory"

local AEOLIAN = {
    { 0.15, 0.05, 0.10, 0.30, 0.05, 0.30, 0.05 }, { 0.25, 0.10, 0.05, 0.15, 0.25, 0.15, 0.05 },
    { 0.20, 0.05, 0.15, 0.10, 0.10, 0.30, 0.10 }, { 0.25, 0.10, 0.10, 0.10, 0.20, 0.15, 0.10 },
    { 0.40, 0.10, 0.05, 0.20, 0.05, 0.15, 0.05 }, { 0.25, 0.05, 0.20, 0.15, 0.05, 0.10, 0.20 },
    { 0.30, 0.05, 0.25, 0.10, 0.05, 0.20, 0.05 },
}

local function chain_of(rows, states)
    return function() return markov.from_matrix(states or { "a", "b" }, rows) end
end

describe("markov: what is refused when a chain is made", function()
    it("names the row that does not sum to 1", function()
        local ok, message = pcall(chain_of { { 0.5, 0.5 }, { 0.5, 0.49 } })
        assert.is_false(ok)
        assert.truthy(message:find("row b sums to 0.99", 1, true))
        assert.has_error(chain_of { { 0.5, 0.5 }, { 0.5, 0.5 + 2e-9 } })
        assert.has_no_error(chain_of { { 0.5, 0.5 }, { 0.5, 0.5 + 5e-10 } })
    end)

    it("wants as many rows and entries as states", function()
        assert.has_error(chain_of { { 0.5, 0.5 } })
        assert.has_error(chain_of { { 1 }, { 0.5, 0.5 } })
        assert.has_error(chain_of { { 0.5, 0.5, 0 }, { 0.5, 0.5 } })
        assert.has_error(chain_of(nil))
    end)

    it("wants probabilities and names", function()
        assert.has_error(chain_of { { 1.5, -0.5 }, { 0.5, 0.5 } })
        assert.has_error(chain_of { { 0 / 0, 0.5 }, { 0.5, 0.5 } })
        assert.has_error(chain_of { { "1", 0 }, { 0.5, 0.5 } })
        assert.has_error(chain_of({ { 0.5, 0.5 }, { 0.5, 0.5 } }, { "a", "a" }))
        assert.has_error(chain_of({ { 0.5, 0.5 }, { 0.5, 0.5 } }, { "a", "" }))
        assert.has_error(chain_of({}, {}))
    end)

    it("wants every context of a higher order, and no other", function()
        local rows = { ["a>a"] = { 1, 0 }, ["a>b"] = { 1, 0 }, ["b>a"] = { 0, 1 }, ["b>b"] = { 0.5, 0.5 } }
        assert.has_no_error(function() markov.from_rows({ "a", "b" }, 2, rows) end)
        rows["b>c"] = { 1, 0 }
        local ok, message = pcall(markov.from_rows, { "a", "b" }, 2, rows)
        assert.is_false(ok)
        assert.truthy(message:find("b>c", 1, true))
        rows["b>c"], rows["b>b"] = nil, nil
        ok, message = pcall(markov.from_rows, { "a", "b" }, 2, rows)
        assert.is_false(ok)
        assert.truthy(message:find("b>b", 1, true))
        assert.has_error(function() markov.from_rows({ "a", "b" }, 0, rows) end)
    end)

    it("refuses unknown states in playheads and sequences", function()
        local chain = progressions.chain("aeolian")
        assert.has_error(function() chain:start("IX") end)
        assert.has_error(function() chain:row { "IX" } end)
        assert.has_error(function() chain:row {} end)
        assert.has_error(function() markov.from_sequences({ "a" }, 1, { { "a", "b" } }) end)
    end)
end)

describe("markov: progressions", function()
    it("holds the reference matrix exactly", function()
        local matrix = progressions.MATRICES.aeolian
        assert.same({ "i", "ii", "III", "iv", "v", "VI", "VII" }, matrix.states)
        assert.same(AEOLIAN, matrix.rows)
        assert.equal(progressions.chain("minor"), progressions.chain("aeolian"))
    end)

    it("has a matrix for each mode, named by the degrees' qualities, from which all degrees return home", function()
        for _, mode in ipairs(theory.MODES) do
            local matrix = progressions.MATRICES[mode]
            for degree = 1, 7 do
                local sum = 0
                for _, p in ipairs(matrix.rows[degree]) do
                    sum = sum + p
                end
                assert.is_true(math.abs(sum - 1) < 1e-9, mode .. " " .. degree)
                assert.is_true(matrix.rows[degree][1] > 0)
                local triad = theory.diatonic(theory.key("C " .. mode), degree, "triad").name
                if mode ~= "aeolian" then
                    assert.equal(triad, matrix.states[degree])
                end
                assert.equal(degree, progressions.degree(matrix.states[degree]))
                assert.equal(matrix.states[degree], progressions.name(mode, degree))
            end
        end
    end)

    it("gives the degree that makes a mode what it is the most weight after the tonic", function()
        local characteristic = { dorian = 4, phrygian = 2, lydian = 2, mixolydian = 7 }
        for mode, degree in pairs(characteristic) do
            local counts = {}
            local chain, stream = progressions.chain(mode), simulate.stream(7, mode)
            local playhead = chain:start(chain.states[1])
            for _ = 1, 20000 do
                local name = chain:next(stream, playhead)
                counts[name] = (counts[name] or 0) + 1
            end
            for other = 2, 7 do
                local own, theirs = counts[chain.states[degree]] or 0, counts[chain.states[other]] or 0
                assert.is_true(other == degree or own > theirs, mode .. " " .. other)
            end
        end
    end)
end)

describe("markov: draws", function()
    for _, mode in ipairs(theory.MODES) do
        it("follow the matrix, order 1, " .. mode, function()
            local chain = progressions.chain(mode)
            local matrix = progressions.MATRICES[mode]
            local x, degrees = count.chain_statistic(chain, function(label)
                return matrix.rows[chain.index[label]]
            end, simulate.stream(11, mode), 20000)
            assert.is_true(degrees >= 20)
            assert.is_true(x < count.limit(degrees), x .. " with " .. degrees)
        end)

        it("follow the lifted chain, order 2, " .. mode, function()
            local chain = progressions.chain2(mode)
            local x, degrees = count.chain_statistic(chain, function(label)
                -- Computed here from the first-order matrix, not read from the chain.
                local a, b = label:match("^(.+)>(.+)$")
                local matrix, row, sum = progressions.MATRICES[mode], {}, 0
                for i, c in ipairs(matrix.states) do
                    local weight = a == b and b == c and 0.2 or a ~= b and c == a and 0.5 or b == c and 0.6 or 1
                    row[i] = matrix.rows[chain.index[b]][i] * weight
                    sum = sum + row[i]
                end
                for i = 1, #row do
                    row[i] = row[i] / sum
                end
                return row
            end, simulate.stream(12, mode), 60000)
            assert.is_true(degrees >= 100)
            assert.is_true(x < count.limit(degrees), x .. " with " .. degrees)
        end)
    end

    it("would show a wrong matrix: the test can fail", function()
        local chain = progressions.chain("aeolian")
        local x, degrees = count.chain_statistic(chain, function() return AEOLIAN[1] end, simulate.stream(13), 20000)
        assert.is_true(x > count.limit(degrees))
        local second = progressions.chain2("aeolian")
        x, degrees = count.chain_statistic(second, function(label)
            return AEOLIAN[second.index[label:match(">(.+)$")]]
        end, simulate.stream(14), 60000)
        assert.is_true(x > count.limit(degrees))
    end)

    it("never take a forbidden transition", function()
        local chain, stream = progressions.chain2("ionian"), simulate.stream(15)
        local playhead, before = chain:start("I"), "I"
        for _ = 1, 5000 do
            local name = chain:next(stream, playhead)
            assert.is_true(progressions.MATRICES.ionian.rows[chain.index[before]][chain.index[name]] > 0)
            before = name
        end
    end)

    it("lift with a weight of 1 changes nothing", function()
        local chain = markov.lift(progressions.chain("dorian"), function() return 1 end)
        local rows = progressions.MATRICES.dorian.rows
        for i, a in ipairs(chain.states) do
            for j, b in ipairs(chain.states) do
                local row = chain:row { a, b }
                for k = 1, 7 do
                    assert.is_true(math.abs(row[k] - rows[j][k]) < 1e-12, i .. " " .. j)
                end
            end
        end
    end)

    it("keep the playhead outside the chain", function()
        local chain = progressions.chain2("aeolian")
        local a, b = chain:start("i"), chain:start("VI")
        local stream = simulate.stream(16)
        for _ = 1, 10 do
            local name = chain:next(stream, a)
            assert.equal(2, #a)
            assert.equal(name, a[2])
        end
        assert.same({ "VI", "VI" }, b)
        local short = chain:next(simulate.stream(17), { "i", "VI" })
        assert.equal(short, chain:next(simulate.stream(17), { "v", "i", "VI" }))
    end)

    it("learn any order from sequences", function()
        local sequence = {}
        for i = 1, 300 do
            sequence[i] = ({ "a", "a", "b" })[(i - 1) % 3 + 1]
        end
        local chain = markov.from_sequences({ "a", "b" }, 3, { sequence })
        local playhead, stream = { "a", "a", "b" }, simulate.stream(18)
        for i = 1, 30 do
            assert.equal(({ "a", "a", "b" })[(i - 1) % 3 + 1], chain:next(stream, playhead))
        end
        local even = markov.from_sequences({ "a", "b" }, 1, { { "a", "a" } })
        assert.same({ 0.5, 0.5 }, even:row { "b" })
        local prior = markov.from_sequences({ "a", "b" }, 1, { { "a", "a" } }, 1)
        assert.is_true(math.abs(prior:row({ "a" })[1] - 2 / 3) < 1e-12)
    end)
end)

describe("markov: learning", function()
    local LIST = { 60, 62, 64, 62, 60, 67, 60, 62, 60, 64 }

    it("keeps what was seen, as what it was", function()
        local chain = markov.learn(LIST, { loop = true })
        assert.same({ "60", "62", "64", "67" }, chain.states)
        assert.same({ 0, 2 / 4, 1 / 4, 1 / 4 }, chain:row { 60 })
        assert.same({ 2 / 3, 0, 1 / 3, 0 }, chain:row { "62" })
        local names = markov.learn({ { "a", "b" }, { "b", "a" } })
        assert.same({ "a", "b" }, names.states)
        assert.equal("b", names:next(simulate.stream(1), { "a" }))
        assert.equal(67, markov.learn({ 60, 67 }):next(simulate.stream(1), { 60 }))
    end)

    it("follows the counts of an order of 2", function()
        local chain = markov.learn(LIST, { order = 2, loop = true })
        local stream, seen, n = simulate.stream(41), { 0, 0 }, 6000
        for _ = 1, n do
            local value = chain:next(stream, { 60, 62 })
            seen[value == 64 and 1 or value == 60 and 2] = seen[value == 64 and 1 or 2] + 1
        end
        local x, degrees = count.chi_square(seen, { 1 / 2, 1 / 2 }, n)
        assert.is_true(x < count.limit(degrees), x)
        for _, value in ipairs(chain:generate(stream, { 62, 60 }, 500)) do
            assert.is_true(value == 60 or value == 62 or value == 64 or value == 67)
        end
    end)

    it("backs off from what it has never seen, and never gets stuck", function()
        local chain = markov.learn({ "a", "b", "c", "a", "b", "d" }, { order = 3 })
        assert.same(chain:row { "b" }, chain:row { "d", "d", "b" })
        assert.same({ 1 / 3, 1 / 3, 1 / 6, 1 / 6 }, chain:row { "d" })
        assert.same(chain:row {}, chain:row { "never" })
        assert.equal(200, #chain:generate(simulate.stream(42), {}, 200))
    end)

    it("smooths each row with the next shorter context", function()
        local chain = markov.learn({ "a", "b", "a", "b", "b" }, { order = 1, smoothing = 0.25 })
        local all, row = { 2 / 5, 3 / 5 }, chain:row { "a" }
        for i = 1, 2 do
            assert.is_true(math.abs(row[i] - (0.75 * (i - 1) + 0.25 * all[i])) < 1e-12)
        end
        for _, context in ipairs { { "a" }, { "b" }, {} } do
            local r = chain:row(context)
            assert.is_true(math.abs(r[1] + r[2] - 1) < 1e-12)
        end
    end)

    it("generates what one draw after the other gives", function()
        local chain = progressions.chain2 "lydian"
        local a, b, one = chain:start "I", chain:start "I", {}
        local stream = simulate.stream(43)
        for i = 1, 40 do
            one[i] = chain:next(stream, a)
        end
        assert.same(one, chain:generate(simulate.stream(43), b, 40))
        assert.same(a, b)
    end)

    it("refuses what cannot be learnt, at the caller's line", function()
        refused(function() markov.learn {} end, "at least 1")
        refused(function() markov.learn { 1, true } end, "element 2", "true")
        refused(function() markov.learn({ 1 }, { order = 9 }) end, "order is 9", "1 to 8")
        refused(function() markov.learn({ 1 }, { smoothing = 2 }) end, "smoothing is 2")
        refused(function() markov.learn({ 1 }, { prior = 2 }) end, '"prior"')
        refused(function() markov.learn({ 1, 2 }):next(nil, { 1 }) end, "ctx.random")
        refused(function() progressions.chain "blues" end, '"blues"', "dorian")
        refused(function() progressions.degree "X" end, '"X"')
    end)
end)
