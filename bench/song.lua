-- The song that engines are compared with: 60 seconds at 70 beats a minute, no chance in it. 68 pads, 51 leads and
-- 34 percussion notes, sends, delay, reverb, limiter; bench/workload.md has it note by note. Patches are ordinary ones.
local BEATS = 70 -- one minute
local LENGTHS = { 10, 8, 8, 8, 10, 8, 8, 10 } -- of the phrases, in beats

local CHORDS = { { 45, 52, 55, 60 }, { 41, 52, 57, 60 }, { 48, 55, 59, 64 }, { 40, 50, 55, 59 } } -- Am7 Fmaj7 Cmaj7 Em7
local PAN = { -0.6, -0.2, 0.2, 0.6 }
local LEAD = { 69, 72, 74, 76, 79 }
local LEAD_AT, LEAD_BEATS = { 0, 1.5, 3 }, { 1.2, 1.2, 0.8 }
local HIT_AT, HIT_PITCH, HIT_VELOCITY, HIT_PAN = { 0, 2.5 }, { 60, 60 + 12 * math.log(2400 / 900) / math.log(2) },
    { 0.6, 0.42 }, { -0.3, 0.3 }

-- All notes, by bar: 17 whole bars of four beats.
local function notes(add)
    for bar = 0, 16 do
        local at = 4 * bar
        for k, pitch in ipairs(CHORDS[bar % 4 + 1]) do
            add { patch = "pad", at = at, beats = 4, pitch = pitch, velocity = 0.6, pan = PAN[k] }
        end
        for j = 1, 3 do
            local pitch = LEAD[(3 * bar + 2 * (j - 1)) % 5 + 1]
            local beats = LEAD_BEATS[j]
            add { patch = "lead", at = at + LEAD_AT[j], beats = beats, pitch = pitch, velocity = 0.6, pan = 0.2 }
        end
        for j = 1, 2 do
            local start, velocity, pan = at + HIT_AT[j], HIT_VELOCITY[j], HIT_PAN[j]
            add { patch = "hit", at = start, beats = 0.25, pitch = HIT_PITCH[j], velocity = velocity, pan = pan }
        end
    end
end

return {
    title = "Benchmark song",
    meter = { 1, 4 },
    patches = {
        pad = {
            voice = "pad", level = -1.3, delay = 0.15, reverb = 0.4, attack = 1.5, decay = 1, sustain = 0.7,
            release = 4.5, detune = 7, sub = 0.3, cutoff = 900, resonance = 1.2, keytrack = 0, lfo_rate = 0.7,
            lfo_depth = 1.5, width = 0,
        },
        lead = {
            voice = "lead", level = 8.5, delay = 0.35, reverb = 0.3, attack = 0.02, decay = 0.15, sustain = 0.6,
            release = 0.6, tone = 0.6, cutoff = 16000, vibrato_rate = 5.5, vibrato_depth = 20, vibrato_delay = 0,
        },
        hit = {
            voice = "tick", level = 2, delay = 0.25, reverb = 0.2, attack = 0.002, decay = 0.3, cutoff = 900,
            resonance = 4, keytrack = 1, sweep = 0,
        },
    },
    effects = {
        reverb = { decay = 3, damping = 6000, modulation = 0.3, predelay = 0, highpass = 20 },
        delay = {
            beats = 0.75, beats_right = 1, feedback = 0.45, cross = 0, reverb = 0.2, cutoff = 16000, highpass = 20,
        },
    },
    state = { beat = 0 },
    phrase = function(ctx, state)
        local start, length = state.beat, LENGTHS[ctx.phrase % #LENGTHS + 1]
        notes(function(note)
            note.at = note.at - start
            if note.at >= 0 and note.at < length then
                ctx:note(note)
            end
        end)
        state.beat = (start + length) % BEATS
        return length
    end,
}
