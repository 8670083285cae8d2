-- Meditation: bells that count. Each phrase is one breath of some twenty seconds: a call, silence, an answer, and more
-- silence; nothing begins in its last fifth.
-- Method: tintinnabuli (after Arvo Part). One bell walks the scale by steps, from a centre or towards it; with each of
-- its notes a second bell rings the nearest tone of the tonic's triad, above or below, and never any other. Words
-- grow by a note from breath to breath and shrink again; the answer is the call turned upside down.
-- Form: below, a ground of five to eight chords descends one degree a breath and begins anew; with each ground the
-- centre, the side of the second bell and the way of walking change.
-- There is no lead in the sense of chord tones and motifs, on purpose: a scale is a scale, and so its runs come again.
local form = require "form"
local harmony = require "harmony"
local phrases = require "phrase"
local theory = require "theory"
local voicing = require "voicing"

local PAD = { low = 48, high = 72, voices = 4, span = 24, centre = 58 }
local PAN = { -0.5, 0.35, -0.3, 0.55 }
local BREATH_SECONDS = 21
local REST = 0.8 -- share of a breath after which no bell is struck
local BELLS = { low = 64, high = 88 }
-- How the first bell walks in the call and in the answer: { up or down, from the centre or to it }.
local WALKS = {
    { { 1, "from" }, { -1, "from" } }, { { -1, "from" }, { 1, "from" } }, { { 1, "to" }, { -1, "to" } },
    { { -1, "to" }, { 1, "to" } }, { { 1, "from" }, { -1, "to" } }, { { -1, "from" }, { 1, "to" } },
}
local SIDES = { "above", "below", "turns" }

local function play(ctx, now, note)
    note.at = form.clamp(note.at, 0, now.length - 0.01)
    note.velocity = form.clamp(note.velocity, 0.01, 1)
    ctx:note(note)
end

-- As many bars as make a breath at this tempo.
local function bars_of(ctx, seconds)
    return form.clamp(math.floor(seconds * ctx.bpm / 60 / ctx.beats_per_bar + 0.5), 2, 32)
end

-- A ground: how many chords it descends through, and how the bells walk meanwhile.
local function ground_of(now, state)
    local ground = state.ground
    if ground and state.down < ground.length and state.key == now.key.name then
        return ground
    end
    local stream = now.random "ground"
    state.down = 0
    state.ground = {
        length = stream:int(5, 8), walk = form.other(stream, { 1, 1, 1, 1, 0.7, 0.7 }, ground and ground.walk),
        side = form.other(stream, { 1, 1, 1 }, ground and ground.side), centre = stream:pick { 1, 3, 5 },
        longest = stream:int(0, 2), iamb = stream:pick { 1, 1.5, 2 },
    }
    return state.ground
end

local function survey(ctx, state)
    local now = { bpm = ctx.bpm, seconds = 60 / ctx.bpm, intensity = ctx.intensity, complexity = ctx.melody_complexity,
                  random = ctx.random, number = ctx.phrase, key = theory.key(ctx.key), unit = phrases.unit(ctx.bpm),
                  silence = ctx.silence, ring = ctx.ring, breath = ctx.breath }
    state.phase = state.phase or now.random("form"):float()
    local tide = form.wave(state.clock, 421, state.phase)
    now.bars = bars_of(ctx, BREATH_SECONDS * form.mix(0.82, 1.18, form.wave(state.clock, 173, state.phase * 3))
        * form.mix(0.85, 1.2, now.silence))
    now.clock = form.clock(state, ctx, now.bars)
    now.length = now.bars * ctx.beats_per_bar
    now.tide, now.journey = tide, form.wave(now.clock, 1907, state.phase * 2)
    now.lift = form.mix(1.5, 1, form.fade(now.intensity, 0, 0.5)) * form.mix(0.85, 1.1, tide)
    now.ground = ground_of(now, state)
    return now
end

-- The chord of a breath: the ground's degree, soft, with the tones that the one before held.
local function chord_of(now, state)
    local degree = (7 - state.down) % 7 + 1
    if state.voicing and state.key ~= now.key.name then
        return harmony.pivot(now.key, state.voicing, PAD)
    end
    local stream, best, least = now.random "colour", nil, nil
    for _, kind in ipairs(theory.soft_kinds(now.key, degree)) do
        if kind ~= "fifth" then
            local chord = theory.diatonic(now.key, degree, kind)
            local sonority = harmony.sonority(chord, "", state.voicing, PAD)
            local way = state.voicing and voicing.step(state.voicing, sonority.pitches) or 0
            local score = way + (chord.classes[now.key.root % 12] and 0 or 0.8) + 1.5 * stream:float()
            if not least or score < least then
                best, least = sonority, score
            end
        end
    end
    return best
end

-- The pad breathes: in over the first part of the phrase, out before its end. Common tones are held into the next.
local function play_pad(ctx, now, chord)
    local stream = now.random "pad"
    for v, pitch in ipairs(chord.pitches) do
        local late = (0.1 + 0.9 * stream:float()) / now.seconds
        local gain = (v == 1 or v == 4) and form.mix(0.45, 1, form.fade(now.intensity, 0.1, 0.7)) or 1
        local velocity = phrases.velocity(stream, 0.6 * now.lift * gain, 0.4, 0.1)
        play(ctx, now, { patch = "pad", at = late, beats = now.length * 0.8 - late, pitch = pitch, velocity = velocity,
                         pan = PAN[v] })
        if v >= 3 then
            play(ctx, now, { patch = "veil", at = late, beats = now.length * 0.72, pitch = pitch + 12, pan = -PAN[v],
                             velocity = velocity * form.mix(0.25, 0.8, now.tide) })
        end
    end
end

-- The breath below: the ground's tone on the modular voice, noise and all.
local function play_breath(ctx, now, state, chord)
    local stream = now.random "breath"
    local low = voicing.place(chord.root, state.low, 33, 45)
    local tonic = voicing.place(now.key.root, 45, 40, 51)
    play(ctx, now, { patch = "ground", at = 0, beats = now.length + 0.5 / now.seconds, pitch = low, pan = 0,
                     velocity = phrases.velocity(stream, 0.55 * now.lift, 0.4, 0.1) })
    for i, pitch in ipairs { tonic + 12, tonic + 12 + now.key.scale[5] } do
        play(ctx, now, { patch = "breath", at = (0.05 + 0.1 * i) * now.length, beats = now.length * 0.4, pitch = pitch,
                         velocity = form.mix(1, 0.6, now.intensity) * now.breath * form.mix(0.6, 1, stream:float()),
                         pan = i == 1 and -0.6 or 0.6 })
    end
    state.low = low
end

-- A word of n notes: scale steps by one, from the centre or towards it.
local function word_of(now, walk, n)
    local centre = theory.step(now.key, 76)
    centre = centre - (centre - now.ground.centre) % 7
    local steps = {}
    for i = 1, n do
        steps[i] = centre + walk[1] * (walk[2] == "from" and i - 1 or i - n)
    end
    return steps
end

-- The tone of the triad that rings with a note: the nearest above or below it, never the note itself.
local function partner(now, pitch, side)
    local triad = theory.classes { now.key.root, theory.pitch(now.key, 3), theory.pitch(now.key, 5) }
    return side > 0 and theory.snap_up(pitch + 1, triad) or theory.snap_down(pitch - 1, triad)
end

local function fold(pitch)
    while pitch > BELLS.high do
        pitch = pitch - 12
    end
    while pitch < BELLS.low do
        pitch = pitch + 12
    end
    return pitch
end

-- A word on both bells between two moments of the breath.
local function play_word(ctx, now, walk, n, from, to, presence)
    local stream, uneven = now.random "bells", now.uneven
    local pulse = math.min(2 * now.unit, (to - from) / ((n + 1) * (1 + now.ground.iamb) / 2))
    local at, side = from, SIDES[now.ground.side]
    for i, step in ipairs(word_of(now, walk, n)) do
        local pitch = fold(theory.pitch(now.key, step))
        local beats = pulse * (i % 2 == 0 and now.ground.iamb or 1) * (i == n and 1.5 or 1)
        local velocity = uneven(pitch, presence * form.mix(0.4, 0.62, phrases.arc(i / (n + 1))))
        local lean = phrases.lean(stream, now.bpm, 1)
        play(ctx, now, { patch = "bell", at = at + lean, beats = beats, pitch = pitch,
                         velocity = velocity, pan = 0.3 * math.sin(pitch) })
        local above = side == "above" or side == "turns" and i % 2 == 1
        local ring = form.fade(now.intensity, 0.22, 0.5) * form.mix(0.4, 1, now.ring)
        if ring > 0.05 and now.ring > 0 then
            local other = partner(now, pitch, above and 1 or -1)
            play(ctx, now, { patch = "glass", at = at + lean + (0.02 + 0.05 * stream:float()) / now.seconds,
                             beats = beats, pitch = other, velocity = uneven(other, velocity * ring * 0.75),
                             pan = above and 0.6 or -0.6 })
        end
        at = at + beats
    end
end

-- How many notes the words of this breath have: they count up and down again.
local function count_of(now, state)
    local most = math.floor(form.mix(2, 8, 0.6 * now.complexity + 0.4 * now.intensity) + 0.5) + now.ground.longest
    state.count, state.way = state.count + state.way, state.way
    if state.count >= most then
        state.count, state.way = most, -1
    elseif state.count <= 1 then
        state.count, state.way = 1, 1
    end
    return state.count
end

local function play_bells(ctx, now, state)
    local n = count_of(now, state)
    local presence = form.fade(now.intensity, 0.03, 0.35)
    local quiet = 0.5 * form.fade(now.silence, 0.1, 1) + 0.6 * (1 - form.fade(now.intensity, 0.1, 0.7))
    local silent = now.random("form"):float() < quiet
    if presence < 0.03 then
        return
    end
    local walks = WALKS[now.ground.walk]
    if now.number == 0 or not (silent and n % 2 == 1) then
        play_word(ctx, now, walks[1], n, 0.03 * now.length, 0.36 * now.length, presence * form.mix(0.8, 1, now.tide))
    end
    if not silent then
        local m = math.max(1, n + now.random("form"):int(-1, 0))
        play_word(ctx, now, walks[2], m, 0.47 * now.length, REST * now.length,
            presence * form.mix(0.65, 0.85, now.tide))
    end
end

-- A large bell marks the ground: where it begins, and at higher intensity on every chord.
local function play_gong(ctx, now, state, chord)
    local presence = form.fade(now.intensity, 0.25, 0.8)
    if presence < 0.03 or state.down > 0 and now.intensity < 0.6 then
        return
    end
    local pitch = voicing.place(state.down == 0 and now.key.root or chord.root, 50, 45, 57)
    play(ctx, now, { patch = "gong", at = 0.01 * now.length, beats = now.length * 0.6, pitch = pitch,
                     velocity = presence * (state.down == 0 and 0.6 or 0.42) + 0.05 * now.random("gong"):float(),
                     pan = 0.1 })
end

return {
    title = "Meditation",
    meter = { 4, 4 },
    defaults = { key = "A aeolian", bpm = 50, intensity = 0.5, melody_complexity = 0.5 },
    controls = {
        silence = { min = 0, max = 1, default = 0.35, label = "Silence" },
        ring = { min = 0, max = 1, default = 0.6, label = "Second bell" },
        breath = { min = 0, max = 1, default = 0.5, label = "Breath" },
    },
    patches = {
        bell = { voice = "bell", level = -6, attack = 0.014, decay = 9, release = 5, ratio = 2.76, index = 0.75,
                 index_decay = 1.2, tail = 0.08, detune = 0, reverb = 0.55, delay = 0.25 },
        glass = { voice = "bell", level = -9.5, attack = 0.018, decay = 7, release = 4, ratio = 2, index = 0.7,
                  index_decay = 2.5, tail = 0.15, detune = 0.2, reverb = 0.65, delay = 0.3 },
        gong = { voice = "bell", level = -7, attack = 0.02, decay = 16, release = 8, ratio = 1.41, index = 1.4,
                 index_decay = 4, tail = 0.2, detune = 0, reverb = 0.5, delay = 0 },
        pad = { voice = "pad", level = -12, attack = 5, decay = 4, sustain = 0.8, release = 6, detune = 3, sub = 0.08,
                cutoff = 560, lfo_rate = 0.021, lfo_depth = 0.8, width = 0.45, reverb = 0.55, delay = 0 },
        veil = { voice = "pad", level = -17, attack = 6.5, decay = 4, sustain = 0.7, release = 7, detune = 4, sub = 0,
                 cutoff = 2200, lfo_rate = 0.047, lfo_depth = 1.2, width = 0.35, reverb = 0.75, delay = 0 },
        ground = { voice = "modular", level = -11, env1_attack = 3.5, env1_decay = 4, env1_sustain = 0.85,
                   env1_release = 5, env2_attack = 5, env2_decay = 6, env2_sustain = 0.3, env2_release = 4,
                   env2_to_noise = 0.3, noise = 0.02, level2 = 0.3, shape = 0.3, cutoff = 260, env2_to_cutoff = 0.8,
                   lfo1_to_pitch1 = 0, lfo1_to_pitch2 = 0, lfo2_rate = 0.07, reverb = 0.2, delay = 0 },
        breath = { voice = "modular", level = -12, env1_attack = 6, env1_decay = 2, env1_sustain = 0.6,
                   env1_release = 6, env2_attack = 7, env2_decay = 3, env2_sustain = 0.4, env2_release = 6,
                   noise = 0.25, env2_to_noise = 1.6, level1 = 0.35, level2 = 0.05, cutoff = 700,
                   env2_to_cutoff = 1.3, resonance = 1.2, lfo1_to_pitch1 = 0, lfo1_to_pitch2 = 0,
                   lfo2_rate = 0.11, lfo2_to_cutoff = 0.5, reverb = 0.5, delay = 0 },
    },
    effects = {
        reverb = { decay = 9.5, damping = 3800, modulation = 0.35, predelay = 0.02, highpass = 240, level = 2 },
        delay = { beats = 1.5, beats_right = 2.3125, feedback = 0.42, cutoff = 1200, highpass = 250, cross = 0.6,
                  reverb = 0.4, level = -2 },
        master = { level = 16, ceiling = -1.5 },
    },
    state = { clock = 0, key = "", down = 0, low = 45, count = 1, way = 1 },
    phrase = function(ctx, state)
        local now = survey(ctx, state)
        local chord = chord_of(now, state)
        now.uneven = phrases.uneven()
        ctx:chord { at = 0, beats = now.length, name = chord.name, pitches = chord.pitches }
        play_breath(ctx, now, state, chord)
        play_pad(ctx, now, chord)
        play_gong(ctx, now, state, chord)
        play_bells(ctx, now, state)
        state.voicing, state.key, state.down = chord.pitches, now.key.name, state.down + 1
        return now.bars
    end,
}
