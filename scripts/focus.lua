-- Focus: three hands pluck three cells of 12, 16 and 20 steps, and the cells drift apart. As 3 : 4 : 5, they begin
-- together only every fifteen bars, and every few phrases one hand turns its cell by a step and changes one note:
-- nothing happens, and after ten minutes all is different (after Steve Reich).
-- Harmony: a shuttle between the tonic and the degree that makes the mode (in Dorian the bright IV), over a pedal that
-- never moves. A cell's notes lean to the chord: where it changes, one or two of them shift by a step.
-- Form: a process without goal. Hands breathe in and out of the foreground over minutes, pages of five minutes turn the
-- colour of the two chords. There is no lead on purpose: the melody is what the ear picks out of the cells.
local form = require "form"
local harmony = require "harmony"
local phrases = require "phrase"
local rhythm = require "rhythm"
local theory = require "theory"
local voicing = require "voicing"

local BARS = 8
local PAD = { low = 48, high = 67, voices = 3, span = 17, centre = 57 }
local PAN = { -0.5, 0.1, 0.5 }
local PAGE_SECONDS = 310
local CELL = 9 -- notes that a cell has in store
-- The degree that the tonic swings to, and the colours that the two chords take turns in.
local SHUTTLE = { lydian = 2, ionian = 4, mixolydian = 7, dorian = 4, aeolian = 6, phrygian = 2, locrian = 3 }
local COLOURS = { { "ninth", "add9" }, { "seventh", "ninth" }, { "add9", "seventh" }, { "sus4", "add9" },
                  { "ninth", "sixth" } }
local HANDS = {
    { patch = "wood", cycle = 16, hits = { 3, 8 }, low = 57, high = 72, from = 0.02, to = 0.3, pan = -0.2, wave = 149 },
    { patch = "low", cycle = 12, hits = { 2, 5 }, low = 45, high = 60, from = 0.22, to = 0.5, pan = -0.5, wave = 113 },
    { patch = "glass", cycle = 20, hits = { 3, 9 }, low = 67, high = 84, from = 0.38, to = 0.8, pan = 0.5, wave = 197 },
}

local function play(ctx, now, note)
    note.at = form.clamp(note.at, 0, now.length - 0.01)
    note.velocity = form.clamp(note.velocity, 0.01, 1)
    ctx:note(note)
end

-- Every five minutes: other colours of the two chords, another grain of the ticks.
local function page_of(now, state)
    local page = state.page
    if not page or now.clock >= page.ends then
        local stream = now.random "page"
        state.page = {
            ends = now.clock + PAGE_SECONDS * (0.85 + 0.3 * stream:float()),
            colours = form.other(stream, { 1, 1, 1, 1, 1 }, page and page.colours),
            ticks = stream:pick { 5, 7, 6 }, turn = stream:int(0, 15),
            swing = stream:pick { 4, 4, 2 },
        }
    end
    return state.page
end

-- A cell: scale steps from note to note, two steps at most.
local function new_cell(stream)
    local cell, step = { turn = 0, notes = {} }, stream:int(0, 4)
    for i = 1, CELL do
        cell.notes[i] = step
        step = form.clamp(step + stream:pick { -2, -1, 1, 2 }, -1, 7)
    end
    return cell
end

-- The process: from time to time one hand, each in its turn, moves its cell by a step and changes one note.
local function drift(now, state)
    if not state.cells then
        state.cells = {}
        for h in ipairs(HANDS) do
            state.cells[h] = new_cell(now.random("cell" .. h))
        end
        return
    end
    state.due = state.due - now.drift
    while state.due <= 0 do
        local stream, cell = now.random "drift", state.cells[state.turn % #HANDS + 1]
        local i = stream:int(1, CELL)
        cell.turn = cell.turn + stream:pick { 1, 1, -1 }
        cell.notes[i] = form.clamp(cell.notes[i] + stream:pick { -2, -1, 1, 2 }, -1, 7)
        state.turn, state.due = state.turn + 1, state.due + 1
    end
end

local function chord_on(now, degree, kind, from)
    local soft = theory.soft_kinds(now.key, degree)
    local known = {}
    for _, name in ipairs(soft) do
        known[name] = true
    end
    local chord = theory.diatonic(now.key, degree, known[kind] and kind or soft[#soft])
    return harmony.sonority(chord, "", from, PAD)
end

-- The shuttle: so many bars on each chord, tonic first; a new key begins with the chord that shares most with the old.
local function steps_of(now, state)
    local steps, colours, from = {}, COLOURS[now.page.colours], state.voicing
    local each = now.page.swing * (now.bar * now.seconds < 2 and 2 or 1)
    for at = 0, BARS - 1, math.min(each, BARS) do
        local away = (state.swings % 2) == 1
        local chord
        if from and state.key ~= now.key.name and at == 0 then
            chord = harmony.pivot(now.key, from, PAD)
        else
            chord = chord_on(now, away and SHUTTLE[now.key.mode] or 1, colours[away and 2 or 1], from)
        end
        local beats = math.min(each, BARS) * now.bar
        steps[#steps + 1] = { at = at * now.bar, beats = beats, pitches = chord.pitches, chord = chord }
        from, state.swings = chord.pitches, state.swings + 1
    end
    local away = (state.swings % 2) == 1
    state.following = chord_on(now, away and SHUTTLE[now.key.mode] or 1, colours[away and 2 or 1], from).pitches
    state.voicing, state.key = from, now.key.name
    return steps
end

local function survey(ctx, state)
    local now = { bpm = ctx.bpm, bar = ctx.beats_per_bar, seconds = 60 / ctx.bpm, intensity = ctx.intensity,
                  complexity = ctx.melody_complexity, random = ctx.random, number = ctx.phrase,
                  key = theory.key(ctx.key), unit = phrases.unit(ctx.bpm), weave = ctx.weave, wood = ctx.wood }
    now.clock = form.clock(state, ctx, BARS)
    now.length, now.step = BARS * now.bar, now.unit / 4
    state.phase = state.phase or now.random("form"):float()
    now.drift = form.mix(0.2, 1, ctx.drift)
    now.journey = form.wave(now.clock, 1741, state.phase * 2.1)
    now.tide = form.mix(0.78, 1.12, form.wave(now.clock, 263, state.phase + 0.2))
    now.lift = form.mix(1.45, 1, form.fade(now.intensity, 0, 0.6)) * now.tide
    now.page = page_of(now, state)
    return now
end

-- Each hand comes forward and goes back in a time of its own; now and then it rests.
local function presence_of(now, state, hand, h)
    local breath = form.wave(now.clock, hand.wave, state.phase + h * 0.37)
    return form.fade(now.intensity, hand.from, hand.to) * form.mix(0.3, 1, form.fade(breath, 0.1, 0.75))
        * form.mix(0.6, 1.25, h == 1 and 0.5 or now.weave)
end

local function step_at(steps, at)
    local found = steps[1]
    for _, step in ipairs(steps) do
        found = step.at <= at + 1e-6 and step or found
    end
    return found
end

local function fold(pitch, low, high)
    while pitch < low do
        pitch = pitch + 12
    end
    while pitch > high do
        pitch = pitch - 12
    end
    return pitch
end

-- One hand: its cell runs on over the boundaries, and its notes lean to the chord of the moment.
local function play_hand(ctx, now, state, steps, h)
    local hand, cell = HANDS[h], state.cells[h]
    local presence = presence_of(now, state, hand, h)
    if presence < 0.04 then
        return
    end
    local richness = 0.3 * now.complexity + 0.65 * now.intensity + 0.3 * (now.weave - 0.5) - 0.12
    local hits = math.floor(form.mix(hand.hits[1], hand.hits[2], form.clamp(richness, 0, 1)) + 0.5)
    local pattern, stream, uneven = rhythm.euclid(hits, hand.cycle), now.random(hand.patch), phrases.uneven()
    local order, count = {}, 0
    for place = 1, hand.cycle do
        count = count + (pattern[place] and 1 or 0)
        order[place] = pattern[place] and count
    end
    local middle = theory.step(now.key, (hand.low + hand.high) / 2) - 3
    for i = 0, math.floor(now.length / now.step + 1e-6) - 1 do
        local place = (state.steps + i - cell.turn) % hand.cycle + 1
        local at = i * now.step
        local ghost = stream:float()
        if order[place] and ghost > 0.04 then
            local lean = 0.5 * phrases.lean(stream, now.bpm, 1)
            local step = step_at(steps, at + lean + math.min(0.25, 1.5 * now.step)) -- it leans into a change
            local pitch = theory.snap(theory.pitch(now.key, middle + cell.notes[order[place]]),
                theory.classes(step.pitches))
            local base = 0.7 * presence * now.tide * (place == 1 and 1.15 or order[place] % 2 == 1 and 1 or 0.86)
            local velocity = uneven(pitch, phrases.velocity(stream, base, at / now.length, 0.12))
            play(ctx, now, { patch = hand.patch, at = at + lean,
                             beats = 3 * now.step, pitch = fold(pitch, hand.low, hand.high), velocity = velocity,
                             pan = hand.pan + 0.2 * math.sin(place * 2.4) })
        end
    end
end

local function play_pad(ctx, now, state, steps)
    local notes, held = phrases.legato(steps, { pitches = state.following }, phrases.retime(state.held, state.bpm,
        now.bpm), { overlap = 1.5 / now.seconds, tie = 5 / now.seconds, longest = 20 / now.seconds })
    state.held = held
    local stream = now.random "pad"
    for _, note in ipairs(notes) do
        local late = (note.rebowed and 0 or 0.6 * stream:float()) / now.seconds
        local base = now.lift * form.mix(0.66, 0.55, form.fade(now.intensity, 0.2, 0.9))
        local velocity = phrases.velocity(stream, base, note.at / now.length, 0.15)
        play(ctx, now, { patch = "pad", at = note.at + late, beats = math.max(1, note.beats - late), pitch = note.pitch,
                         velocity = velocity, pan = PAN[note.voice] })
        play(ctx, now, { patch = "mist", at = note.at + late, beats = math.max(1, note.beats - late),
                         pitch = note.pitch + 12, velocity = velocity * form.mix(0.25, 0.75, now.journey),
                         pan = -PAN[note.voice] })
    end
end

-- The pedal: the tonic, bowed anew where the chord swings; at higher intensity the bass answers on off-beats.
local function play_pedal(ctx, now, steps)
    local stream = now.random "bass"
    local low = voicing.place(now.key.root, 38, 33, 45)
    for i, step in ipairs(steps) do
        play(ctx, now, { patch = "pedal", at = step.at + (i == 1 and 0 or 0.05), beats = step.beats + 1, pitch = low,
                         velocity = phrases.velocity(stream, 0.62 * now.lift, step.at / now.length, 0.1), pan = 0 })
    end
    local presence = form.fade(now.intensity, 0.3, 0.9)
    local pattern = rhythm.notes(rhythm.euclid(3, 16, 3), now.length, now.unit / 2)
    local uneven = phrases.uneven()
    for i, note in ipairs(presence > 0.02 and pattern or {}) do
        local pitch = i % 4 == 0 and voicing.place(now.key.root + now.key.scale[5], 43, 36, 48) or low + 12
        local velocity = uneven(pitch, phrases.velocity(stream, 0.42 * presence, note.at / now.length, 0.2))
        play(ctx, now, { patch = "bass", at = note.at + phrases.lean(stream, now.bpm, 1), beats = 0.9 * now.unit,
                         pitch = pitch, velocity = velocity, pan = -0.1 })
    end
end

local function play_ticks(ctx, now, state)
    local presence = form.fade(now.intensity, 0.35, 0.9) * now.wood
        * form.mix(0.4, 1, form.wave(now.clock, 89, state.phase))
    if presence < 0.03 then
        return
    end
    local stream = now.random "tick"
    local notes = rhythm.notes(rhythm.euclid(now.page.ticks, 16, now.page.turn), now.length, now.step, state.steps)
    for i, note in ipairs(rhythm.thin(stream, notes, 0.75)) do
        play(ctx, now, { patch = i % 3 == 0 and "seed" or "tick", at = note.at + phrases.lean(stream, now.bpm, 1),
                         beats = now.step, pitch = now.key.root + 12, pan = 0.6 * math.sin(i * 1.9),
                         velocity = presence * form.mix(0.25, 0.5, stream:float()) })
    end
end

return {
    title = "Focus",
    meter = { 4, 4 },
    defaults = { key = "D dorian", bpm = 66, intensity = 0.5, melody_complexity = 0.5 },
    controls = {
        drift = { min = 0, max = 1, default = 0.4, label = "Drift of the cells" },
        weave = { min = 0, max = 1, default = 0.5, label = "Weave" },
        wood = { min = 0, max = 1, default = 0.5, label = "Wood" },
    },
    patches = {
        wood = { voice = "pluck", level = -8, attack = 0.01, decay = 3.2, release = 1.2, tone = 0.72, damping = 1.4,
                 position = 0.3, width = 0.4, reverb = 0.35, delay = 0.25 },
        low = { voice = "pluck", level = -7, attack = 0.008, decay = 3, release = 1, tone = 0.6, damping = 0.9,
                position = 0.4, width = 0.3, reverb = 0.25, delay = 0.1 },
        glass = { voice = "pluck", level = -9, attack = 0.008, decay = 4, release = 1.5, tone = 0.72, damping = 2,
                  position = 0.15, width = 0.6, reverb = 0.5, delay = 0.4 },
        bass = { voice = "bass", level = -13, attack = 0.02, decay = 0.8, sustain = 0.3, release = 0.5, tone = 0.45,
                 sub = 0.2, cutoff = 380, sweep = 0.8, reverb = 0.1, delay = 0.05 },
        pedal = { voice = "bass", level = -13, attack = 2.5, decay = 3, sustain = 0.8, release = 4, tone = 0.5,
                  sub = 0.1, detune = 3, cutoff = 320, sweep = 0.2, sweep_time = 4, reverb = 0.15, delay = 0 },
        pad = { voice = "pad", level = -13, attack = 2.5, decay = 4, sustain = 0.8, release = 4.5, detune = 5,
                sub = 0.05, cutoff = 700, lfo_rate = 0.027, lfo_depth = 0.9, width = 0.6, reverb = 0.5, delay = 0.05 },
        mist = { voice = "pad", level = -18, attack = 4, decay = 4, sustain = 0.7, release = 6, detune = 8, sub = 0,
                 cutoff = 2400, lfo_rate = 0.041, lfo_depth = 1.2, width = 0.7, reverb = 0.7, delay = 0.1 },
        tick = { voice = "tick", level = -17, attack = 0.008, decay = 0.07, cutoff = 1900, resonance = 5, sweep = 0.1,
                 reverb = 0.3, delay = 0.15 },
        seed = { voice = "tick", level = -20, attack = 0.02, decay = 0.12, cutoff = 4200, resonance = 1.8,
                 reverb = 0.35, delay = 0.2 },
    },
    effects = {
        reverb = { decay = 5.5, damping = 4500, modulation = 0.25, predelay = 0.01, highpass = 260, level = 1 },
        delay = { beats = 0.75, beats_right = 1.25, feedback = 0.4, cutoff = 1500, highpass = 250, cross = 0.5,
                  reverb = 0.3, level = 0 },
        tilt = { tilt = 2, centre = 700 },
        master = { level = 14, ceiling = -1.5 },
    },
    state = { clock = 0, bpm = 66, key = "", steps = 0, swings = 0, turn = 0, due = 1, held = {} },
    phrase = function(ctx, state)
        local now = survey(ctx, state)
        drift(now, state)
        local steps = steps_of(now, state)
        for _, step in ipairs(steps) do
            ctx:chord { at = step.at, beats = step.beats, name = step.chord.name, pitches = step.pitches }
        end
        play_pedal(ctx, now, steps)
        play_pad(ctx, now, state, steps)
        for h in ipairs(HANDS) do
            play_hand(ctx, now, state, steps, h)
        end
        play_ticks(ctx, now, state)
        state.steps = state.steps + math.floor(now.length / now.step + 0.5)
        state.bpm = now.bpm
        return BARS
    end,
}
