-- Sleep: a stair that always leads down and never arrives. Dark waves hold a chord for a minute and more; then all its
-- voices sink by one step of the scale, one after the other. Who comes too near the floor fades out, and above a new
-- voice fades in, too soft to notice: as on Shepard's stair, everything falls and stays where it is.
-- Method: planing. The intervals between voices are fourths, thirds and seconds of the Phrygian scale; they slide in
-- parallel over a tonic that never moves, and no chord is a function of another.
-- Form: one long descent. Over forty minutes chords grow from 60 to 90 s, voices leave, light goes out of the sound;
-- then it is night, and stays night. After the first minutes nothing happens but fades: no lead, no pulse, no
-- percussion at any intensity, on purpose.
local form = require "form"
local theory = require "theory"
local voicing = require "voicing"

local PHRASE_SECONDS = 22
local FLOOR, ROOF = 48, 74 -- of the waves
local MOST_VOICES = 6
local NIGHT = 2400 -- seconds until it is night

local function play(ctx, now, note)
    note.at = form.clamp(note.at, 0, now.length - 0.01)
    note.velocity = form.clamp(note.velocity, 0.01, 1)
    note.beats = math.min(note.beats, 250)
    ctx:note(note)
end

local function survey(ctx, state)
    local now = { bpm = ctx.bpm, seconds = 60 / ctx.bpm, intensity = ctx.intensity, complexity = ctx.melody_complexity,
                  random = ctx.random, number = ctx.phrase, key = theory.key(ctx.key), grain = ctx.grain,
                  dark = ctx.dark }
    now.bars = form.clamp(math.floor(PHRASE_SECONDS / now.seconds / ctx.beats_per_bar + 0.5), 2, 32)
    now.clock, now.length = form.clock(state, ctx, now.bars), now.bars * ctx.beats_per_bar
    state.phase = state.phase or now.random("form"):float()
    now.night = form.curve({ { 0, 0 }, { NIGHT, 1 } }, now.clock)
    now.dawn = form.curve({ { 0, 0 }, { 90, 1 } }, now.clock) -- the first minutes, in which everything fades in
    now.seconds_before, state.seconds = state.seconds, now.seconds
    now.swell = form.wave(now.clock, 211, state.phase)
    now.tide = form.wave(now.clock, 389, state.phase * 3)
    now.roof = form.mix(ROOF, 69, now.night)
    now.lift = form.mix(1.35, 1, form.fade(now.intensity, 0, 0.6)) * form.mix(0.7, 1.1, now.swell)
        * form.mix(1, 0.92, now.night)
    return now
end

-- The next voice's way above the one below it, in steps of the scale: wide when simple, narrow when rich.
local function gap_of(now, stream)
    return form.weighted(stream, { 0, form.mix(0.1, 1, now.complexity), 1, 1.6, form.mix(1.2, 0.2, now.complexity) })
end

-- Fills the stair from the top voice upwards, as far as the roof.
local function rise(now, stair, stream)
    while #stair < MOST_VOICES do
        local step = stair[#stair] + gap_of(now, stream)
        if theory.pitch(now.key, step) > now.roof then
            return
        end
        stair[#stair + 1] = step
    end
end

local function steps_above(now, pitch)
    local step, over = theory.step(now.key, pitch)
    return over > 0 and step + 1 or step
end

-- In a new key every voice goes to the scale's nearest tone at or below it: what both keys share stays.
local function follow_key(now, state)
    local old = theory.key(state.key)
    for i, step in ipairs(state.stair) do
        state.stair[i] = theory.step(now.key, theory.pitch(old, step))
    end
    for i = #state.stair, 2, -1 do
        if state.stair[i] == state.stair[i - 1] then
            table.remove(state.stair, i)
        end
    end
end

-- The stair in this phrase: when the chord's time is over, one step down for all. `left` counts a chord's phrases.
local function sink(now, state)
    local stream = now.random "stair"
    state.left = state.left - 1
    now.moved = state.left <= 0 or state.key ~= now.key.name
    if not state.stair then
        state.stair = { steps_above(now, 50) }
    elseif state.key ~= now.key.name then
        follow_key(now, state)
    elseif now.moved then
        for i, step in ipairs(state.stair) do
            state.stair[i] = step - 1
        end
    end
    if now.moved then
        local seconds = form.mix(60, 82, now.night) + 8 * stream:float()
        state.left = math.max(2, math.floor(seconds / (now.length * now.seconds) + 0.5))
        while theory.pitch(now.key, state.stair[1]) < FLOOR do
            table.remove(state.stair, 1)
        end
        while #state.stair > 1 and theory.pitch(now.key, state.stair[#state.stair]) > now.roof + 2 do
            table.remove(state.stair)
        end
        rise(now, state.stair, stream)
    end
    state.key = now.key.name
end

-- How loud a voice is where it stands: full in the middle, nothing at floor and roof. Night takes the upper ones away.
local function weight_of(now, pitch)
    local centre = form.mix(60, 57, now.night) + 3 * (now.intensity - 0.5)
    local away = (pitch - centre) / form.mix(7, 10, now.intensity)
    return form.mix(0.35, 1, math.exp(-away * away))
end

local function pitches_of(now, state)
    local pitches = {}
    for i, step in ipairs(state.stair) do
        pitches[i] = theory.pitch(now.key, step)
    end
    return pitches
end

-- When each voice is bowed: one after the other where the chord moves, then anew in a time of its own, and held until
-- the next move. `bows` keeps the beats until the next bow.
local function bow(now, state, bows, count, breath)
    local stream, notes = now.random("bow" .. breath), {}
    local chord_end, slow = state.left * now.length, (now.number == 0 and 0.9 or 4.2) / now.seconds
    for i = 1, count do
        local late = slow * (i - 0.5 + 0.5 * stream:float())
        local at = (now.moved or not bows[i]) and late or bows[i] * now.seconds_before / now.seconds
        while at < now.length do
            local beats = breath * (0.85 + 0.3 * stream:float()) / now.seconds
            beats = at + 1.5 * beats > chord_end and chord_end + late - at or beats
            notes[#notes + 1] = { voice = i, at = at, beats = math.max(beats, 4) + 2 / now.seconds }
            at = at + math.max(beats, 4)
        end
        bows[i] = at - now.length
    end
    return notes
end

-- Two sounds share a voice: a dark one and a darker one. Low intensity has only the middle of the stair.
local function play_waves(ctx, now, state, pitches)
    local dark = form.clamp(0.35 + 0.45 * now.night + 0.6 * (now.dark - 0.5) - 0.35 * (now.tide - 0.5)
        - 0.3 * (now.intensity - 0.5), 0, 1)
    local least, stream = form.mix(0.85, 0.3, form.fade(now.intensity, -0.2, 0.7)), now.random "wave"
    for _, note in ipairs(bow(now, state, state.bows, #pitches, 33)) do
        local pitch = pitches[note.voice]
        local weight = weight_of(now, pitch)
        local base = 0.6 * now.lift * weight * form.fade(weight, least - 0.15, least)
            * form.mix(0.9, 1.1, stream:float())
        local side = 0.5 * math.sin(2.1 * pitch + now.clock / 97)
        local light = form.mix(0.85, 0.05, dark) * form.fade(now.intensity, 0.02, 0.35)
        for patch, gain in pairs { pad = form.mix(0.5, 1, dark), choir = light } do
            if base * gain > 0.02 then
                play(ctx, now, { patch = patch, at = note.at, beats = note.beats, pitch = pitch, velocity = base * gain,
                                 pan = patch == "pad" and side or -side })
            end
        end
    end
end

-- The floor: the tonic and its octave, which never move.
local function play_sub(ctx, now, state)
    local low, stream = voicing.place(now.key.root, 40, 34, 46), now.random "sub"
    for _, note in ipairs(bow(now, state, state.low, 2, 41)) do
        local upper = note.voice == 2
        play(ctx, now, { patch = upper and "hull" or "sub", at = note.at, beats = note.beats,
                         pitch = upper and low + 12 or low, pan = upper and 0.2 or 0,
                         velocity = now.lift * form.mix(0.52, 0.58, stream:float())
                             * (upper and form.mix(0.8, 0.5, now.night) or 0.9) })
    end
end

-- Grain: breath and dust of the chord, an octave above it; most at the beginning of the night and where it swells.
local function play_grain(ctx, now, state, pitches)
    local presence = now.grain * form.mix(1, 0.4, now.night) * form.mix(0.5, 1, now.tide) * now.dawn
        * form.mix(0.75, 1, now.intensity)
    if presence < 0.03 then
        return
    end
    local stream, first = now.random "dust", math.max(0, #pitches - 3)
    for _, note in ipairs(bow(now, state, state.dust, #pitches - first, 27)) do
        local pitch = pitches[first + note.voice] + 12
        play(ctx, now, { patch = "grain", at = note.at, beats = note.beats, pitch = pitch,
                         velocity = form.mix(0.35, 0.65, stream:float()) * presence * now.lift,
                         pan = 0.7 * math.sin(pitch + now.clock / 53) })
    end
end

return {
    title = "Sleep",
    meter = { 4, 4 },
    defaults = { key = "E phrygian", bpm = 44, intensity = 0.4, melody_complexity = 0.4 },
    controls = {
        dark = { min = 0, max = 1, default = 0.5, label = "Darkness" },
        grain = { min = 0, max = 1, default = 0.5, label = "Dust" },
    },
    patches = {
        pad = { voice = "wave", level = -10, attack = 9, decay = 6, sustain = 0.85, release = 10, place = 0.2,
                lfo_depth = 0.15, lfo_rate = 0.031, detune = 0, cutoff = 520, resonance = 0.7, keytrack = 0.3,
                reverb = 0.5, delay = 0 },
        choir = { voice = "wave", level = -13, attack = 11, decay = 6, sustain = 0.8, release = 11, place = 0.68,
                  lfo_depth = 0.22, lfo_rate = 0.043, detune = 4, cutoff = 950, resonance = 0.8, keytrack = 0.4,
                  reverb = 0.65, delay = 0 },
        sub = { voice = "bass", level = -13, attack = 6, decay = 4, sustain = 0.9, release = 9, tone = 0.3, sub = 0,
                detune = 0, cutoff = 240, sweep = 0, reverb = 0.1, delay = 0 },
        hull = { voice = "bass", level = -16, attack = 8, decay = 4, sustain = 0.9, release = 10, tone = 0.6, sub = 0,
                 detune = 5, cutoff = 420, sweep = 0.3, sweep_time = 8, reverb = 0.3, delay = 0 },
        grain = { voice = "grain", level = -13, attack = 8, decay = 5, sustain = 0.8, release = 10, length = 0.6,
                  spread = 12, scatter = 0.3, air = 0.3, width = 0.9, cutoff = 1500, lfo_rate = 0.037, lfo_depth = 0.8,
                  reverb = 0.7, delay = 0.1 },
    },
    effects = {
        reverb = { decay = 10, damping = 2600, modulation = 0.4, predelay = 0.03, highpass = 230, level = 2 },
        delay = { beats = 2.25, beats_right = 3.3125, feedback = 0.5, cutoff = 1200, highpass = 250, cross = 0.7,
                  reverb = 0.5, level = -3 },
        tilt = { tilt = -1.5, centre = 700 },
        master = { level = 15.5, ceiling = -1.5 },
    },
    state = { clock = 0, key = "", left = 0, seconds = 1, bows = {}, low = {}, dust = {} },
    phrase = function(ctx, state)
        local now = survey(ctx, state)
        sink(now, state)
        local pitches = pitches_of(now, state)
        ctx:chord { at = 0, beats = now.length, name = "stair " .. #pitches, pitches = pitches }
        play_sub(ctx, now, state)
        play_waves(ctx, now, state, pitches)
        play_grain(ctx, now, state, pitches)
        return now.bars
    end,
}
