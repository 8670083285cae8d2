-- Arc: half an hour from silence to silence. It begins as breath and one low tone; a choir of waves, a pad, bells,
-- strings and grains come in one after another, at two thirds everything sounds, with a horn and a felt drum; then it
-- goes home.
-- Harmony: neo-Riemannian. There are only triads, and each leads to the next by P, L or R: one voice moves by a step,
-- two stay. How many such moves lie between the chord and home follows the arc: none at dawn, five, as far as one can
-- go, at the height. Two neighbours rock to and fro for a stanza, then the walk goes on. A new key is a new home: the
-- chord that sounds stays, and the walk turns toward it.
-- Form: one arc of 30 minutes, then another, whose home lies a major third lower; after three it is back at the first.
-- The horn sings only tones of the chord (100 per cent; scale and chromatic 0): a call on one chord, the same call bent
-- to its neighbour, both again later.
-- Broken on purpose: intensity sets how far an arc climbs, not how far it has come, so the first minutes are quiet at
-- any intensity, and for half of the arc there is no lead at all.
local form = require "form"
local percussion = require "percussion"
local phrases = require "phrase"
local rhythm = require "rhythm"
local theory = require "theory"
local voicing = require "voicing"

local BARS = 8
local PAD = { low = 48, high = 72, voices = 4, span = 21, centre = 60 }
local PAN = { -0.5, 0.35, -0.3, 0.55 }
local NAMES = { "C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B" }
-- Over the arc, 0 to 1: how much sounds, and how many moves from home.
local ENERGY = { { 0, 0.02 }, { 0.08, 0.24 }, { 0.35, 0.56 }, { 0.64, 1 }, { 0.7, 1 }, { 0.84, 0.5 }, { 1, 0.02 } }
local DISTANCE = { { 0, 0 }, { 0.07, 0.4 }, { 0.3, 2.5 }, { 0.64, 5 }, { 0.72, 5 }, { 0.95, 0.3 }, { 1, 0 } }

-- ---- triads ----

local MOVES = {
    P = function(t) return { root = t.root, minor = not t.minor } end,
    L = function(t) return { root = (t.root + (t.minor and 8 or 4)) % 12, minor = not t.minor } end,
    R = function(t) return { root = (t.root + (t.minor and 3 or 9)) % 12, minor = not t.minor } end,
}
local ORDER = { "P", "L", "R" }

local function index_of(t)
    return 2 * t.root + (t.minor and 2 or 1)
end

-- How many moves each of the 24 triads is from home.
local function distances(home)
    local far, queue, first = { [index_of(home)] = 0 }, { home }, 1
    while queue[first] do
        local t = queue[first]
        first = first + 1
        for _, name in ipairs(ORDER) do
            local other = MOVES[name](t)
            if not far[index_of(other)] then
                far[index_of(other)] = far[index_of(t)] + 1
                queue[#queue + 1] = other
            end
        end
    end
    return far
end

local function chord_of(t)
    local third = t.minor and 3 or 4
    return { name = NAMES[t.root + 1] .. (t.minor and "m" or ""), root = t.root, intervals = { 0, third, 7 },
             classes = theory.classes { t.root, t.root + third, t.root + 7 } }
end

-- The neighbour that brings the walk nearest to where the arc wants it; rarely straight back.
local function neighbour(now, stream, t, before)
    local weights, triads = {}, {}
    for i, name in ipairs(ORDER) do
        triads[i] = MOVES[name](t)
        local off = now.far[index_of(triads[i])] - now.distance
        local back = before and index_of(triads[i]) == index_of(before) and 0.3 or 1
        weights[i] = back * math.exp(-1.6 * math.abs(off)) * (name == "P" and 0.6 or 1)
    end
    return triads[form.weighted(stream, weights)]
end

local function homeward(now, t)
    for _, name in ipairs(ORDER) do
        local other = MOVES[name](t)
        if now.far[index_of(other)] < now.far[index_of(t)] then
            return other
        end
    end
    return t
end

-- ---- where the music is ----

local function survey(ctx, state)
    local now = { random = ctx.random, bpm = ctx.bpm, bar = ctx.beats_per_bar, seconds = 60 / ctx.bpm,
                  key = theory.key(ctx.key), unit = phrases.unit(ctx.bpm), complexity = ctx.melody_complexity,
                  intensity = ctx.intensity, number = ctx.phrase }
    now.clock = form.clock(state, ctx, BARS)
    now.length = BARS * now.bar
    now.span = now.length * now.seconds
    now.place = state.place
    state.place = state.place + now.span / (60 * ctx.minutes)
    if state.place >= 1 then
        state.place, state.arcs = 0, state.arcs + 1
    end
    state.phase = state.phase or now.random "arc":float()
    now.home = { root = (now.key.root - 4 * state.arcs) % 12, minor = now.key.scale[3] == 3 }
    now.far = distances(now.home)
    now.energy = form.curve(ENERGY, now.place)
    now.g = form.clamp(now.energy * form.mix(0.3, 1.5, now.intensity), 0, 1)
    now.distance = math.min(5, form.curve(DISTANCE, now.place) * form.mix(0.4, 1.6, ctx.reach))
    now.shine = ctx.shine
    now.breath = form.wave(now.clock, 71, state.phase)
    now.drift = form.wave(now.clock, 347, 1.7 * state.phase)
    -- What has not come in yet is made up for, but an arc it stays.
    now.lift = form.mix(0.9, 1.04, form.fade(now.energy, 0.5, 1))
        * form.mix(1.5, 0.92, form.fade(ctx.intensity, 0, 0.75))
        * form.mix(0.85, 1, form.fade(1 - now.place, -0.01, 0.05))
    return now
end

-- A stanza is two phrases on two neighbours; the nearer the height, the more often they take turns.
local function couple(now, state)
    local stream = now.random "walk"
    if not state.stanza or state.stanza.part >= 2 then
        local from = state.stanza and state.stanza.to or now.home
        state.stanza = { part = 0, from = from, to = neighbour(now, stream, from, state.stanza and state.stanza.from),
                         sing = stream:pick { "1.12", ".112", "1.11", "..12", "1..2" }, number = stream:int(1, 1e6) }
        state.theme = nil
    end
    state.stanza.part = state.stanza.part + 1
    local here, there = state.stanza.from, state.stanza.to
    local turns = now.energy < 0.17 and 1 or now.energy < 0.4 and 2 or 4
    while turns > 1 and now.span / turns < 4.7 do
        turns = turns / 2
    end
    local triads = {}
    for i = 1, turns do
        local second = turns == 1 and state.stanza.part == 2 or i % 2 == 0
        triads[i] = second and there or here
    end
    return triads
end

-- Straight on to another home, a move at a time, until the walk is where the arc wants it.
local function walk_home(now, state)
    local triads, t = {}, state.stanza.to
    local most = math.max(1, math.min(4, math.floor(now.span / 4.7)))
    triads[1] = t
    while #triads < most and now.far[index_of(t)] > now.distance + 1 do
        t = homeward(now, t)
        triads[#triads + 1] = t
    end
    state.stanza = { part = 2, from = triads[#triads - 1] or t, to = t, sing = "....", number = 1 }
    return triads
end

local function steps_of(now, state)
    local moved = state.key ~= "" and state.key ~= now.key.name or state.turning
    state.turning = moved and now.far[index_of(state.stanza.to)] > now.distance + 1
    local triads = state.turning and walk_home(now, state) or couple(now, state)
    state.key = now.key.name
    local steps = {}
    for i, t in ipairs(triads) do
        local chord = chord_of(t)
        state.voicing = voicing.lead(state.voicing, chord, PAD)
        steps[i] = { at = (i - 1) * now.length / #triads, beats = now.length / #triads, chord = chord,
                     pitches = state.voicing, triad = t }
    end
    -- What the next phrase begins with is known already.
    local stanza = state.stanza
    local turn = stanza.part == 1 and (#triads == 1 and stanza.to or stanza.from) or stanza.to
    state.following = voicing.lead(state.voicing, chord_of(turn), PAD)
    return steps
end

local function play(ctx, now, note)
    note.at = form.clamp(note.at, 0, now.length - 0.01)
    note.velocity = form.clamp(note.velocity, 0.01, 1)
    note.beats = math.min(note.beats, 200)
    ctx:note(note)
end

-- Chord tones upwards from a pitch.
local function ladder(chord, low, n)
    local out, pitch = {}, low
    while #out < n do
        pitch = theory.snap_up(pitch, chord.classes)
        out[#out + 1] = pitch
        pitch = pitch + 1
    end
    return out
end

-- ---- the voices, in the order in which they come ----

local function play_breath(ctx, now, steps)
    local stream, pitch = now.random "breath", voicing.place(steps[1].chord.root, 60, 54, 66)
    local turn = now.length * form.mix(0.35, 0.6, stream:float())
    for half = 0, 1 do
        local swell = form.wave(now.clock + half * now.span / 2, 41, 0.1)
        local level = now.lift * form.mix(1.2, 0.25, form.fade(now.g, 0, 0.7)) * form.mix(0.3, 0.6, swell)
        play(ctx, now, { patch = "breath", at = half * turn, beats = (half == 0 and turn or now.length - turn) +
                         4 / now.seconds, pitch = pitch, velocity = level, pan = form.mix(-0.4, 0.4, swell) })
    end
end

-- The low tone: what home shares with the chord, or else the chord's root.
local function play_ground(ctx, now, steps)
    local stream, class = now.random "ground", steps[1].chord.root
    for _, at_home in ipairs { 0, 7 } do
        local tone = (now.home.root + at_home) % 12
        local all = true
        for _, step in ipairs(steps) do
            all = all and step.chord.classes[tone]
        end
        if all then
            class = tone
            break
        end
    end
    local held = steps[1].chord.classes[class] and steps[#steps].chord.classes[class]
    for i, step in ipairs(held and { { at = 0, beats = now.length } } or steps) do
        local chord = steps[i].chord
        local low = voicing.place(held and class or chord.root, 38, 33, 44)
        local velocity = phrases.velocity(stream, 0.72 * now.lift, step.at / now.length, 0.08)
        play(ctx, now, { patch = "ground", at = step.at, beats = step.beats + 3 / now.seconds, pitch = low,
                         velocity = velocity, pan = 0 })
        play(ctx, now, { patch = "ground", at = step.at + math.min(8, step.beats / 2) * stream:float(),
                         beats = step.beats - 1, pitch = low + 12,
                         velocity = velocity * form.mix(0.3, 0.6, now.drift), pan = 0.2 })
    end
end

local function play_chords(ctx, now, state, steps)
    local notes, held = phrases.legato(steps, { pitches = state.following },
        phrases.retime(state.held, state.bpm, now.bpm),
        { overlap = 1.6 / now.seconds, tie = 5 / now.seconds, longest = 18 / now.seconds })
    state.held = held
    local choir = form.fade(now.g, 0.03, 0.25) * form.mix(1, 0.6, form.fade(now.g, 0.5, 1))
    local pad, stream = form.fade(now.g, 0.16, 0.5), now.random "pad"
    for _, note in ipairs(notes) do
        local late = (note.rebowed and 0 or 0.8 * stream:float()) / now.seconds
        local base = now.lift * form.mix(0.58, 0.78, now.breath)
        local velocity = phrases.velocity(stream, base, note.at / now.length, 0.2)
        local beats = math.max(1, note.beats - late)
        if pad > 0.02 then
            play(ctx, now, { patch = "pad", at = note.at + late, beats = beats, pitch = note.pitch,
                             velocity = velocity * pad, pan = PAN[note.voice] })
        end
        if choir > 0.02 and note.voice >= 2 then
            play(ctx, now, { patch = "choir", at = note.at + late, beats = beats, pitch = note.pitch,
                             velocity = velocity * choir, pan = -0.5 * PAN[note.voice] })
        end
    end
end

-- Bells: where the harmony turns, the tone that has moved, high up.
local function play_bells(ctx, now, state, steps)
    local presence = form.fade(now.g, 0.1, 0.35) * form.mix(0.6, 1, now.breath)
    local before, stream = state.classes or {}, now.random "bell"
    for _, step in ipairs(steps) do
        local moved
        for class = 0, 11 do
            moved = step.chord.classes[class] and not before[class + 1] and class or moved
        end
        if presence > 0.02 and stream:float() < 0.75 then
            local tones = ladder(step.chord, 72, 5)
            local pitch = moved and voicing.place(moved, 80, 74, 86) or stream:pick(tones)
            for i = 1, now.g > 0.5 and stream:int(1, 2) or 1 do
                local at = step.at + (stream:pick { 1.2, 1.5, 2.5, 3 } * i - 1) * now.unit
                play(ctx, now, { patch = "bell", at = at + phrases.lean(stream, now.bpm, 1), beats = 4 * now.unit,
                                 pitch = i == 1 and pitch or stream:pick(tones), pan = stream:float() - 0.5,
                                 velocity = presence * form.mix(0.35, 0.55, stream:float()) / i })
            end
        end
        for class = 0, 11 do
            before[class + 1] = step.chord.classes[class] or false
        end
    end
    state.classes = before
end

-- Strings: a figure that opens with the arc, from three hits in eight to seven.
local function play_strings(ctx, now, state, steps)
    local presence = form.fade(now.g, 0.3, 0.75) * form.mix(0.45, 1, form.wave(now.clock, 109, state.phase))
    if presence < 0.03 then
        return
    end
    local stream, uneven = now.random "strings", phrases.uneven()
    local hits = math.floor(form.mix(2.5, 6, now.g) + now.complexity)
    local pattern, half = rhythm.euclid(hits, 8, state.stanza.number % 8), now.unit / 2
    for _, step in ipairs(steps) do
        local tones = ladder(step.chord, 52, 7)
        for i, note in ipairs(rhythm.notes(pattern, step.beats, half)) do
            local wave = (i * (1 + state.stanza.number % 2) + math.floor(i / 5)) % 12
            local pitch = tones[1 + (wave > 6 and 12 - wave or wave)]
            local at = step.at + note.at
            if stream:float() < 0.93 then
                local velocity = presence * phrases.velocity(stream, i % 4 == 1 and 0.6 or 0.46, at / now.length, 0.3)
                play(ctx, now, { patch = "strings", at = at + phrases.lean(stream, now.bpm, 1), beats = 2 * half,
                                 pitch = pitch, velocity = uneven(pitch, velocity),
                                 pan = form.clamp((pitch - 62) / 20, -0.7, 0.7) })
            end
        end
    end
end

local function play_grains(ctx, now, steps)
    local presence = form.fade(now.g, 0.38, 0.85) * form.mix(0.5, 1, now.drift) * (0.5 + now.shine)
    for _, step in ipairs(presence > 0.03 and steps or {}) do
        play(ctx, now, { patch = "grains", at = step.at, beats = step.beats + 2, pitch = step.pitches[3] + 12,
                         velocity = 0.6 * presence, pan = 0.5 * math.sin(now.clock / 17 + step.at) })
    end
end

local function play_bass(ctx, now, steps)
    local presence = form.fade(now.g, 0.42, 0.8)
    local stream = now.random "bass"
    for _, step in ipairs(presence > 0.03 and steps or {}) do
        local low = voicing.place(step.chord.root, 40, 35, 46)
        for i, at in ipairs { 0, 2.5 * now.unit, 5 * now.unit } do
            if at < step.beats - now.unit and (i == 1 or stream:float() < 0.4 + 0.4 * now.g) then
                local velocity = presence * (i == 1 and 0.66 or 0.42)
                play(ctx, now, { patch = "bass", at = step.at + at + phrases.lean(stream, now.bpm, 1),
                                 beats = 2 * now.unit, pitch = i == 2 and low + 7 or low,
                                 velocity = phrases.velocity(stream, velocity, at / now.length, 0.15), pan = 0 })
            end
        end
    end
end

-- The horn's call: a contour over the ladder of a chord; on the neighbour every tone moves to the nearest of its tones.
local function call_of(now, state)
    if not state.theme then
        local stream, notes, at = now.random "call", {}, 0
        local place = stream:int(3, 5)
        for i = 1, stream:int(4, 4 + math.floor(3 * now.complexity + 0.5)) do
            local beats = stream:pick { 1, 1, 0.5, 1.5 }
            notes[i] = { at = at, beats = beats, place = place }
            at, place = at + beats, form.clamp(place + stream:pick { -2, -1, 1, 1, 2 }, 1, 8)
        end
        notes[#notes].beats = 2
        state.theme = { notes = notes, late = stream:pick { 0.5, 1, 1.5 } }
    end
    return state.theme
end

local function play_horn(ctx, now, state, steps)
    local presence = form.fade(now.g, 0.4, 0.7)
    if presence < 0.03 or #steps < 2 then
        return
    end
    local theme, stream, uneven = call_of(now, state), now.random "horn", phrases.uneven()
    local home = ladder(chord_of(state.stanza.from), 69, 8)
    for i, step in ipairs(steps) do
        local pass = 2 * (state.stanza.part - 1) + math.ceil(2 * i / #steps)
        local patch = ({ ["1"] = "horn", ["2"] = "reed" })[state.stanza.sing:sub(pass, pass)]
        for j, note in ipairs(patch and theme.notes or {}) do
            local at = (theme.late + note.at) * now.unit
            if at + 0.5 * now.unit < step.beats then
                local pitch = theory.snap(home[note.place], step.chord.classes, -1)
                local arc = phrases.arc(j / (#theme.notes + 1))
                play(ctx, now, { patch = patch, at = step.at + at + phrases.lean(stream, now.bpm, 1), pitch = pitch,
                                 beats = math.min(note.beats * now.unit, step.beats - at),
                                 velocity = uneven(pitch, presence * form.mix(0.42, 0.66, arc)),
                                 pan = patch == "horn" and -0.2 or 0.3 })
            end
        end
    end
end

local function play_drums(ctx, now, steps)
    local presence = form.fade(now.g, 0.62, 0.95)
    if presence < 0.03 then
        return
    end
    local stream = now.random "drums"
    local i = 1
    for _, kick in ipairs(percussion.kicks(now.random "kick", now.length, now.bar, now.unit, now.g)) do
        while steps[i + 1] and steps[i + 1].at <= kick.at do
            i = i + 1
        end
        play(ctx, now, { patch = "kick", at = kick.at + 0.01 * stream:float() / now.seconds, beats = 1,
                         pitch = voicing.place(steps[i].chord.root, 37, 32, 43), velocity = presence * kick.velocity,
                         pan = 0 })
    end
    local ticks = rhythm.notes(rhythm.euclid(5, 16, 3), now.length, now.unit / 2)
    for n, note in ipairs(rhythm.thin(stream, ticks, 0.7)) do
        play(ctx, now, { patch = "tick", at = note.at + phrases.lean(stream, now.bpm, 1), beats = 0.25,
                         pitch = steps[1].pitches[4] + 12, velocity = presence * form.mix(0.2, 0.45, stream:float()),
                         pan = 0.6 * math.sin(n * 2.1) })
    end
end

return {
    title = "Arc",
    meter = { 4, 4 },
    defaults = { key = "C minor", bpm = 72, intensity = 0.5, melody_complexity = 0.5 },
    controls = {
        minutes = { min = 10, max = 60, default = 30, label = "Minutes of an arc" },
        reach = { min = 0, max = 1, default = 0.5, label = "Reach of the harmony" },
        shine = { min = 0, max = 1, default = 0.5, label = "Shine" },
    },
    patches = {
        breath = { voice = "swell", level = -11, attack = 6, sustain = 0.9, release = 7, cutoff = 620, resonance = 2,
                   sweep = 0.6, lfo_rate = 0.037, lfo_depth = 0.8, reverb = 0.5, delay = 0 },
        ground = { voice = "modular", level = -12, env1_attack = 4, env1_release = 6, env2_attack = 5, env2_decay = 8,
                   env2_sustain = 0.4, env2_release = 5, lfo1_to_pitch1 = 0, lfo1_to_pitch2 = 0, lfo2_rate = 0.051,
                   lfo2_to_pitch2 = 0, lfo2_to_cutoff = 0.9, env2_to_noise = 0.1, noise = 0.02, tune2 = 0,
                   level2 = 0.55, shape = 0.3, cutoff = 300, keytrack = 0.3, reverb = 0.2, delay = 0 },
        choir = { voice = "wave", level = -15, attack = 3.5, sustain = 0.85, release = 5.5, place = 0.7,
                  lfo_depth = 0.2, lfo_rate = 0.031, detune = 0, cutoff = 1500, reverb = 0.65, delay = 0.1,
                  chorus = 0.2 },
        pad = { voice = "pad", level = -12, attack = 2.4, decay = 4, sustain = 0.8, release = 5, detune = 7, sub = 0.1,
                cutoff = 760, keytrack = 0.4, lfo_rate = 0.023, lfo_depth = 1, width = 0.55, reverb = 0.5,
                delay = 0.05 },
        bell = { voice = "bell", level = -15, decay = 6, ratio = 3, index = 0.8, index_decay = 1.2, reverb = 0.65,
                 delay = 0.45 },
        strings = { voice = "pluck", level = -10, attack = 0.006, decay = 3, release = 1.2, tone = 0.7, damping = 1.2,
                    position = 0.26, reverb = 0.4, delay = 0.3 },
        grains = { voice = "grain", level = -16, attack = 4, release = 6, length = 0.4, scatter = 0.35, cutoff = 3400,
                   lfo_rate = 0.041, lfo_depth = 1, reverb = 0.7, delay = 0.2 },
        bass = { voice = "bass", level = -11, attack = 0.04, decay = 1.6, sustain = 0.45, release = 0.8, tone = 0.5,
                 sub = 0.2, cutoff = 360, sweep = 0.8, reverb = 0.12, delay = 0 },
        horn = { voice = "lead", level = -12, attack = 0.12, decay = 1.2, sustain = 0.65, release = 1.6, tone = 0.6,
                 cutoff = 1700, vibrato_depth = 6, vibrato_delay = 0.9, reverb = 0.6, delay = 0.35 },
        reed = { voice = "lead", level = -13, attack = 0.2, decay = 1.5, sustain = 0.6, release = 2, tone = 0.35,
                 cutoff = 2300, vibrato_rate = 4.2, vibrato_depth = 8, vibrato_delay = 0.8, reverb = 0.6, delay = 0.5 },
        kick = { voice = "kick", level = -12, attack = 0.006, decay = 0.6, sweep = 12, sweep_time = 0.04, tone = 0.15,
                 reverb = 0.08, delay = 0 },
        tick = { voice = "tick", level = -21, attack = 0.01, decay = 0.08, cutoff = 3000, resonance = 2.5,
                 reverb = 0.35, delay = 0.2 },
    },
    effects = {
        reverb = { decay = 8.5, damping = 4200, modulation = 0.35, predelay = 0.03, highpass = 250, level = 2 },
        delay = { beats = 0.75, beats_right = 1.25, feedback = 0.5, cutoff = 1900, highpass = 230, reverb = 0.35,
                  level = 0 },
        master = { level = 12.4, ceiling = -1.5 },
    },
    state = { clock = 0, bpm = 72, key = "", place = 0, arcs = 0, held = {} },
    phrase = function(ctx, state)
        local now = survey(ctx, state)
        local steps = steps_of(now, state)
        for _, step in ipairs(steps) do
            ctx:chord { at = step.at, beats = step.beats, name = step.chord.name, pitches = step.pitches }
        end
        play_breath(ctx, now, steps)
        play_ground(ctx, now, steps)
        play_chords(ctx, now, state, steps)
        play_bells(ctx, now, state, steps)
        play_strings(ctx, now, state, steps)
        play_grains(ctx, now, steps)
        play_bass(ctx, now, steps)
        play_horn(ctx, now, state, steps)
        play_drums(ctx, now, steps)
        state.bpm = now.bpm
        return BARS
    end,
}
