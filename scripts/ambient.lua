-- Ambient: drone, air, a pad that is led voice by voice, a lead that answers itself, and at higher intensity a soft
-- pulse and a felt kick. Chords follow a second-order Markov chain on the mode's matrix. docs/music.md tells more.
local conversation = require "conversation"
local form = require "form"
local harmony = require "harmony"
local percussion = require "percussion"
local phrases = require "phrase"
local progressions = require "progressions"
local theory = require "theory"
local voicing = require "voicing"

local BARS = 8
local PAD = { low = 48, high = 72, voices = 4, span = 22 }
local LEAD = { low = 72, high = 88, centre = 78 }
local PAN = { -0.55, 0.4, -0.3, 0.6 } -- of the pad's voices, low to high
local TIE_SECONDS = 4.5
local CHAPTER_SECONDS = 330
local DRONES = { "root", "tonic", "root", "fifth" }
local STREAMS = { "chords", "colour", "form", "chapter", "pad", "drone", "lead", "lean", "pulse", "air", "kick" }
local LEADS = { "bell", "flute", "glow" }

-- Draws the next chord of the progression and leads the voices to it.
local function draw_chord(now, state, from)
    local name = now.chain:next(now.random.chords, state.playhead)
    local chord = harmony.colour(now.random.colour, now.key, progressions.degree(name), now.colour, now.lend)
    return harmony.sonority(chord, name, from, now.pad)
end

-- What the phrase begins with: what the one before led into, or a pivot into another key.
local function first_chord(now, state)
    if state.following and state.key == now.key.name then
        return state.following
    end
    conversation.drop(state.talk)
    local chord = state.following and harmony.pivot(now.key, state.voicing, now.pad)
        or harmony.opening(now.key, now.pad)
    state.playhead = now.chain:start(chord.state)
    return chord
end

-- A long chord may change its colour halfway: one or two voices step, the root stays.
local function recolour(now, chord, seconds)
    local stream = now.random.colour
    if seconds >= 9 and stream:float() < 0.45 then
        local other = harmony.colour(stream, now.key, progressions.degree(chord.state), now.colour, 0)
        local turned = harmony.sonority(other, chord.state, chord.pitches, now.pad)
        if turned.name ~= chord.name and turned.root == chord.root then
            return turned
        end
    end
end

-- The phrase's chords with their times; the first one of the phrase after it goes into the state.
local function chords_of(now, state)
    local chord, steps, at = first_chord(now, state), {}, 0
    local bars = phrases.chord_bars(now.random.form, BARS, now.bar * now.seconds, 4, 14, form.mix(11, 7, now.motion))
    for _, count in ipairs(bars) do
        local beats = count * now.bar
        local turned = recolour(now, chord, beats * now.seconds)
        for _, sonority in ipairs(turned and { chord, turned } or { chord }) do
            steps[#steps + 1] = { at = at, beats = beats / (turned and 2 or 1), pitches = sonority.pitches,
                                  chord = sonority }
            at = at + steps[#steps].beats
        end
        chord = draw_chord(now, state, steps[#steps].pitches)
    end
    state.following, state.key, state.voicing = chord, now.key.name, steps[#steps].pitches
    return steps
end

-- Every five minutes or so the piece turns a page: another bass, another lead, another register.
local function chapter(now, state)
    local page = state.page
    if not page or now.clock >= page.ends then
        local stream = now.random.chapter
        state.page = {
            first = now.number, ends = now.clock + CHAPTER_SECONDS * (0.85 + 0.3 * stream:float()),
            drone = form.other(stream, { 1, 1, 1, 0.7 }, page and page.drone or 2),
            lead = form.other(stream, { 1, 1, 0.8 }, page and page.lead),
            centre = stream:int(-1, 2), pad = stream:int(-1, 1),
            hits = stream:pick { 3, 5, 3, 7 }, turn = stream:int(0, 7),
        }
    end
    return state.page
end

-- What holds for this phrase: tempo, clock, streams and the slow arcs.
local function survey(ctx, state)
    local now = { bpm = ctx.bpm, bar = ctx.meter[1], intensity = ctx.intensity, complexity = ctx.melody_complexity,
                  unit = phrases.unit(ctx.bpm), clock = state.clock, random = {}, number = ctx.phrase }
    for _, name in ipairs(STREAMS) do
        now.random[name] = ctx.random(name)
    end
    state.phase = state.phase or now.random.form:float()
    now.key = theory.key(ctx.key)
    now.chain = progressions.chain2(now.key.mode)
    now.length = BARS * now.bar
    now.seconds = 60 / now.bpm
    -- Arcs that never line up: over a minute, five, twenty, thirty.
    now.breath = form.wave(now.clock, 83, state.phase)
    now.drift = form.wave(now.clock, 307, state.phase * 1.7)
    now.journey = form.wave(now.clock, 1873, state.phase * 2.3)
    now.colour = form.clamp(ctx.colour + 0.3 * (now.journey + 0.5 * now.drift - 0.75), 0, 1)
    now.lend = 0.02 + 0.14 * now.journey * now.colour
    now.rest = form.mix(1.3, 0.8, form.wave(now.clock, 1117, state.phase * 3.1))
    now.motion = form.clamp(0.2 + 0.4 * now.intensity + 0.4 * (now.breath - 0.5), 0, 1)
    now.density, now.air = ctx.density, ctx.air
    -- What thins out at low intensity is made up for, so that loudness stays even: about +5 dB at 0, -1 dB at 1.
    now.lift = form.mix(1.65, 0.92, form.fade(now.intensity, -0.2, 0.9))
    now.page = chapter(now, state)
    now.pad = { low = PAD.low, high = PAD.high, voices = PAD.voices, span = PAD.span, centre = 59 + now.page.pad }
    return now
end

local function play(ctx, now, note)
    note.at = form.clamp(note.at, 0, now.length - 0.01)
    note.velocity = form.clamp(note.velocity, 0.01, 1)
    ctx:note { patch = note.patch, at = note.at, beats = math.min(note.beats, 200), pitch = note.pitch,
               velocity = note.velocity, pan = note.pan }
end

-- Which of the pad's voices sound: two inner ones from the start, the outer ones as intensity rises.
local function pad_gains(now)
    local g = now.intensity
    return { form.fade(g, 0.05, 0.4), form.mix(0.6, 1, form.fade(g, 0, 0.4)), form.mix(0.5, 1, form.fade(g, 0, 0.5)),
             form.fade(g, 0.1, 0.55) }
end

-- The pad is two or three patches on the same notes; which of them is in front changes over minutes.
local function pad_layers(now)
    local bright = form.clamp(0.15 + 0.7 * now.drift + 0.25 * (now.intensity - 0.5), 0, 1)
    return {
        { patch = "pad", gain = form.mix(0.8, 0.3, bright), first = 1 },
        { patch = "warm", gain = form.mix(0.35, 0.85, bright), first = 1 },
        { patch = "glass", gain = form.fade(now.intensity, 0.2, 0.9) * form.mix(0.25, 0.8, now.breath), first = 3 },
    }
end

local function play_pad(ctx, now, state, steps)
    local beat = now.seconds
    local notes, held = phrases.legato(steps, state.following, phrases.retime(state.held, state.bpm, now.bpm),
        { overlap = 1.2 / beat, tie = TIE_SECONDS / beat, longest = 16 / beat })
    state.held = held
    local gains, stream, uneven = pad_gains(now), now.random.pad, phrases.uneven()
    local layers, width = pad_layers(now), form.mix(0.6, 1, now.drift)
    for _, note in ipairs(notes) do
        local late = (note.rebowed and 0 or 0.5 * stream:float() + 0.005) / beat
        local base = now.lift * gains[note.voice] * form.mix(0.62, 0.78, now.breath)
        local velocity = uneven(note.pitch, phrases.velocity(stream, base, note.at / now.length, 0.18))
        for _, layer in ipairs(layers) do
            if velocity * layer.gain > 0.015 and note.voice >= layer.first and gains[note.voice] > 0.02 then
                play(ctx, now, { patch = layer.patch, at = note.at + late, beats = math.max(note.beats - late, 1),
                                 pitch = note.pitch, velocity = velocity * layer.gain, pan = PAN[note.voice] * width })
            end
        end
    end
end

local function drone_pitch(now, chord)
    local kind = DRONES[now.page.drone]
    local class = kind == "root" and chord.root or kind == "tonic" and now.key.root % 12
        or (now.key.root + now.key.scale[5]) % 12
    return voicing.place(class, 40, 35, 46)
end

-- When a page turns, the floor opens: one phrase without drone, pulse and kick.
local function floating(now)
    return now.page.first == now.number and now.number > 0 and now.intensity > 0.15
end

local function play_drone(ctx, now, state, steps)
    if floating(now) then
        state.low = {}
        return
    end
    local beat, stream = now.seconds, now.random.drone
    local bass = {}
    for i, step in ipairs(steps) do
        bass[i] = { at = step.at, beats = step.beats, pitches = { drone_pitch(now, step.chord) } }
    end
    local next_bass = { beats = now.bar, pitches = { drone_pitch(now, state.following) } }
    local notes, held = phrases.legato(bass, next_bass, phrases.retime(state.low, state.bpm, now.bpm),
        { overlap = 1.5 / beat, tie = TIE_SECONDS / beat, longest = 24 / beat })
    state.low = held
    for _, note in ipairs(notes) do
        local velocity = phrases.velocity(stream, 0.6 * now.lift, note.at / now.length, 0.1)
        play(ctx, now, { patch = "drone", at = note.at, beats = note.beats, pitch = note.pitch, velocity = velocity,
                         pan = 0 })
        play(ctx, now, { patch = "reed", at = note.at, beats = note.beats, pitch = note.pitch + 12,
                         velocity = velocity * form.mix(0.3, 0.7, 1 - now.drift), pan = 0.15 })
    end
end

local function lead_note(ctx, now, note, gesture, i, chord_at, presence)
    local at = note.at * now.unit
    local lean = phrases.lean(now.random.lean, now.bpm)
    if at + lean < 0 or chord_at(at + lean, note.beats * now.unit) ~= chord_at(at, note.beats * now.unit) then
        lean = -lean
    end
    local inner = phrases.arc(i / (#gesture.notes + 1))
    local base = presence * (gesture.kind == "tail" and 0.75 or 1) * form.mix(0.42, 0.62, inner)
    local velocity = phrases.velocity(now.random.lean, base, at / now.length, 0.12)
    local last = i == #gesture.notes
    play(ctx, now, { patch = LEADS[now.page.lead], at = at + lean, pitch = note.pitch,
                     beats = note.beats * now.unit * (last and 1 or 1.05), velocity = now.uneven(note.pitch, velocity),
                     pan = 0.35 * math.sin(note.pitch + now.clock / 40) })
end

local function play_lead(ctx, now, state, steps)
    local presence = form.fade(now.intensity, 0.04, 0.45)
    if presence <= 0.02 then
        return
    end
    local function chord_at(at, beats)
        local probe, found = at + math.min(0.25, beats / 2), steps[1]
        for _, step in ipairs(steps) do
            found = probe >= step.at and step or found
        end
        return found
    end
    local busy = form.clamp(0.8 * now.intensity + 0.2 * now.complexity + 0.6 * (now.density - 0.5), 0, 1)
    local gestures = conversation.play(now.random.lead, state.talk, now.length / now.unit, {
        complexity = now.complexity, calm = 3.2 * math.exp(-2.4 * busy) * now.rest,
        centre = LEAD.centre + now.page.centre, low = LEAD.low, high = LEAD.high,
        scale = theory.key_classes(now.key),
        harmony = function(at, beats)
            return theory.classes(chord_at(at * now.unit, beats * now.unit).pitches)
        end,
    })
    now.uneven = phrases.uneven()
    for _, gesture in ipairs(gestures) do
        for i, note in ipairs(gesture.notes) do
            lead_note(ctx, now, note, gesture, i, chord_at, form.mix(0.5, 1, presence))
        end
    end
end

local function play_pulse(ctx, now, steps)
    local presence = form.fade(now.intensity, 0.4, 1) * form.mix(0.35, 1, form.wave(now.clock, 127, 0.1))
    if presence <= 0.03 then
        return
    end
    local stream, uneven = now.random.pulse, phrases.uneven()
    local pattern = percussion.even(now.page.hits, 8, now.page.turn)
    local half, count = now.unit / 2, 0
    for _, step in ipairs(steps) do
        for i = 0, math.floor(step.beats / half + 1e-6) - 1 do
            local at = step.at + i * half
            if pattern[i % 8 + 1] and stream:float() < 0.9 then
                count = count + 1
                local pitch = step.pitches[({ 1, 3, 2, 3, 4, 2 })[count % 6 + 1]]
                local base = presence * (i % 8 == 0 and 0.5 or 0.36)
                local velocity = uneven(pitch, phrases.velocity(stream, base, at / now.length, 0.3))
                play(ctx, now, { patch = "pulse", at = at + math.abs(phrases.lean(stream, now.bpm)), beats = half,
                                 pitch = pitch, velocity = velocity, pan = 0.5 * math.sin(count * 0.7) })
            end
        end
    end
end

local function play_air(ctx, now, steps)
    local stream = now.random.air
    local tail = 3 / now.seconds
    local base = now.air * form.mix(1.4, 0.8, now.intensity)
    if base > 0.01 then
        local root = steps[1].chord.root
        play(ctx, now, { patch = "air", at = 0, beats = now.length + tail, pitch = voicing.place(root, 84, 78, 90),
                         velocity = base * form.mix(0.4, 0.7, now.breath), pan = form.mix(-0.6, 0.6, now.drift) })
        play(ctx, now, { patch = "wind", at = 0, beats = now.length + tail, pitch = voicing.place(root, 60, 54, 66),
                         velocity = base * form.mix(0.65, 0.35, now.breath), pan = form.mix(0.5, -0.5, now.drift) })
    end
    for _, swell in ipairs(percussion.swells(stream, now.length, now.unit, now.intensity)) do
        play(ctx, now, { patch = "swell", at = swell.at, beats = swell.beats, pitch = 60 + steps[1].chord.root,
                         velocity = swell.velocity * now.air * form.mix(0.6, 1, now.intensity),
                         pan = stream:float() - 0.5 })
    end
end

local function play_kicks(ctx, now, steps)
    local at_step = 1
    for _, kick in ipairs(percussion.kicks(now.random.kick, now.length, now.bar, now.unit, now.intensity)) do
        while steps[at_step + 1] and steps[at_step + 1].at <= kick.at do
            at_step = at_step + 1
        end
        play(ctx, now, { patch = "kick", at = kick.at + 0.01 * now.random.kick:float() / now.seconds, beats = 1,
                         pitch = voicing.place(steps[at_step].chord.root, 37, 32, 43), velocity = kick.velocity,
                         pan = 0 })
    end
end

-- The very first sound: the first chord, rolled softly, so that the music is there at once.
local function play_opening(ctx, now, steps)
    for v, pitch in ipairs(steps[1].pitches) do
        play(ctx, now, { patch = "pulse", at = (0.15 + 0.4 * (v - 1)) / now.seconds, beats = 2 / now.seconds,
                         pitch = pitch, velocity = 0.5 + 0.05 * v, pan = PAN[v] })
    end
end

return {
    title = "Ambient",
    meter = { 4, 4 },
    controls = {
        density = { min = 0, max = 1, default = 0.5, label = "Lead density" },
        colour = { min = 0, max = 1, default = 0.55, label = "Harmonic colour" },
        air = { min = 0, max = 1, default = 0.5, label = "Air" },
    },
    patches = {
        drone = { voice = "pad", level = -9, attack = 3, decay = 4, sustain = 0.85, release = 5, detune = 3,
                  sub = 0.15, cutoff = 260, resonance = 0.7, keytrack = 0.2, lfo_rate = 0.023, lfo_depth = 0.5,
                  width = 0.2, reverb = 0.15, delay = 0 },
        reed = { voice = "pad", level = -10, attack = 4, decay = 4, sustain = 0.8, release = 5, detune = 4, sub = 0,
                 cutoff = 520, resonance = 0.9, keytrack = 0.3, lfo_rate = 0.037, lfo_depth = 0.9, width = 0.5,
                 reverb = 0.3, delay = 0 },
        pad = { voice = "pad", level = -10, attack = 2.2, decay = 4, sustain = 0.8, release = 5, detune = 6,
                sub = 0.12, cutoff = 620, resonance = 0.7, keytrack = 0.4, lfo_rate = 0.019, lfo_depth = 0.8,
                width = 0.5, reverb = 0.55, delay = 0.05 },
        warm = { voice = "pad", level = -12, attack = 1.8, decay = 3, sustain = 0.7, release = 5, detune = 4,
                 sub = 0.05, cutoff = 1300, resonance = 0.8, keytrack = 0.4, lfo_rate = 0.043, lfo_depth = 1.0,
                 width = 0.5, reverb = 0.5, delay = 0.1 },
        glass = { voice = "pad", level = -9, attack = 3.5, decay = 4, sustain = 0.6, release = 6, detune = 8, sub = 0,
                  cutoff = 3200, resonance = 0.9, keytrack = 0.3, lfo_rate = 0.061, lfo_depth = 1.2, width = 0.55,
                  reverb = 0.7, delay = 0.2 },
        bell = { voice = "lead", level = -11, attack = 0.03, decay = 1.6, sustain = 0.25, release = 2.5, tone = 0.15,
                 cutoff = 3000, vibrato_rate = 4.2, vibrato_depth = 3, vibrato_delay = 1, reverb = 0.6,
                 delay = 0.6 },
        flute = { voice = "lead", level = -13, attack = 0.18, decay = 1.2, sustain = 0.6, release = 1.6, tone = 0.35,
                  cutoff = 2200, vibrato_rate = 4.7, vibrato_depth = 9, vibrato_delay = 0.9, reverb = 0.55,
                  delay = 0.5 },
        glow = { voice = "lead", level = -14, attack = 0.5, decay = 2, sustain = 0.55, release = 3, tone = 0.55,
                 cutoff = 1600, vibrato_rate = 3.6, vibrato_depth = 7, vibrato_delay = 1.5, reverb = 0.6,
                 delay = 0.45 },
        pulse = { voice = "pad", level = -12, attack = 0.02, decay = 0.4, sustain = 0, release = 0.4, detune = 5,
                  sub = 0.1, cutoff = 900, resonance = 0.8, keytrack = 0.5, lfo_rate = 0.05, lfo_depth = 0.7,
                  width = 0.4, reverb = 0.5, delay = 0.6 },
        air = { voice = "swell", level = -16, attack = 5, decay = 2, sustain = 0.8, release = 6, cutoff = 2600,
                resonance = 1.2, sweep = 0, lfo_rate = 0.031, lfo_depth = 0.8, reverb = 0.4, delay = 0 },
        wind = { voice = "swell", level = -12, attack = 6, decay = 2, sustain = 0.8, release = 6, cutoff = 520,
                 resonance = 2.5, sweep = 0, lfo_rate = 0.043, lfo_depth = 0.7, reverb = 0.4, delay = 0 },
        swell = { voice = "swell", level = -8, attack = 5, decay = 0.5, sustain = 1, release = 3.5, cutoff = 700,
                  resonance = 2, sweep = 1.6, lfo_rate = 0.09, lfo_depth = 0.3, reverb = 0.6, delay = 0.1 },
        kick = { voice = "kick", level = -12, attack = 0.006, decay = 0.6, sweep = 12, sweep_time = 0.04, tone = 0.15,
                 reverb = 0.08, delay = 0 },
    },
    effects = {
        reverb = { decay = 7.5, damping = 4200, modulation = 0.35, predelay = 0.03, highpass = 250, level = 3 },
        delay = { beats = 0.75, beats_right = 1.3125, feedback = 0.5, cutoff = 1800, highpass = 220, cross = 0.5,
                  reverb = 0.35, level = 2 },
        master = { level = 12, ceiling = -1.5 },
    },
    state = {
        clock = 0, bpm = 70, key = "", voicing = {}, playhead = {}, held = {}, low = {}, talk = conversation.new(),
    },
    phrase = function(ctx, state)
        local now = survey(ctx, state)
        local steps = chords_of(now, state)
        for _, step in ipairs(steps) do
            ctx:chord { at = step.at, beats = step.beats, name = step.chord.name, pitches = step.pitches }
        end
        play_drone(ctx, now, state, steps)
        play_pad(ctx, now, state, steps)
        play_lead(ctx, now, state, steps)
        play_air(ctx, now, steps)
        if not floating(now) then
            play_pulse(ctx, now, steps)
            play_kicks(ctx, now, steps)
        end
        if now.number == 0 then
            play_opening(ctx, now, steps)
        end
        state.clock, state.bpm = now.clock + now.length * now.seconds, now.bpm
        return BARS
    end,
}
