local count = require "count"
local drone = require "drone"
local refused = require "refused"
local simulate = require "simulate"

describe("drone", function()
    it("stacks tones that beat against each other", function()
        local pitches = drone.stack(36, { 0, 7, 12, 19 }, 8)
        for i, interval in ipairs { 0, 7, 12, 19 } do
            assert.is_true(math.abs(math.abs(pitches[i] - 36 - interval) - 0.04) < 1e-9)
            assert.is_true((pitches[i] > 36 + interval) == (i % 2 == 1))
        end
        refused(function() drone.stack(36, {}, 4) end, "intervals")
        refused(function() drone.stack(36, { 0 }, 99) end, "cents is 99")
    end)

    -- Phrases of a held drone: all notes at absolute beats.
    local function hold(phrases, length, pitches_of)
        local held, all, stream = {}, {}, simulate.stream(6)
        for p = 0, phrases - 1 do
            for _, note in ipairs(drone.hold(held, stream, pitches_of(p), length, { breath = 20, overlap = 3 })) do
                assert.is_true(note.at >= 0 and note.at < length and note.beats <= 256)
                all[#all + 1] = { at = p * length + note.at, beats = note.beats, pitch = note.pitch,
                                  velocity = note.velocity }
            end
            for _, head in ipairs(held) do
                assert.is_true(type(head.pitch) == "number" and head.wait >= 0)
            end
        end
        return all, held
    end

    it("holds its tones without a gap over all boundaries, none bowed together", function()
        local all = hold(40, 16, function() return { 33.02, 39.98, 45.02 } end)
        for _, pitch in ipairs { 33.02, 39.98, 45.02 } do
            local stop, n = nil, 0
            for _, note in ipairs(all) do
                if note.pitch == pitch then
                    assert.is_true(n > 0 or note.at < 8)
                    assert.is_true(not stop or math.abs(stop - 3 - note.at) < 1e-9)
                    assert.is_true(note.velocity >= 0.54 and note.velocity <= 0.66)
                    stop, n = note.at + note.beats, n + 1
                end
            end
            assert.is_true(stop >= 40 * 16 and n > 25)
        end
        local moments = {}
        for _, note in ipairs(all) do
            assert.is_nil(moments[note.at])
            moments[note.at] = true
        end
    end)

    it("lets a tone go that is no longer wanted, and brings a new one in", function()
        local all, held = hold(8, 16, function(p) return p < 4 and { 33, 40 } or { 33, 41 } end)
        assert.equal(2, #held)
        for _, note in ipairs(all) do
            assert.is_true(note.pitch == 33 or (note.pitch == 40) == (note.at < 64))
        end
        local _, empty = hold(2, 16, function(p) return p == 0 and { 33, 40 } or {} end)
        assert.same({}, empty)
    end)

    it("textures have as many specks as the density says, from the tones given", function()
        local stream, n, seen = simulate.stream(7), 0, { 0, 0, 0, 0 }
        local index = { [60] = 1, [64] = 2, [72] = 3, [76] = 4 }
        for _ = 1, 400 do
            local notes = drone.texture(stream, { 60, 64 }, 10, { density = 0.25, octaves = { 0, 1 }, gap = 1 })
            n = n + #notes
            assert.is_true(#notes == 2 or #notes == 3)
            for i, note in ipairs(notes) do
                seen[index[note.pitch]] = seen[index[note.pitch]] + 1
                assert.is_true(note.at >= 0 and note.at < 10 and note.beats >= 1 and note.beats <= 4)
                assert.is_true(note.velocity >= 0.2 and note.velocity <= 0.5)
                assert.is_true(i == 1 or note.at >= notes[i - 1].at + 1)
            end
        end
        assert.is_true(math.abs(n / 400 - 2.5) < 0.1, n / 400)
        local x, degrees = count.chi_square(seen, { 0.25, 0.25, 0.25, 0.25 }, n)
        assert.is_true(x < count.limit(degrees), x)
    end)

    it("refuses what makes no sense, at the caller's line", function()
        local stream = simulate.stream(1)
        refused(function() drone.hold(nil, stream, { 33 }, 16) end, "held")
        refused(function() drone.hold({}, stream, { 200 }, 16) end, "a pitch is 200")
        refused(function() drone.hold({}, stream, { 33 }, 16, { breath = 0 }) end, "breath is 0")
        refused(function() drone.hold({}, stream, { 33 }, 16, { breathe = 9 }) end, '"breathe"')
        refused(function() drone.texture(stream, {}, 16) end, "pitches")
        refused(function() drone.texture(stream, { 60 }, 16, { density = 9 }) end, "density is 9")
        refused(function() drone.texture(stream, { 60 }, 16, { shortest = 5, longest = 2 }) end, "longest is 2")
    end)
end)
