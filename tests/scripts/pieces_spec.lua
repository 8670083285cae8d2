-- The pieces against each other: the scores alone, loosely. bench/pieces compares them with their sound.
local lfs = require "lfs"
local simulate = require "simulate"
local valid = require "valid"

local SECONDS = 300
local PITCHLESS = { kick = true, tick = true, swell = true }

local function names()
    local found = {}
    for file in lfs.dir "scripts" do
        found[#found + 1] = file:match "^([%w_]+)%.lua$"
    end
    table.sort(found)
    return found
end

-- Notes a minute by voice, and the shares of the pitch classes in what sounds.
local function portrait(name, seed)
    local phrases = simulate.run { path = "scripts/" .. name .. ".lua", seed = seed, seconds = SECONDS }
    local voices, chroma, sum, seconds = {}, {}, 0, 0
    for _, phrase in ipairs(phrases) do
        seconds = seconds + phrase.length
        for _, note in ipairs(phrase.notes) do
            local voice = simulate.voice_of(phrase, note)
            voices[voice] = (voices[voice] or 0) + 1
            if not PITCHLESS[voice] then
                local class = math.floor(note.pitch + 0.5) % 12
                local weight = note.beats / phrase.bpm * note.velocity
                chroma[class], sum = (chroma[class] or 0) + weight, sum + weight
            end
        end
    end
    for voice, n in pairs(voices) do
        voices[voice] = n * 60 / seconds
    end
    for class, weight in pairs(chroma) do
        chroma[class] = weight / sum
    end
    return { name = name, voices = voices, chroma = chroma, piece = phrases[1].piece, phrases = phrases }
end

-- How far apart in octaves of density, voice by voice.
local function density_apart(a, b)
    local sum = 0
    for voice in pairs({ pad = 1, lead = 1, kick = 1, swell = 1, bell = 1, bass = 1, pluck = 1, tick = 1, grain = 1,
        modular = 1, wave = 1 }) do
        local x, y = a.voices[voice] or 0, b.voices[voice] or 0
        sum = sum + (math.log((1 + x) / (1 + y)) / math.log(2)) ^ 2
    end
    return math.sqrt(sum)
end

-- Half the sum of differences: 0 the same, 1 nothing in common.
local function chroma_apart(a, b)
    local sum = 0
    for class = 0, 11 do
        sum = sum + math.abs((a.chroma[class] or 0) - (b.chroma[class] or 0))
    end
    return sum / 2
end

local function same_voices(a, b)
    for voice in pairs(a.voices) do
        if not b.voices[voice] then
            return false
        end
    end
    for voice in pairs(b.voices) do
        if not a.voices[voice] then
            return false
        end
    end
    return true
end

describe("the pieces", function()
    local portraits = {}
    for i, name in ipairs(names()) do
        portraits[i] = portrait(name, 1)
    end

    it("are at least eight, each with a title and controls of its own", function()
        assert.is_true(#portraits >= 8)
        local titles = {}
        for _, p in ipairs(portraits) do
            assert.is_nil(titles[p.piece.title])
            titles[p.piece.title] = true
            local n = 0
            for _ in pairs(p.piece.controls or {}) do
                n = n + 1
            end
            assert.is_true(n >= 2, p.name .. " has few controls")
        end
    end)

    it("are told apart by their voices, density and chroma", function()
        for i, a in ipairs(portraits) do
            for j = i + 1, #portraits do
                local b = portraits[j]
                local what = ("%s and %s"):format(a.name, b.name)
                assert.is_false(same_voices(a, b), what)
                assert.is_true(density_apart(a, b) >= 2.5, what .. ": density " .. density_apart(a, b))
                assert.is_true(density_apart(a, b) + 10 * chroma_apart(a, b) >= 6, what)
            end
        end
    end)

    it("stay themselves with another seed", function()
        for _, a in ipairs(portraits) do
            local b = portrait(a.name, 2)
            assert.is_true(density_apart(a, b) < 2.5, a.name .. ": " .. density_apart(a, b))
        end
    end)

    it("play what the engine accepts", function()
        for _, p in ipairs(portraits) do
            for _, phrase in ipairs(p.phrases) do
                valid.phrase(phrase)
            end
        end
    end)
end)
