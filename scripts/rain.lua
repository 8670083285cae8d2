-- Rain: five notes and what falls on them. Drops are plucked strings, seeds and wood; behind them stand a mist of
-- grains and the hush of the rain itself. What the ear makes into melody is chance, shaped by weather.
-- Harmony: pandiatonic. All that sounds belongs to one pentatonic set, five neighbours on the circle of fifths, and no
-- chord in it is more at home than another. Every minute or so the set moves by one fifth: four notes stay, one moves
-- by a semitone, and the light is different. A new key is walked to in the same way, note by note.
-- Form: clouds. Pauses, drizzles, showers and downpours follow each other like weather (a chain that remembers only the
-- present), each with its own length, height, place and trickle, a figure of a few drops that runs down more than once.
-- A gutter drips in its own time and slows when the rain lets up.
-- Broken on purpose: no lead and no pulse; a trickle is the only thing that is ever repeated.
local form = require "form"
local phrases = require "phrase"
local theory = require "theory"
local voicing = require "voicing"

local BARS = 8
local MIST = { low = 50, high = 69, voices = 3, span = 17, centre = 59, gap = 3 }
local BELOW = { lydian = 0, ionian = 1, mixolydian = 2, dorian = 3, aeolian = 4, phrygian = 5, locrian = 6 }
-- Weather: drops a second at the height of it, least and most seconds, and what may follow.
local WEATHER = {
    pause = { rate = 0.05, least = 18, most = 40, next = { drizzle = 3, shower = 2 } },
    drizzle = { rate = 0.75, least = 40, most = 90, next = { shower = 3, pause = 2.5, drizzle = 0.5 } },
    shower = { rate = 2.3, least = 45, most = 100, next = { drizzle = 1.5, downpour = 1.5, pause = 2.5 } },
    downpour = { rate = 4.2, least = 25, most = 55, next = { drizzle = 2, shower = 1.5 } },
}

-- ---- the set ----

local function fifths_of(class)
    return class * 7 % 12
end

local function class_at(position)
    return position * 7 % 12
end

local function set_of(position)
    local set = {}
    for i = 0, 4 do
        set[i + 1] = class_at(position + i)
    end
    return set
end

-- Where the set may stand in a key: in the middle of the mode's seven fifths, but so that it holds the tonic.
local function home_of(key)
    local tonic = fifths_of(key.root % 12)
    return form.clamp(tonic - BELOW[key.mode] + 1, tonic - 4, tonic)
end

local function name_of(set)
    local names = { "C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B" }
    local words = {}
    for i, class in ipairs(set) do
        words[i] = names[class + 1]
    end
    return table.concat(words, " ")
end

-- The sets of this phrase with their times: the usual drift of a step, or a walk to another key's home.
local function sets_of(now, state)
    local stream, steps = now.random "drift", {}
    local home, position = home_of(now.key), state.position
    position = position or home
    local away = (position - home + 6) % 12 - 6
    local reach = now.wander < 0.15 and 0 or now.wander < 0.7 and 1 or 2
    if math.abs(away) > reach then
        -- Two bars to each step, on the shorter way.
        local toward, at, each = away > 0 and -1 or 1, 0, 2 * now.bar
        while math.abs(away) > reach and at < now.length do
            position, away = position + toward, away + toward
            steps[#steps + 1] = { at = at, position = position }
            at = at + each
        end
        state.stay = 2
    else
        state.stay = state.stay - now.span * form.mix(0.4, 1.6, now.wander)
        if state.stay <= 0 and reach > 0 then
            local up = away >= reach and -1 or away <= -reach and 1 or stream:pick { 1, -1 }
            position, state.stay = position + up, 50 + 50 * stream:float()
        end
        steps[1] = { at = 0, position = position }
    end
    for i, step in ipairs(steps) do
        step.beats = (steps[i + 1] and steps[i + 1].at or now.length) - step.at
        step.set = set_of(step.position)
        step.classes = theory.classes(step.set)
    end
    state.position = position % 12
    return steps
end

local function set_at(steps, at)
    local found = steps[1]
    for _, step in ipairs(steps) do
        found = step.at <= at + 1e-6 and step or found
    end
    return found
end

-- ---- the weather ----

local function next_cloud(now, state, clock)
    local stream, old = now.random "weather", state.cloud
    local kind = "drizzle"
    if old then
        local names, weights = {}, {}
        for name, weight in pairs(WEATHER[old.kind].next) do
            local wet = WEATHER[name].rate > 1 and now.wet or 1 - now.wet
            names[#names + 1], weights[#weights + 1] = name, weight * (0.15 + wet)
        end
        kind = names[form.weighted(stream, weights)]
    end
    local weather = WEATHER[kind]
    local trickle, place = {}, 0
    for i = 1, stream:int(3, 6) do
        trickle[i] = place
        place = place - stream:pick { 1, 1, 2, -1 }
    end
    state.cloud = {
        kind = kind, began = clock, ends = clock + form.mix(weather.least, weather.most, stream:float()),
        peak = 0.25 + 0.5 * stream:float(), centre = stream:pick { 67, 72, 76, 79 }, pan = 1.2 * stream:float() - 0.6,
        lean = stream:float(), trickle = trickle, trickles = kind == "pause" and 0 or stream:int(2, 4), last = clock,
        gutter = { every = stream:pick { 1.25, 1.75, 2.25, 2.75 }, step = stream:int(0, 4),
                   due = clock + 3 + 6 * stream:float(), on = kind ~= "downpour" },
        from = old and WEATHER[old.kind].rate or 0,
    }
end

-- Drops a second at a moment of the cloud: it comes up from what was, has a height and lets go.
local function rate_at(cloud, clock)
    local x = (clock - cloud.began) / (cloud.ends - cloud.began)
    local rate = WEATHER[cloud.kind].rate
    if x < cloud.peak then
        return form.mix(0.35 * (cloud.from + rate), rate, form.fade(x, 0, cloud.peak))
    end
    return form.mix(rate, 0.4 * rate, form.fade(x, cloud.peak, 1))
end

local function survey(ctx, state)
    local now = { random = ctx.random, intensity = ctx.intensity, complexity = ctx.melody_complexity, bpm = ctx.bpm,
                  bar = ctx.beats_per_bar, seconds = 60 / ctx.bpm, key = theory.key(ctx.key), wet = ctx.wet,
                  wander = ctx.wander, hush = ctx.hush, unit = phrases.unit(ctx.bpm) }
    now.clock = form.clock(state, ctx, BARS)
    now.length = BARS * now.bar
    now.span = now.length * now.seconds
    now.stop = now.clock + now.span
    state.phase = state.phase or now.random "sky":float()
    now.wet = form.clamp(ctx.wet + 0.3 * (form.wave(now.clock, 1381, state.phase) - 0.5), 0, 1)
    now.light = form.wave(now.clock, 337, 2.7 * state.phase)
    now.amount = form.fade(now.intensity, 0.02, 1) * form.mix(0.5, 1.7, now.wet) * math.sqrt(now.bpm / 72)
    now.lift = form.mix(1.35, 1, form.fade(now.intensity, 0, 0.8))
    now.uneven = phrases.uneven()
    return now
end

local function play(ctx, now, note)
    note.at = form.clamp(note.at, 0, now.length - 0.01)
    note.velocity = form.clamp(note.velocity, 0.01, 1)
    ctx:note(note)
end

-- ---- drops ----

-- A tone of the set that lies so many places above the one nearest to a pitch.
local function tone(set, near, places)
    local pitch = theory.snap(near, set.classes)
    for _ = 1, math.abs(places) do
        pitch = places > 0 and theory.snap_up(pitch + 1, set.classes) or theory.snap_down(pitch - 1, set.classes)
    end
    return pitch
end

local function drop(ctx, now, patch, clock, pitch, velocity, pan)
    pitch = pitch > 96 and pitch - 12 or pitch < 43 and pitch + 12 or pitch
    play(ctx, now, { patch = patch, at = (clock - now.clock) / now.seconds,
                     beats = now.unit * (patch == "string" and 3 or 1.5), pitch = pitch,
                     velocity = now.uneven(pitch, velocity), pan = form.clamp(pan, -0.9, 0.9) })
end

-- One drop: high and small, or low and long; some splash.
local function fall(ctx, now, steps, cloud, stream, clock)
    local set = set_at(steps, (clock - now.clock) / now.seconds)
    local spread = form.mix(8, 17, now.complexity)
    local near = cloud.centre + spread * (stream:float() + stream:float() - 1)
    local pitch, loud = tone(set, near, 0), stream:float()
    local velocity = form.mix(0.16, 0.62, loud * loud) * form.mix(0.8, 1.05, now.light)
    local patch = stream:float() < form.mix(0.25, 0.5, cloud.lean) and "string" or "drop"
    local pan = cloud.pan + 1.2 * (stream:float() - 0.5)
    drop(ctx, now, patch, clock, patch == "string" and pitch - 12 or pitch, velocity, pan)
    if stream:float() < 0.05 + 0.12 * now.complexity then
        drop(ctx, now, "drop", clock + 0.09 + 0.07 * stream:float(), tone(set, pitch + 12, stream:int(0, 1)),
            0.5 * velocity, -pan)
    end
end

-- The cloud's figure runs down once more, a little faster each time.
local function trickle(ctx, now, steps, cloud, stream, clock)
    local set = set_at(steps, (clock - now.clock) / now.seconds)
    local step = now.seconds * now.unit / 2 * (0.9 + 0.2 * stream:float())
    local n = math.floor(form.mix(3, #cloud.trickle, now.complexity) + 0.5)
    for i = 1, math.min(n, #cloud.trickle) do
        if clock < now.stop - 0.05 then
            drop(ctx, now, i == 1 and "string" or "drop", clock, tone(set, cloud.centre + 5, cloud.trickle[i]),
                0.5 * phrases.arc(i / (n + 1)) + 0.08 * stream:float(), cloud.pan + 0.12 * i)
        end
        clock, step = clock + step, step * 0.93
    end
end

-- The gutter: one tone, drip by drip, slower as the rain lets up.
local function drip(ctx, now, state, steps, upto)
    local gutter, cloud, stream = state.cloud.gutter, state.cloud, now.random "gutter"
    local presence = gutter.on and form.fade(now.intensity, 0.15, 0.6) or 0
    while gutter.due < upto do
        if gutter.due >= now.clock and presence > 0.05 then
            local set = set_at(steps, (gutter.due - now.clock) / now.seconds)
            local pitch = tone(set, 60, gutter.step)
            drop(ctx, now, "wood", gutter.due, pitch, presence * form.mix(0.28, 0.5, stream:float()), -0.5 * cloud.pan)
        end
        gutter.due = gutter.due + gutter.every * now.unit * now.seconds * (0.96 + 0.08 * stream:float())
        gutter.every = math.min(gutter.every * (rate_at(cloud, gutter.due) < 0.5 and 1.06 or 1.004), 7)
    end
end

-- Seeds: the patter that has no pitch; it knows the density, not the notes.
local function patter(ctx, now, steps, cloud, from, upto)
    local stream, clock = now.random "patter", from
    while clock < upto do
        local rate = 0.05 + 1.5 * rate_at(cloud, clock) * now.amount
        clock = clock - math.log(1 - 0.999 * stream:float()) / rate
        if clock < upto then
            local at = (clock - now.clock) / now.seconds
            play(ctx, now, { patch = stream:float() < 0.7 and "seed" or "leaf", at = at, beats = 0.25,
                             pitch = tone(set_at(steps, at), 66, stream:int(-2, 2)),
                             velocity = 0.12 + 0.4 * stream:float() ^ 2,
                             pan = 1.7 * (stream:float() - 0.5) })
        end
    end
end

local function rain_on(ctx, now, steps, state, from, upto)
    local cloud, stream = state.cloud, now.random "drops"
    local clock, most = from, WEATHER[cloud.kind].rate * now.amount + 1e-3
    while true do
        clock = clock - math.log(1 - 0.999 * stream:float()) / most
        if clock >= upto then
            break
        end
        if stream:float() * most < rate_at(cloud, clock) * now.amount then
            fall(ctx, now, steps, cloud, stream, clock)
        end
    end
    local each = (cloud.ends - cloud.began) / (cloud.trickles + 1)
    while cloud.trickles > 0 and cloud.last + each < upto do
        cloud.last = cloud.last + each
        if cloud.last >= from and now.intensity > 0.12 then
            trickle(ctx, now, steps, cloud, now.random "trickle", cloud.last)
        end
    end
    patter(ctx, now, steps, cloud, from, upto)
    drip(ctx, now, state, steps, upto)
end

-- ---- behind ----

-- Three of the five tones, by step from the ones before.
local function mist_of(step, from, turn)
    local set, intervals = step.set, { 0 }
    local root = set[turn % 5 + 1]
    for _, by in ipairs { 1, 3 } do
        intervals[#intervals + 1] = (set[(turn + by) % 5 + 1] - root) % 12
    end
    return voicing.lead(from, { name = "mist", root = root, intervals = intervals, classes = step.classes }, MIST)
end

local function play_mist(ctx, now, state, steps)
    local voices = {}
    for i, step in ipairs(steps) do
        state.voicing = mist_of(step, state.voicing, state.turn)
        voices[i] = { at = step.at, beats = step.beats, pitches = state.voicing }
    end
    local following = mist_of(steps[#steps], state.voicing, state.turn + 1)
    local notes, held = phrases.legato(voices, { pitches = following }, phrases.retime(state.held, state.bpm, now.bpm),
        { overlap = 3 / now.seconds, tie = 6 / now.seconds, longest = 20 / now.seconds })
    state.held, state.turn = held, state.turn + 1
    local stream = now.random "mist"
    local base = now.lift * form.mix(0.62, 0.8, now.light)
    for _, note in ipairs(notes) do
        local late = note.rebowed and 0 or 2 * stream:float() / now.seconds
        play(ctx, now, { patch = "mist", at = note.at + late, beats = math.max(note.beats - late, 1),
                         pitch = note.pitch, velocity = phrases.velocity(stream, base, note.at / now.length, 0.15),
                         pan = ({ -0.4, 0.1, 0.45 })[note.voice] })
    end
    local low = voicing.place(steps[1].set[1 + state.turn % 2], 43, 38, 49)
    play(ctx, now, { patch = "ground", at = 0.1, beats = now.length + 2 / now.seconds, pitch = low,
                     velocity = form.clamp(0.6 * now.lift, 0, 1), pan = 0 })
end

local function play_hush(ctx, now, state, steps)
    for half = 0, 1 do
        local clock = now.clock + half * now.span / 2
        local wet = form.clamp(rate_at(state.cloud, clock) / 4, 0, 1)
        local level = 2 * now.hush * form.mix(0.25, 0.6, wet) * form.mix(0.8, 1, now.amount)
        local at, beats = half * now.length / 2, now.length / 2 + 3 / now.seconds
        local pitch = tone(set_at(steps, at), 60, 0)
        play(ctx, now, { patch = "hush", at = at, beats = beats, pitch = pitch, velocity = level, pan = 0.3 })
        play(ctx, now, { patch = "veil", at = at, beats = beats, pitch = pitch, pan = -0.4,
                         velocity = level * form.mix(0.4, 1, now.light) })
    end
end

return {
    title = "Rain",
    meter = { 4, 4 },
    defaults = { key = "G major", bpm = 72, intensity = 0.5, melody_complexity = 0.5 },
    controls = {
        wet = { min = 0, max = 1, default = 0.5, label = "Weather" },
        wander = { min = 0, max = 1, default = 0.5, label = "Wandering of the notes" },
        hush = { min = 0, max = 1, default = 0.5, label = "Hush" },
    },
    patches = {
        drop = { voice = "pluck", level = -1.5, attack = 0.004, decay = 2.2, release = 1, tone = 0.72, damping = 0.7,
                 position = 0.12, width = 0.5, reverb = 0.5, delay = 0.3 },
        string = { voice = "pluck", level = -2, attack = 0.008, decay = 5, release = 2.5, tone = 0.66, damping = 1.4,
                   position = 0.31, width = 0.5, reverb = 0.4, delay = 0.2 },
        wood = { voice = "pluck", level = -5, attack = 0.005, decay = 0.9, release = 0.5, tone = 0.55, damping = 0.25,
                 position = 0.45, width = 0.2, reverb = 0.35, delay = 0.35 },
        seed = { voice = "tick", level = -19, attack = 0.004, decay = 0.06, cutoff = 3800, resonance = 2.5,
                 sweep = 0.4, reverb = 0.3, delay = 0.05 },
        leaf = { voice = "tick", level = -18, attack = 0.012, decay = 0.11, cutoff = 1500, resonance = 5,
                 keytrack = 0.8, reverb = 0.4, delay = 0.15 },
        mist = { voice = "grain", level = -13.5, attack = 4, release = 6, length = 0.5, spread = 7, scatter = 0.2,
                 air = 0.15, width = 0.8, cutoff = 1500, lfo_rate = 0.037, lfo_depth = 0.9, reverb = 0.6,
                 delay = 0.1 },
        ground = { voice = "grain", level = -15.5, attack = 5, release = 7, length = 1.2, spread = 4, scatter = 0,
                   air = 0.02, width = 0.2, cutoff = 420, lfo_rate = 0.023, lfo_depth = 0.5, reverb = 0.2, delay = 0 },
        hush = { voice = "swell", level = -20, attack = 6, sustain = 0.9, release = 7, cutoff = 2600, resonance = 0.7,
                 sweep = 0, lfo_rate = 0.031, lfo_depth = 0.5, reverb = 0.2, delay = 0 },
        veil = { voice = "swell", level = -18, attack = 7, sustain = 0.9, release = 7, cutoff = 800, resonance = 0.8,
                 sweep = 0, lfo_rate = 0.023, lfo_depth = 0.7, reverb = 0.3, delay = 0 },
    },
    effects = {
        reverb = { decay = 5, damping = 5200, modulation = 0.25, predelay = 0.015, highpass = 280, level = 1 },
        delay = { beats = 0.625, beats_right = 1.125, feedback = 0.42, cutoff = 2600, highpass = 300, cross = 0.7,
                  reverb = 0.3, level = 0 },
        master = { level = 12, ceiling = -1.5 },
    },
    state = { clock = 0, bpm = 72, stay = 60, turn = 0, held = {} },
    phrase = function(ctx, state)
        local now = survey(ctx, state)
        local steps = sets_of(now, state)
        for _, step in ipairs(steps) do
            local pitches = {}
            for i, class in ipairs(step.set) do
                pitches[i] = voicing.place(class, 62, 56, 68)
            end
            table.sort(pitches)
            ctx:chord { at = step.at, beats = step.beats, name = name_of(step.set), pitches = pitches }
        end
        local from = now.clock
        while from < now.stop do
            if not state.cloud or state.cloud.ends <= from then
                next_cloud(now, state, from)
            end
            local upto = math.min(state.cloud.ends, now.stop)
            rain_on(ctx, now, steps, state, from, upto)
            from = upto
        end
        play_mist(ctx, now, state, steps)
        play_hush(ctx, now, state, steps)
        state.bpm = now.bpm
        return BARS
    end,
}
