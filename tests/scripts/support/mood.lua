--- What the four moods have in common, as specs of one piece; call it inside describe.
local assert = require "luassert"
local simulate = require "simulate"
local theory = require "theory"
local valid = require "valid"
local voicing = require "voicing"

local mood = {}

local function outside(phrase)
    local n = 0
    for _, note in ipairs(phrase.notes) do
        n = n + (simulate.kind_of(phrase, note) == "chromatic" and 1 or 0)
    end
    return n
end

local function controls_at(piece, value)
    local all = { intensity = value, melody_complexity = value }
    for name, control in pairs(piece.controls) do
        all[name] = value == 0 and control.min or control.max
    end
    return all
end

local function bounds(it, run, piece)
    it("is valid at every extreme of tempo and controls", function()
        for _, bpm in ipairs { 40, 53, 113, 200 } do
            for _, value in ipairs { 0, 1 } do
                local controls = controls_at(piece, value)
                controls.bpm = bpm
                local n = 0
                for _, phrase in ipairs(run { seed = 6, phrases = 6, controls = controls }) do
                    valid.phrase(phrase)
                    n = n + #phrase.notes
                end
                assert.is_true(n > 3, n)
            end
        end
    end)

    it("goes on over changes of tempo", function()
        for _, phrase in ipairs(run { seed = 5, phrases = 20, controls = function(number)
            return { bpm = ({ 66, 120, 40, 200, 90 })[number % 5 + 1], intensity = number % 3 / 2 }
        end }) do
            valid.phrase(phrase)
        end
    end)
end

local function keys(it, run)
    it("stays inside every key, and changes key through what both share", function()
        local changes, shared, sum = 0, 0, 0
        local phrases = run { seed = 3, phrases = 168, controls = function(number)
            return { key = valid.key(math.floor(number / 2)) }
        end }
        for i, phrase in ipairs(phrases) do
            valid.phrase(phrase)
            assert.equal(0, outside(phrase), phrase.key)
            local before = phrases[i - 1]
            if before and before.key ~= phrase.key then
                local from, to = before.chords[#before.chords].pitches, phrase.chords[1].pitches
                local reachable = theory.common(theory.classes(from), theory.key_classes(theory.key(phrase.key)))
                changes = changes + 1
                shared = shared + ((reachable == 0 or #theory.common_tones(from, to) > 0) and 1 or 0)
                sum = sum + (#from == #to and voicing.step(from, to) or 0)
            end
        end
        assert.equal(83, changes)
        assert.is_true(shared / changes >= 0.9, "common tones: " .. shared / changes)
        assert.is_true(sum / changes <= 3, "steps: " .. sum / changes)
    end)
end

local function seeds(it, run)
    it("is the same for the same seed and another for another", function()
        local function text(seed)
            local labels = {}
            for i, phrase in ipairs(run { seed = seed, phrases = 8 }) do
                labels[i] = valid.label(phrase)
            end
            return table.concat(labels, "\n")
        end
        local seven = text(7)
        assert.equal(seven, text(7))
        assert.is_not.equal(seven, text(8))
    end)

    it("never plays a phrase twice", function()
        local seen = {}
        for _, phrase in ipairs(run { seed = 2, seconds = 2400 }) do
            local label = valid.label(phrase)
            assert.is_true(not seen[label] or #phrase.notes < 4, phrase.number)
            seen[label] = true
        end
    end)
end

local function intensity(it, run, least)
    it("has drone and air at intensity 0, and more with each step from there", function()
        local before = 0
        for _, value in ipairs { 0, 0.3, 0.6, 1 } do
            local n, bars = 0, 0
            for _, phrase in ipairs(run { seed = 4, seconds = 700, controls = { intensity = value } }) do
                n, bars = n + #phrase.notes, bars + phrase.bars
            end
            assert.is_true(n > 0 and n / bars >= before, ("%g notes a bar at %g"):format(n / bars, value))
            before = n / bars
            assert.is_true(value > 0 or before <= least, before)
        end
    end)
end

--- All of it.
-- @param name the piece, e.g. "focus"
-- @param it busted's own: modules do not see it
-- @param still most notes a bar at intensity 0
-- @return function(opts) that runs the piece: opts as for simulate.run
function mood.specs(name, it, still)
    local path = "scripts/" .. name .. ".lua"
    local function run(opts)
        opts.path = path
        return simulate.run(opts)
    end
    bounds(it, run, simulate.load(path))
    keys(it, run)
    seeds(it, run)
    intensity(it, run, still)
    return run
end

return mood
