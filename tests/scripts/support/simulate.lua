--- Plays a piece without the engine: a fake ctx with keyed random streams, a fresh load of the script for each phrase
-- and a state that is copied between phrases, as the composition host does it.
local bit = require "bit"

local simulate = {}

local MODULUS = 2147483647 -- of the Lehmer generator

local function hash(text)
    local h = 5381
    for i = 1, #text do
        h = bit.tobit(h * 33 + text:byte(i))
    end
    return h % (MODULUS - 1) + 1
end

local Stream = {}
Stream.__index = Stream

function Stream:float()
    self.x = self.x * 48271 % MODULUS
    return (self.x - 1) / (MODULUS - 1)
end

function Stream:int(a, b)
    return a + math.floor(self:float() * (b - a + 1))
end

function Stream:pick(list)
    return list[self:int(1, #list)]
end

--- A random stream from a seed and a name.
function simulate.stream(seed, name)
    local stream = setmetatable({ x = hash(tostring(seed) .. "/" .. (name or "test")) }, Stream)
    for _ = 1, 8 do
        stream:float()
    end
    return stream
end

local ENVIRONMENT = { "assert", "error", "ipairs", "math", "next", "pairs", "pcall", "select", "setmetatable",
    "getmetatable", "string", "table", "tonumber", "tostring", "type", "unpack", "require" }

-- Globals that a script may see; anything else is an error, as in the sandbox.
local function sandbox()
    local env = {}
    for _, name in ipairs(ENVIRONMENT) do
        env[name] = _G[name]
    end
    return setmetatable(env, {
        __index = function(_, name) error("undefined global " .. tostring(name), 2) end,
        __newindex = function(_, name) error("a script may not write the global " .. tostring(name), 2) end,
    })
end

function simulate.load(path)
    local chunk = assert(loadfile(path or "scripts/ambient.lua"))
    return setfenv(chunk, sandbox())()
end

-- A deep copy that refuses what the engine's state refuses.
local function plain(value, path)
    local kind = type(value)
    if kind == "number" and (value ~= value or value == math.huge or value == -math.huge) then
        error("state" .. path .. " is not a finite number")
    elseif kind == "number" or kind == "string" or kind == "boolean" or kind == "nil" then
        return value
    elseif kind ~= "table" or getmetatable(value) then
        error("state" .. path .. " is a " .. kind)
    end
    local out = {}
    for k, v in pairs(value) do
        out[k] = plain(v, path .. "." .. tostring(k))
    end
    return out
end

local CONTROLS = { key = "A minor", bpm = 70, intensity = 0.5, melody_complexity = 0.5 }

local function make_ctx(piece, controls, seed, number, out)
    local theory = require "theory"
    local ctx = { phrase = number, meter = piece.meter or { 4, 4 } }
    for name, control in pairs(piece.controls or {}) do
        ctx[name] = control.default
    end
    for name, value in pairs(CONTROLS) do
        ctx[name] = piece.defaults and piece.defaults[name] or value
    end
    for name, value in pairs(controls or {}) do
        ctx[name] = value
    end
    local key = theory.key(ctx.key)
    ctx.mode, ctx.root, ctx.scale, ctx.beats_per_bar = key.mode, key.root, key.scale, ctx.meter[1]
    ctx.note = function(_, note)
        out.notes[#out.notes + 1] = note
    end
    ctx.chord = function(_, chord)
        out.chords[#out.chords + 1] = chord
    end
    ctx.random = function(name)
        return simulate.stream(seed .. ":" .. number, name)
    end
    return ctx
end

--- Composes phrases.
-- @param opts seed, phrases or seconds, controls (a table, or a function of the phrase's number; what it does not name
-- is as the piece's `defaults` say), path
-- @return list of phrases {number, bars, beats, bpm, seconds (start), length (seconds), key, notes, chords, piece}
function simulate.run(opts)
    local phrases, state, seconds, number = {}, nil, 0, 0
    while number < (opts.phrases or math.huge) and seconds < (opts.seconds or math.huge) do
        local piece = simulate.load(opts.path)
        local out = { number = number, notes = {}, chords = {}, piece = piece }
        local controls = type(opts.controls) == "function" and opts.controls(number) or opts.controls
        local ctx = make_ctx(piece, controls, opts.seed or 1, number, out)
        state = plain(state or piece.state, "")
        out.bars = piece.phrase(ctx, state) or 8
        out.beats = out.bars * ctx.meter[1]
        out.bpm, out.key, out.seconds, out.length = ctx.bpm, ctx.key, seconds, out.beats * 60 / ctx.bpm
        out.state = state
        table.sort(out.notes, function(a, b)
            if a.at ~= b.at then return a.at < b.at end
            if a.pitch ~= b.pitch then return a.pitch < b.pitch end
            return a.patch < b.patch
        end)
        seconds, number = seconds + out.length, number + 1
        phrases[#phrases + 1] = out
    end
    return phrases
end

--- The chord that a note belongs to: the one a quarter of a beat (or half the note) after its onset.
function simulate.chord_of(phrase, note)
    local probe, found = note.at + math.min(0.25, note.beats / 2), nil
    for _, chord in ipairs(phrase.chords) do
        if chord.at <= probe and probe < chord.at + chord.beats then
            found = chord
        end
    end
    return found
end

--- The voice of a note's patch.
function simulate.voice_of(phrase, note)
    return phrase.piece.patches[note.patch].voice
end

--- "chord", "scale" or "chromatic" of a note in its phrase.
function simulate.kind_of(phrase, note)
    local theory, melody = require "theory", require "melody"
    local chord = simulate.chord_of(phrase, note)
    local scale = theory.key_classes(theory.key(phrase.key))
    return melody.kind(note.pitch, chord and theory.classes(chord.pitches) or {}, scale)
end

--- All notes of the lead voice, with their time in seconds.
function simulate.lead(phrases)
    local lead = {}
    for _, phrase in ipairs(phrases) do
        for _, note in ipairs(phrase.notes) do
            if simulate.voice_of(phrase, note) == "lead" then
                lead[#lead + 1] = { pitch = note.pitch, velocity = note.velocity, phrase = phrase, note = note,
                                    seconds = phrase.seconds + note.at * 60 / phrase.bpm }
            end
        end
    end
    return lead
end

return simulate
