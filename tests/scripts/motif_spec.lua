local count = require "count"
local motif = require "motif"
local refused = require "refused"
local simulate = require "simulate"
local theory = require "theory"

local KEY = theory.key "A minor"
local CALL = { { at = 2, beats = 1, pitch = 57 }, { at = 3, beats = 0.5, pitch = 60, velocity = 0.3 },
    { at = 3.5, beats = 0.5, pitch = 59 }, { at = 4, beats = 2, pitch = 64 } }

local function pitches(notes)
    local out = {}
    for i, note in ipairs(notes) do
        out[i] = note.pitch
    end
    return out
end

local function times(notes)
    local out = {}
    for i, note in ipairs(notes) do
        out[i] = { note.at, note.beats }
    end
    return out
end

describe("motif", function()
    it("is shifted, stretched and cut without losing anything else", function()
        assert.same({ { 5, 1 }, { 6, 0.5 }, { 6.5, 0.5 }, { 7, 2 } }, times(motif.shift(CALL, 3)))
        assert.same({ { 2, 2 }, { 4, 1 }, { 5, 1 }, { 6, 4 } }, times(motif.augment(CALL)))
        assert.same(times(CALL), times(motif.diminish(motif.augment(CALL, 3), 3)))
        assert.same({ { 2, 0.5 }, { 2.5, 0.5 } }, times(motif.cut(CALL, 2, 3)))
        assert.equal(0.3, motif.shift(CALL, 3)[2].velocity)
        assert.equal(2, CALL[1].at)
    end)

    it("is moved and mirrored along the scale", function()
        assert.same({ 60, 64, 62, 67 }, pitches(motif.transpose(KEY, CALL, 2)))
        assert.same({ 59, 62, 61, 66 }, pitches(motif.transpose(nil, CALL, 2)))
        assert.same({ 57, 53, 55, 50 }, pitches(motif.invert(KEY, CALL)))
        assert.same({ 57, 54, 55, 50 }, pitches(motif.invert(nil, CALL)))
        assert.same(pitches(CALL), pitches(motif.invert(KEY, motif.invert(KEY, CALL))))
        assert.equal(60, motif.invert(KEY, CALL, 60)[2].pitch)
    end)

    it("goes backwards and back again", function()
        local back = motif.retrograde(CALL)
        assert.same({ 64, 59, 60, 57 }, pitches(back))
        assert.same({ { 2, 2 }, { 4, 0.5 }, { 4.5, 0.5 }, { 5, 1 } }, times(back))
        assert.same(CALL, motif.retrograde(back))
    end)

    it("is fitted into a chord", function()
        assert.same({ 57, 60, 60, 64 }, pitches(motif.fit(CALL, theory.classes { 57, 60, 64 })))
    end)

    it("is varied in every way, evenly, and stays in the key and in order", function()
        local stream, seen, index, flat = simulate.stream(8), {}, {}, {}
        for i, name in ipairs(motif.VARIATIONS) do
            index[name], flat[i], seen[i] = i, 1 / #motif.VARIATIONS, 0
        end
        local scale = theory.key_classes(KEY)
        for _ = 1, 1200 do
            local varied, how = motif.vary(stream, KEY, CALL)
            seen[index[how]] = seen[index[how]] + 1
            assert.is_true(#varied == 4 or how == "thin" and #varied == 3)
            assert.equal(2, varied[1].at)
            assert.is_not.same(CALL, varied)
            for i, note in ipairs(varied) do
                assert.is_true(scale[note.pitch % 12])
                assert.is_true(i == 1 or note.at >= varied[i - 1].at + varied[i - 1].beats - 1e-9)
            end
        end
        local x, degrees = count.chi_square(seen, flat, 1200)
        assert.is_true(x < count.limit(degrees), x)
        local _, how = motif.vary(stream, KEY, CALL, { "thin" })
        assert.equal("thin", how)
    end)

    it("is answered in its own rhythm, a few steps away, with a restful end", function()
        local stream, scale = simulate.stream(9), theory.key_classes(KEY)
        for _ = 1, 100 do
            local reply = motif.answer(stream, KEY, CALL)
            assert.same(times(CALL), times(reply))
            assert.is_true(reply[1].pitch ~= CALL[1].pitch and math.abs(reply[1].pitch - CALL[1].pitch) <= 4)
            assert.is_true(scale[reply[2].pitch % 12] and theory.classes({ 57, 60, 64 })[reply[4].pitch % 12])
            assert.equal(7, motif.answer(stream, KEY, CALL, { 7 })[4].pitch % 12)
        end
    end)

    it("refuses what makes no sense, at the caller's line", function()
        refused(function() motif.shift({}, 1) end, "at least 1")
        refused(function() motif.shift({ { pitch = 3 } }, 1) end, "note 1", "at and beats")
        refused(function() motif.transpose(KEY, CALL, 0.5) end, "steps is 0.5")
        refused(function() motif.augment(CALL, 0) end, "factor is 0")
        refused(function() motif.diminish(CALL, -1) end, "factor is -1")
        refused(function() motif.cut(CALL, 3, 2) end, "to is 2", "3 to 4")
        refused(function() motif.vary(simulate.stream(1), KEY, CALL, { "louder" }) end, '"louder"', "retrograde")
        refused(function() motif.fit(CALL, 3) end, "the set")
        refused(function() motif.answer(nil, KEY, CALL) end, "ctx.random")
    end)
end)
