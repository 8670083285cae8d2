local simulate = require "simulate"
local theory = require "theory"
local valid = require "valid"
local voicing = require "voicing"

local PATH = "scripts/overtones.lua"

local function run(opts)
    opts.path = PATH
    return simulate.run(opts)
end

-- How far a pitch is from the nearest partial of the piece's fundamental, in cents.
local function off_series(phrase, pitch)
    local root = voicing.place(theory.key(phrase.key).root, 27, 21, 32)
    local n = 2 ^ ((pitch - root) / 12)
    return math.abs(1200 * math.log(n / math.floor(n + 0.5)) / math.log(2))
end

describe("overtones", function()
    local hour = run { seed = 1, seconds = 3600 }

    it("has no melody and no percussion", function()
        for _, patch in pairs(hour[1].piece.patches) do
            assert.is_nil(({ lead = true, bell = true, pluck = true, kick = true, tick = true })[patch.voice])
        end
        for _, phrase in ipairs(hour) do
            for _, note in ipairs(phrase.notes) do
                assert.is_true(note.beats * 60 / phrase.bpm >= 12, note.patch)
            end
        end
    end)

    it("sounds partials of one fundamental, twins a few cents beside them", function()
        for _, phrase in ipairs(hour) do
            for _, note in ipairs(phrase.notes) do
                local cents = note.patch == "wind" and 0 or off_series(phrase, note.pitch)
                assert.is_true(cents < 15, ("%s: %g is %g cents off"):format(note.patch, note.pitch, cents))
            end
        end
    end)

    it("hears in a mode what belongs to it: the fifth partial in major, the nineteenth in minor", function()
        local function thirds(mode)
            local major, minor = 0, 0
            for _, phrase in ipairs(run { seed = 2, seconds = 900, controls = { key = "D " .. mode } }) do
                for _, note in ipairs(phrase.notes) do
                    local above = math.floor(note.pitch - 26 + 0.5) % 12
                    major = major + (above == 4 and note.velocity or 0)
                    minor = minor + (above == 3 and note.velocity or 0)
                end
            end
            return major, minor
        end
        local major, minor = thirds "lydian"
        assert.is_true(major > 4 * minor)
        major, minor = thirds "aeolian"
        assert.is_true(minor > 2 * major)
    end)

    it("is never twice the same, and never empty", function()
        local seen = {}
        for _, phrase in ipairs(hour) do
            local label = valid.label(phrase)
            assert.is_nil(seen[label])
            seen[label] = true
            assert.is_true(#phrase.notes >= 12)
            assert.is_true(#phrase.chords == 1 and #phrase.chords[1].pitches >= 1)
        end
    end)

    it("comes to a new key by the tones that are shared", function()
        local phrases = run { seed = 3, phrases = 9, controls = function(number)
            return { key = number < 6 and "D mixolydian" or "A mixolydian" }
        end }
        local before = {}
        for _, pitch in ipairs(phrases[6].chords[1].pitches) do
            before[pitch % 12] = true
        end
        local early = 0
        for _, note in ipairs(phrases[7].notes) do
            local tuned = note.patch == "string" or note.patch == "ground" or note.patch == "reed"
            if tuned and note.at * 60 / phrases[7].bpm < 6 then
                early = early + 1
                assert.is_true(before[math.floor(note.pitch + 0.5) % 12], note.pitch)
            end
        end
        assert.is_true(early > 0)
    end)

    it("plays valid notes in every key, at every tempo and intensity", function()
        for i = 0, 83, 2 do
            local extreme = i / 2 % 2
            for _, phrase in ipairs(run { seed = i, phrases = 3, controls = { key = valid.key(i), intensity = extreme,
                bpm = i % 3 == 0 and 200 or i % 3 == 1 and 40 or 70, height = extreme, beating = 1 - extreme,
                wind = i % 3 / 2, melody_complexity = 1 - extreme } }) do
                valid.phrase(phrase)
                assert.is_true(#phrase.notes >= 2)
            end
        end
    end)

    it("gets richer with intensity", function()
        local counts = {}
        for i, intensity in ipairs { 0, 0.5, 1 } do
            counts[i] = 0
            for _, phrase in ipairs(run { seed = 5, seconds = 600, controls = { intensity = intensity } }) do
                counts[i] = counts[i] + #phrase.notes
            end
        end
        assert.is_true(counts[1] < counts[2] and counts[2] < counts[3])
    end)
end)
