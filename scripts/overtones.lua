-- Overtones, a drone: one root that is never heard, and what rings above it. A fundamental of some 37 Hz is thought,
-- not played; over it sound its partials 2 to 32 in their natural tuning: the fifth two cents wide, the third fourteen
-- cents narrow, the seventh that no piano has. The mode decides which of them belong: a key is a way of hearing the
-- same string.
-- Harmony: just intonation. Every partial has two slow waves of its own, with periods that never line up, and is bowed
-- anew while they are high; twins a few cents away beat against it. A new key begins with the tones it shares.
-- Form: none. A field without beginning, melody, rhythm or goal that is never twice the same; seven tides between one
-- minute and fifty move loudness, height, wind and beating.
-- Broken on purpose: no lead, no pulse and no chords that follow each other, so that only sound can be measured.
local form = require "form"
local theory = require "theory"
local voicing = require "voicing"

local BARS = 8
-- Partials in the order in which they come as the field gets richer.
local PARTIALS = { 2, 3, 4, 6, 5, 8, 9, 12, 7, 10, 16, 15, 19, 18, 14, 13, 24, 20, 11, 21, 27, 17, 30, 25, 28, 32 }
local STRANGE = 0.12 -- what is left of a partial that the mode does not hold

local function pitch_of(root, n)
    return root + 12 * math.log(n) / math.log(2)
end

local function nearest_class(pitch)
    return math.floor(pitch + 0.5) % 12
end

-- All partials: first those that the mode holds, then the strangers, each kind in the order above.
local function partials_of(now)
    local classes, own, strange = theory.key_classes(now.key), {}, {}
    for _, n in ipairs(PARTIALS) do
        local list = classes[nearest_class(pitch_of(now.root, n))] and own or strange
        list[#list + 1] = n
    end
    now.own = #own
    for _, n in ipairs(strange) do
        own[#own + 1] = n
    end
    return own
end

local function survey(ctx, state)
    local now = { random = ctx.random, intensity = ctx.intensity, height = ctx.height, beating = ctx.beating,
                  wind = ctx.wind, seconds = 60 / ctx.bpm, key = theory.key(ctx.key) }
    now.clock = form.clock(state, ctx, BARS)
    now.length = BARS * ctx.beats_per_bar
    now.span = now.length * now.seconds
    -- Tides run a little faster at a faster tempo; the bows stay as long as they are.
    now.pace = math.sqrt(ctx.bpm / 60)
    state.tide = (state.tide or 0) + now.span * now.pace
    state.phase = state.phase or now.random "field":float()
    now.root = voicing.place(now.key.root, 27, 21, 32)
    now.partials = partials_of(now)
    now.rich = form.clamp(0.22 + 0.33 * ctx.melody_complexity + 0.45 * now.intensity, 0, 1)
    now.lift = form.mix(1.5, 0.95, form.fade(now.intensity, 0, 0.8))
    return now
end

-- The field at a moment: everything that moves slowly, from the moment alone.
local function tides(now, state, at)
    local t = state.tide + (at - now.span) * now.pace
    local phase = state.phase
    return {
        t = t,
        swell = form.mix(0.58, 1, form.wave(t, 97, phase)) * form.mix(0.72, 1, form.wave(t, 263, 3.7 * phase)),
        rise = form.clamp(0.15 + 0.45 * form.wave(t, 419, 1.9 * phase) + 0.4 * form.wave(t, 1489, 5.3 * phase)
            + 0.7 * (now.height - 0.5), 0, 1),
        wind = form.wave(t, 151, 2.3 * phase) * form.mix(0.4, 1, form.wave(t, 709, 0.7 * phase)),
        beat = form.mix(0.4, 1.6, form.wave(t, 3001, 1.3 * phase)),
    }
end

-- How loud a partial is: its own two waves, whether it belongs to the mode, and how high the tide lets the field reach.
local function level_of(now, state, i, n, tide)
    local own = form.wave(tide.t, 53 + 11.3 * (n * 7 % 13), state.phase * (n + 0.61) + 0.37 * n)
    local slow = form.wave(tide.t, 311 + 37.7 * (n * 5 % 11), state.phase * (2 * n + 0.3) + 0.71 * n)
    local here = form.fade(0.62 * own + 0.38 * slow, i <= 3 and 0.05 or 0.3, 0.85)
    local belongs = i <= now.own and 1 or STRANGE
    local place = (i - 1) / (#PARTIALS - 1)
    local known = form.fade(now.rich, place - 0.22, place + 0.08)
    local reach = form.mix(5, 34, tide.rise)
    local high = math.max(1 - form.fade(n, reach * 0.6, reach * 1.3), i <= 4 and 0.5 or i <= 8 and 0.25 or 0.06)
    return (i <= 3 and math.max(0.35, here) or here) * belongs * known * high
end

local function play(ctx, now, note)
    note.at = form.clamp(note.at / now.seconds, 0, now.length - 0.01)
    note.beats = math.min(note.beats / now.seconds, 256)
    note.velocity = form.clamp(note.velocity, 0.01, 1)
    ctx:note(note)
end

-- Another root: tones that are there already may be bowed at once, the others wait until the old ones have faded.
local function turn(now, state)
    if state.key ~= "" and state.key ~= now.key.name then
        local sounding = state.sounding
        for _, n in ipairs(PARTIALS) do
            local shared, due = sounding[nearest_class(pitch_of(now.root, n)) + 1], state.next[n] or 0
            state.next[n] = shared and math.min(due, 1 + n % 3) or math.max(due, 7 + n % 5)
        end
    end
    state.key = now.key.name
end

-- One bow of a partial, and its twin a few cents away.
local function bow(ctx, now, i, n, at, tide, level, stream)
    local pitch = pitch_of(now.root, n)
    local seconds = 12 + 9 * stream:float()
    local velocity = now.lift * tide.swell * level * (0.85 + 0.3 * stream:float()) * (n > 4 and (4 / n) ^ 0.45 or 1)
    local side = i == 1 and 0 or (i % 2 == 0 and 1 or -1) * form.mix(0.12, 0.55, n / 32)
    local patch = n <= 4 and "ground" or i % 3 == 0 and "reed" or "string"
    play(ctx, now, { patch = patch, at = at, beats = seconds + 5, pitch = pitch, velocity = velocity, pan = side })
    if n > 2 then
        local cents = now.beating * tide.beat * form.mix(9, 3, n / 32)
        play(ctx, now, { patch = n <= 4 and "string" or patch, at = at + 2 * stream:float(), beats = seconds + 4,
                         pitch = pitch + cents / 100, velocity = 0.6 * velocity, pan = n <= 9 and 0 or -0.6 * side })
    end
    return seconds
end

local function play_field(ctx, now, state)
    local set, list = {}, {}
    for i, n in ipairs(now.partials) do
        local stream, at = now.random("partial" .. n), state.next[n] or 4 * (i - 1) * now.random("enter"):float()
        while at < now.span do
            local tide = tides(now, state, at)
            local level = level_of(now, state, i, n, tide)
            if level > 0.05 then
                set[nearest_class(pitch_of(now.root, n)) + 1] = true
                list[n] = true
                at = at + bow(ctx, now, i, n, at, tide, level, stream)
            else
                at = at + 5 + 4 * stream:float()
            end
        end
        state.next[n] = at - now.span
    end
    return set, list
end

-- Above: grains of the octave, fifth and ninth. Around: noise blown through pipes that are tuned to partials.
local function play_haze(ctx, now, state)
    local stream = now.random "haze"
    for k = 0, 1 do
        local at = (k + 0.6 * stream:float()) * now.span / 2
        local tide = tides(now, state, at)
        local seconds = now.span / 2 + 6
        local veil = form.fade(now.intensity, 0.02, 0.6) * form.mix(0.15, 1, tide.rise) * tide.swell
        local n = ({ 8, 12, 9, 16, 10, 14 })[1 + math.floor(form.wave(tide.t, 577, state.phase) * 5.99)]
        if theory.key_classes(now.key)[nearest_class(pitch_of(now.root, n))] and veil > 0.03 then
            play(ctx, now, { patch = "grains", at = at, beats = seconds, pitch = pitch_of(now.root, n),
                             velocity = 0.62 * veil, pan = 0.5 * math.sin(tide.t / 31) })
        end
        local blow = 2 * now.wind * now.lift
        play(ctx, now, { patch = "pipe", at = at, beats = seconds, pitch = pitch_of(now.root, ({ 12, 16, 18 })[1 +
                         math.floor(form.wave(tide.t, 389, 0.2) * 2.99)]), pan = 0.6 * math.sin(tide.t / 47),
                         velocity = blow * form.mix(0.08, 0.55, tide.wind) })
        play(ctx, now, { patch = "wind", at = at, beats = seconds, pitch = now.root + 36,
                         velocity = blow * form.mix(0.2, 0.5, form.wave(tide.t, 83, state.phase)),
                         pan = -0.5 * math.sin(tide.t / 61) })
    end
end

-- What is heard in this phrase, as one chord: its name lists the partials.
local function declare(ctx, now, set, list)
    local pitches, name = {}, ""
    for class = 0, 11 do
        if set[class + 1] then
            pitches[#pitches + 1] = voicing.place(class, 60, 54, 66)
        end
    end
    for n = 2, 32 do
        local longer = list[n] and name .. (name == "" and "" or " ") .. n
        name = longer and #longer <= 15 and longer or name
    end
    table.sort(pitches)
    ctx:chord { at = 0, beats = now.length, name = name, pitches = pitches }
end

return {
    title = "Overtones",
    meter = { 4, 4 },
    defaults = { key = "D mixolydian", bpm = 60, intensity = 0.5, melody_complexity = 0.5 },
    controls = {
        height = { min = 0, max = 1, default = 0.5, label = "Height" },
        beating = { min = 0, max = 1, default = 0.5, label = "Beating" },
        wind = { min = 0, max = 1, default = 0.5, label = "Wind" },
    },
    patches = {
        ground = { voice = "wave", level = -9, attack = 6, decay = 4, sustain = 0.9, release = 8, place = 0.4,
                   lfo_depth = 0.25, lfo_rate = 0.019, detune = 0, cutoff = 420, keytrack = 0.3, reverb = 0.2,
                   delay = 0 },
        string = { voice = "modular", level = -13, env1_attack = 7, env1_decay = 4, env1_sustain = 0.85,
                   env1_release = 9, env2_attack = 9, env2_decay = 8, env2_sustain = 0.3, env2_release = 6,
                   lfo1_to_pitch1 = 0, lfo1_to_pitch2 = 0, lfo2_to_pitch2 = 0.01, lfo2_rate = 0.061,
                   lfo2_to_cutoff = 1.2, env2_to_cutoff = 1.2, env2_to_noise = 0.1, noise = 0.015, tune2 = 0,
                   level2 = 0.4, shape = 0.2, cutoff = 480, keytrack = 0.5, reverb = 0.45, delay = 0 },
        reed = { voice = "modular", level = -14, env1_attack = 8, env1_decay = 4, env1_sustain = 0.8, env1_release = 9,
                 env2_attack = 5, env2_decay = 9, env2_sustain = 0.5, env2_release = 6, lfo1_to_pitch1 = 0,
                 lfo1_to_pitch2 = 0, lfo2_rate = 0.043, lfo2_to_pitch2 = 0, lfo2_to_cutoff = 1.5, env2_to_cutoff = 1.6,
                 env2_to_noise = 0, noise = 0, tune2 = 0, level2 = 0.8, shape = 0.8, cutoff = 620, resonance = 1.4,
                 keytrack = 0.5, reverb = 0.55, delay = 0.1 },
        grains = { voice = "grain", level = -12, attack = 7, release = 9, length = 0.9, spread = 5, scatter = 0.25,
                   air = 0.1, width = 0.9, cutoff = 2600, lfo_rate = 0.031, lfo_depth = 1.1, reverb = 0.65,
                   delay = 0.2 },
        pipe = { voice = "swell", level = -15, attack = 7, sustain = 0.9, release = 9, cutoff = 700, resonance = 14,
                 keytrack = 1, sweep = 0, lfo_rate = 0.05, lfo_depth = 0.04, reverb = 0.6, delay = 0.1 },
        wind = { voice = "swell", level = -17, attack = 8, sustain = 0.9, release = 9, cutoff = 460, resonance = 1.6,
                 sweep = 0.4, lfo_rate = 0.027, lfo_depth = 1, reverb = 0.4, delay = 0 },
    },
    effects = {
        reverb = { decay = 11, damping = 3800, modulation = 0.45, predelay = 0.04, highpass = 240, level = 2 },
        delay = { beats = 3, beats_right = 4.375, feedback = 0.55, cutoff = 1500, highpass = 250, reverb = 0.5,
                  level = -2 },
        master = { level = 12, ceiling = -1.5 },
    },
    state = { clock = 0, key = "", next = {}, sounding = {} },
    phrase = function(ctx, state)
        local now = survey(ctx, state)
        turn(now, state)
        local set, list = play_field(ctx, now, state)
        play_haze(ctx, now, state)
        declare(ctx, now, next(set) and set or { [now.root % 12 + 1] = true }, list)
        state.sounding = {}
        for class = 1, 12 do
            state.sounding[class] = set[class] or false
        end
        return BARS
    end,
}
