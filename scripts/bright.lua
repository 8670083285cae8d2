-- Bright: light on water. A choir of waves, plucked arpeggios with a chorus on them, and a melody that loves its raised
-- fourth.
-- Harmony: two layers. Below, the tonic, now and then the second degree (II over I, the Lydian door); above it whatever
-- lies near: stacks of fourths, and triads of the scale that have no business over that bass. No chain and no function:
-- of all structures one of the nearest voicings is taken that has not been there of late.
-- Form: waves of three to five minutes, each of which gathers, breaks at two thirds and runs out. A wave has a theme of
-- its own, drawn by rules along a contour: it is stated, answered, moved along the scale, turned and widened, and when
-- the wave is over it never comes back. The lead has 70 % chord tones, 30 % other tones of the scale and, on purpose,
-- no chromatic ones.
local form = require "form"
local melody = require "melody"
local motif = require "motif"
local phrases = require "phrase"
local rhythm = require "rhythm"
local rules = require "rules"
local theory = require "theory"
local voicing = require "voicing"

local BARS = 8
local PAD = { low = 53, high = 74, voices = 4, span = 19, centre = 63, low_gap = 3 }
local PAN = { -0.35, 0.3, -0.2, 0.4 }
local LEAD = { low = 71, high = 91, centre = 79 }
local HIGHEST = 86 -- of the strings
local SHARES = { chord = 0.7, scale = 0.3, chromatic = 0 }
-- Upper structures as steps above the tonic (1 is the tonic): stacks of fourths, triads, a few with an added tone.
local STRUCTURES = {
    { "q2", 2, 5, 8, 4 }, { "q3", 3, 6, 9 }, { "q5", 5, 8, 11, 7 }, { "q6", 6, 9, 12 }, { "q7", 7, 10, 13 },
    { "II/I", 2, 4, 6, 8 }, { "I9", 1, 3, 5, 9 }, { "I#11", 3, 4, 5, 7 }, { "iii/I", 3, 5, 7, 9 },
    { "V/I", 5, 7, 9, 3 }, { "vi7", 6, 1, 3, 5 }, { "vii/I", 7, 2, 4, 8 },
}
local CONTOURS = { "arch", "rise", "wave", "valley", "fall" }

local function play(ctx, now, note)
    note.at = form.clamp(note.at, 0, now.length - 0.01)
    note.velocity = form.clamp(note.velocity, 0.01, 1)
    note.beats = math.min(note.beats, 200)
    ctx:note(note)
end

-- The wave that this phrase lies in.
local function wave_of(now, state)
    local wave = state.wave
    if not wave or now.clock >= wave.start + wave.seconds then
        local stream = now.random "wave"
        wave = { start = now.clock, seconds = 180 + 120 * stream:float(), height = form.mix(0.75, 1, stream:float()),
                 contour = form.other(stream, { 1, 1, 1, 1, 0.6 }, wave and wave.contour),
                 hits = stream:pick { 5, 6, 7 },
                 cycle = stream:pick { 9, 12, 15 }, order = form.other(stream, { 1, 1, 1 }, wave and wave.order) }
        state.wave, state.theme = wave, nil
    end
    return wave
end

local function survey(ctx, state)
    local now = { bpm = ctx.bpm, bar = ctx.beats_per_bar, seconds = 60 / ctx.bpm, intensity = ctx.intensity,
                  complexity = ctx.melody_complexity, random = ctx.random, number = ctx.phrase,
                  key = theory.key(ctx.key), unit = phrases.unit(ctx.bpm), shimmer = ctx.shimmer, tune = ctx.tune }
    now.clock, now.length = form.clock(state, ctx, BARS), BARS * ctx.beats_per_bar
    state.phase = state.phase or now.random("form"):float()
    now.wave = wave_of(now, state)
    local place = (now.clock + 0.5 * now.length * now.seconds - now.wave.start) / now.wave.seconds
    now.crest = now.wave.height * phrases.arc(form.clamp(place, 0, 1))
    now.drift = form.wave(now.clock, 97, state.phase)
    now.journey = form.wave(now.clock, 1669, state.phase * 2)
    now.scale = theory.key_classes(now.key)
    now.lift = form.mix(1.35, 0.95, form.fade(now.intensity, -0.1, 0.8)) * form.mix(0.78, 1.08, now.crest)
    return now
end

local function structure_of(now, which)
    local steps = STRUCTURES[which]
    local root, intervals = theory.pitch(now.key, steps[2]), {}
    for i = 2, #steps do
        intervals[i - 1] = (theory.pitch(now.key, steps[i]) - root) % 12
    end
    return { name = steps[1], root = root, intervals = intervals }
end

-- No two neighbours a semitone apart in the middle of the sound.
local function clashes(pitches)
    for i = 2, #pitches do
        if pitches[i] - pitches[i - 1] == 1 and pitches[i] < 65 then
            return true
        end
    end
    return false
end

-- The next chord: voicings of all structures that were not there of late, the near ones likelier.
local function next_chord(now, state, from)
    local weights, found = {}, {}
    for which in ipairs(STRUCTURES) do
        local pitches = voicing.lead(from, structure_of(now, which), PAD)
        local way = from and voicing.step(from, pitches) or 1
        local common = from and #theory.common_tones(from, pitches) or 1
        found[which] = pitches
        weights[which] = math.exp(-1.1 * way) * (common > 0 and 1 or 0.02) * (clashes(pitches) and 0.1 or 1)
    end
    for age, which in ipairs(state.recent) do
        weights[which] = weights[which] * (age == 1 and 0 or 0.12 * age)
    end
    local which = form.weighted(now.random "chords", weights)
    table.insert(state.recent, 1, which)
    state.recent[6] = nil
    return { name = STRUCTURES[which][1], pitches = found[which] }
end

local function chords_of(now, state)
    local steps, at = {}, 0
    local chord = state.key == now.key.name and state.following or next_chord(now, state, state.voicing)
    local bars = phrases.chord_bars(now.random "form", BARS, now.bar * now.seconds, 4, 16, form.mix(11, 6, now.crest))
    for _, count in ipairs(bars) do
        steps[#steps + 1] = { at = at, beats = count * now.bar, pitches = chord.pitches, name = chord.name }
        at = at + count * now.bar
        chord = next_chord(now, state, chord.pitches)
    end
    state.following, state.key, state.voicing = chord, now.key.name, steps[#steps].pitches
    return steps
end

local function play_pad(ctx, now, state, steps)
    local notes, held = phrases.legato(steps, state.following, phrases.retime(state.held, state.bpm, now.bpm),
        { overlap = 1 / now.seconds, tie = 4 / now.seconds, longest = 15 / now.seconds })
    state.held = held
    local stream, uneven = now.random "pad", phrases.uneven()
    local reed = form.clamp(0.15 + 0.5 * now.crest + 0.4 * (now.drift - 0.5), 0, 1)
    for _, note in ipairs(notes) do
        local late = (note.rebowed and 0 or 0.01 + 0.35 * stream:float()) / now.seconds
        local outer = (note.voice == 1 or note.voice == 4) and form.mix(0.45, 1, form.fade(now.intensity, 0, 0.5)) or 1
        local velocity = uneven(note.pitch, phrases.velocity(stream, 0.6 * now.lift * outer, note.at / now.length))
        for patch, gain in pairs { pad = form.mix(1, 0.6, reed), reed = form.fade(now.intensity, 0.1, 0.6) * reed } do
            if gain * velocity > 0.02 then
                play(ctx, now, { patch = patch, at = note.at + late, beats = math.max(note.beats - late, 1),
                                 pitch = note.pitch, velocity = gain * velocity,
                                 pan = (patch == "pad" and 1 or -1) * PAN[note.voice] })
            end
        end
    end
end

-- The floor: the tonic; in the middle of a wave the second degree, as if the floor itself were lifted.
local function play_floor(ctx, now, steps)
    local stream = now.random "floor"
    for _, step in ipairs(steps) do
        local lifted = now.crest > 0.45 and step.name ~= "vii/I" and stream:float() < 0.4
        local pitch = voicing.place(theory.pitch(now.key, lifted and 2 or 1), 42, 36, 48)
        play(ctx, now, { patch = "floor", at = step.at, beats = step.beats + 0.8 / now.seconds, pitch = pitch, pan = 0,
                         velocity = phrases.velocity(stream, 0.6 * now.lift, step.at / now.length, 0.1) })
    end
    local glint = theory.pitch(now.key, stream:pick { 2, 5, 6, 7 })
    play(ctx, now, { patch = "air", at = now.length * 0.2 * stream:float(), beats = now.length * 0.7,
                     pitch = voicing.place(glint, 84, 78, 90), pan = form.mix(-0.5, 0.5, stream:float()),
                     velocity = form.mix(0.75, 0.5, now.intensity) * form.mix(0.25, 1, now.drift) })
end

local function step_at(steps, at)
    local found = steps[1]
    for _, step in ipairs(steps) do
        found = step.at <= at + 1e-6 and step or found
    end
    return found
end

-- Orders in which an arpeggio goes through the voicing and the octave above it.
local ORDERS = { { 1, 3, 2, 4, 6, 5, 7, 4 }, { 5, 4, 3, 2, 4, 6, 8, 6 }, { 1, 2, 3, 5, 7, 6, 4, 3 } }

local function play_arpeggio(ctx, now, state, steps)
    local presence = form.fade(now.intensity, 0.12, 0.6) * form.mix(0.45, 1, now.crest)
        * form.mix(0.5, 1, now.shimmer)
    if presence < 0.04 or now.shimmer == 0 then
        return
    end
    local third, stream, uneven = now.unit / 3, now.random "arpeggio", phrases.uneven()
    local cycle = now.wave.cycle
    local busy = 0.36 + 0.5 * now.crest + 0.5 * (now.intensity - 0.5) + 0.4 * (now.shimmer - 0.5)
    local pattern = rhythm.euclid(math.floor(form.clamp(busy, 0.12, 1) * cycle + 0.5), cycle)
    local notes = rhythm.notes(pattern, now.length, third, 3 * state.units)
    local order = ORDERS[now.wave.order]
    for _, note in ipairs(rhythm.thin(stream, notes, 0.93)) do
        state.finger = state.finger % #order + 1
        local voice, pitches = order[state.finger], step_at(steps, note.at).pitches
        local pitch = pitches[(voice - 1) % 4 + 1] + (voice > 4 and 24 or 12)
        pitch = pitch > HIGHEST and pitch - 12 or pitch
        local velocity = uneven(pitch, phrases.velocity(stream, 0.5 * presence, note.at / now.length, 0.3))
        play(ctx, now, { patch = pitch > 79 and "spark" or "pluck", at = note.at + phrases.lean(stream, now.bpm, 1),
                         beats = 3 * third, pitch = pitch, velocity = velocity,
                         pan = 0.5 * math.sin(state.finger * 1.7) })
    end
end

local function play_ticks(ctx, now, state)
    local presence = form.fade(now.intensity, 0.4, 0.9) * form.fade(now.crest, 0.25, 0.8)
    if presence < 0.04 then
        return
    end
    local stream = now.random "tick"
    local notes = rhythm.notes(rhythm.euclid(now.wave.hits, 16, 2), now.length, now.unit / 2, 2 * state.units)
    for i, note in ipairs(rhythm.thin(stream, notes, 0.7)) do
        play(ctx, now, { patch = "tick", at = note.at + phrases.lean(stream, now.bpm, 1), beats = 0.25,
                         pitch = now.key.root + 12, velocity = presence * form.mix(0.25, 0.5, stream:float()),
                         pan = 0.6 * math.sin(2.3 * i) })
    end
end

-- ---- the melody ----

-- A wave's theme: a call drawn by rules along the wave's contour, and its answer.
local function new_theme(now, stream, chord)
    local count = math.floor(form.mix(4, 7, now.complexity) + 0.5)
    local lengths = {}
    for i = 1, count do
        local quick = stream:float() < 0.25 + 0.4 * now.complexity
        lengths[i] = i == count and 3 or quick and 0.5 or stream:pick { 1, 1, 1.5 }
    end
    local sum = 0
    for _, length in ipairs(lengths) do
        sum = sum + length
    end
    local low = LEAD.centre - 4 + stream:int(-2, 2)
    local taste = rules.all {
        rules.register(LEAD.low, LEAD.high), rules.interval(form.mix(5, 9, now.complexity) - 0.01, 3),
        { rules.contour(CONTOURS[now.wave.contour], low, low + 9), 1.5 }, rules.recovery(), rules.repetition(1, 4),
        rules.inside(), rules.strong(0.3),
    }
    local call = rules.line(stream, rhythm.divide(sum, lengths), taste,
        { chord = theory.classes(chord), scale = now.scale, low = LEAD.low, high = LEAD.high })
    local answer = motif.answer(stream, now.key, call, { 1, 2, 3, 5 })
    local theme = motif.shift(call, 0)
    for _, note in ipairs(motif.shift(answer, math.ceil(sum) + 1)) do
        theme[#theme + 1] = note
    end
    return theme
end

-- What is done with the theme this time: mostly itself, elsewhere on the scale; from time to time another shape of it.
local function shape_of(now, state, stream)
    local theme, turn = state.theme, state.turn
    state.turn = turn + 1
    if turn % 3 == 2 then
        return (motif.vary(stream, now.key, theme))
    elseif turn % 6 == 4 and now.crest > 0.6 then
        return motif.augment(motif.cut(theme, 1, math.max(2, math.floor(#theme / 2))), 1.5)
    end
    return theme
end

local function inside(notes)
    for _, note in ipairs(notes) do
        if note.pitch < LEAD.low or note.pitch > LEAD.high then
            return false
        end
    end
    return true
end

-- How far counts are from the declared shares, in notes.
local function debt(ledger)
    local n = ledger.chord + ledger.scale + ledger.chromatic
    return math.abs(ledger.chord - SHARES.chord * n)
end

-- The theme where it suits the harmony best: moved along the scale, and a little in time.
local function placed(now, state, notes, at, harmony)
    local best, least, after
    for steps = -5, 5 do
        for late = 0, 2 do
            local moved = motif.shift(motif.transpose(now.key, notes, steps), at + late - notes[1].at)
            if inside(moved) and melody.length(moved) <= now.length / now.unit - 0.5 then
                local ledger = melody.after(state.ledger, moved, harmony, now.scale)
                local score = debt(ledger) + 0.12 * math.abs(steps - state.lift) + 0.1 * late
                if not least or score < least then
                    best, least, after = moved, score, ledger
                end
            end
        end
    end
    if best then
        state.ledger = after
    end
    return best
end

local function play_line(ctx, now, notes)
    local stream, uneven = now.random "lean", phrases.uneven()
    local presence = form.fade(now.intensity, 0.05, 0.4) * form.mix(0.55, 1, now.tune)
    for i, note in ipairs(notes) do
        local at = note.at * now.unit
        local base = presence * form.mix(0.42, 0.66, phrases.arc(i / (#notes + 1))) * form.mix(0.85, 1.08, now.crest)
        local velocity = uneven(note.pitch, phrases.velocity(stream, base, at / now.length, 0.1))
        play(ctx, now, { patch = "lead", at = at + phrases.lean(stream, now.bpm, 1), pitch = note.pitch,
                         beats = 1.05 * note.beats * now.unit, velocity = velocity,
                         pan = 0.25 * math.sin(note.pitch + now.clock / 40) })
        if now.crest > 0.6 and now.intensity > 0.55 and i % 2 == 1 then
            play(ctx, now, { patch = "spark", at = at + 0.04 / now.seconds, beats = note.beats * now.unit,
                             pitch = note.pitch + 12 > HIGHEST and note.pitch or note.pitch + 12,
                             velocity = 0.5 * velocity, pan = -0.4 })
        end
    end
end

local function play_lead(ctx, now, state, steps)
    if form.fade(now.intensity, 0.05, 0.4) < 0.02 or now.tune == 0 then
        return
    end
    local stream, units = now.random "lead", now.length / now.unit
    local function harmony(at, beats)
        return theory.classes(step_at(steps, (at + math.min(0.25 / now.unit, beats / 2)) * now.unit).pitches)
    end
    if not state.theme or state.theme_key ~= now.key.name then
        state.theme, state.turn = new_theme(now, stream, steps[1].pitches), 0
        state.theme_key, state.lift = now.key.name, 0
    end
    local busy = form.clamp(0.55 * now.intensity + 0.35 * now.crest + 0.5 * (now.tune - 0.5), 0, 1)
    local at = state.wait
    while at < units - 4 do
        state.lift = form.clamp(state.lift + stream:int(-1, 1) + (now.crest > 0.6 and 1 or 0), -4, 4)
        local notes = placed(now, state, shape_of(now, state, stream), at, harmony)
        if not notes then
            break
        end
        play_line(ctx, now, notes)
        at = math.ceil(melody.length(notes)) + math.floor(form.mix(26, 7, busy) * (0.7 + 0.6 * stream:float()))
    end
    state.wait = math.max(0, at - units)
end

return {
    title = "Bright",
    meter = { 4, 4 },
    defaults = { key = "F lydian", bpm = 84, intensity = 0.55, melody_complexity = 0.5 },
    controls = {
        shimmer = { min = 0, max = 1, default = 0.5, label = "Arpeggios" },
        tune = { min = 0, max = 1, default = 0.5, label = "Melody" },
    },
    patches = {
        lead = { voice = "lead", level = -11, attack = 0.05, decay = 1.4, sustain = 0.45, release = 1.8, tone = 0.5,
                 cutoff = 4200, vibrato_rate = 4.6, vibrato_depth = 7, vibrato_delay = 0.8, reverb = 0.5, delay = 0.45,
                 chorus = 0.25 },
        pad = { voice = "wave", level = -12, attack = 1.6, decay = 4, sustain = 0.8, release = 4, place = 0.6,
                lfo_depth = 0.15, lfo_rate = 0.05, detune = 0, cutoff = 4200, keytrack = 0.5, reverb = 0.4,
                delay = 0.05, chorus = 0.2 },
        reed = { voice = "wave", level = -13.5, attack = 2.4, decay = 4, sustain = 0.7, release = 5, place = 0.85,
                 lfo_depth = 0.12, lfo_rate = 0.037, detune = 2, cutoff = 6500, keytrack = 0.5, reverb = 0.5,
                 delay = 0.1, chorus = 0.25 },
        floor = { voice = "wave", level = -12, attack = 1.8, decay = 3, sustain = 0.8, release = 3, place = 0.3,
                  lfo_depth = 0.08, detune = 0, cutoff = 900, keytrack = 0.3, reverb = 0.15, delay = 0 },
        air = { voice = "wave", level = -25, attack = 7, decay = 3, sustain = 0.8, release = 5, place = 0.55,
                lfo_depth = 0.25, lfo_rate = 0.09, detune = 3, cutoff = 6500, reverb = 0.8, delay = 0.2, chorus = 0.3 },
        pluck = { voice = "pluck", level = -6, attack = 0.009, decay = 3.5, release = 1.2, tone = 0.84, damping = 2,
                  position = 0.18, width = 0.4, reverb = 0.35, delay = 0.3, chorus = 0.25 },
        spark = { voice = "pluck", level = -8, attack = 0.009, decay = 3, release = 1.5, tone = 0.8, damping = 2.5,
                  position = 0.12, width = 0.4, reverb = 0.45, delay = 0.4, chorus = 0.25 },
        tick = { voice = "tick", level = -19, attack = 0.02, decay = 0.1, cutoff = 5200, resonance = 1.4, reverb = 0.3,
                 delay = 0.1 },
    },
    effects = {
        reverb = { decay = 6.5, damping = 6000, modulation = 0.35, predelay = 0.012, highpass = 260, level = 2 },
        delay = { beats = 0.75, beats_right = 1.625, feedback = 0.45, cutoff = 2000, highpass = 280, cross = 0.6,
                  reverb = 0.3, level = 0 },
        chorus = { rate = 0.23, depth = 0.003, delay = 0.013, reverb = 0.3, level = 1 },
        tilt = { tilt = 6, centre = 900 },
        master = { level = 14.5, ceiling = -1.5 },
    },
    state = {
        clock = 0, bpm = 84, key = "", recent = {}, held = {}, units = 0, finger = 0, wait = 4, turn = 0, lift = 0,
        ledger = melody.ledger(),
    },
    phrase = function(ctx, state)
        local now = survey(ctx, state)
        local steps = chords_of(now, state)
        for _, step in ipairs(steps) do
            ctx:chord { at = step.at, beats = step.beats, name = step.name, pitches = step.pitches }
        end
        play_floor(ctx, now, steps)
        play_pad(ctx, now, state, steps)
        play_arpeggio(ctx, now, state, steps)
        play_ticks(ctx, now, state)
        play_lead(ctx, now, state, steps)
        state.units = state.units + math.floor(now.length / now.unit + 0.5)
        state.bpm = now.bpm
        return BARS
    end,
}
