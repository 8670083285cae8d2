--- Melody: motifs that are stated, answered and varied, in tones whose shares are kept exactly.
-- A *motif* is rhythm and contour: a list of {at, beats, rise}, in musical units and semitones above its start. To
-- *realise* it is to give it pitches under the harmony of a moment. A *ledger* counts what was played (chord, scale and
-- chromatic tones), lives in the piece's state, and decides what the next motif needs so that the shares come out as
-- declared at every complexity: complexity changes the number of notes, the rhythm and the leaps, not the shares.
-- @module melody
local check = require "check"
local form = require "form"

local melody = {}

--- Declared shares of chord tones, other tones of the scale, and chromatic tones.
melody.SHARES = { chord = 0.70, scale = 0.25, chromatic = 0.05 }

local LENGTHS = { 0.5, 1, 1.5, 2, 3 }
local CALM = { 0, 0.35, 0.15, 0.40, 0.10 }
local BUSY = { 0.42, 0.33, 0.15, 0.10, 0 }

-- Contours from 0 to 1 over a motif, by name and position.
local SHAPES = {
    function(x) return math.sin(math.pi * x) end, -- arch
    function(x) return 1 - math.sin(math.pi * x) end, -- valley
    function(x) return x end, -- climb
    function(x) return 1 - x end, -- fall
    function(x) return 0.5 + 0.5 * math.sin(2 * math.pi * x) end, -- wave
    function(x) return x < 0.4 and 2.5 * x or 1 - 0.8 * (x - 0.4) end, -- leap and settle
}

--- A fresh ledger.
-- @usage state.ledger = state.ledger or melody.ledger()
function melody.ledger()
    return { chord = 0, scale = 0, chromatic = 0 }
end

local function total(ledger)
    return ledger.chord + ledger.scale + ledger.chromatic
end

--- How far a ledger is from the declared shares: the largest difference, in notes.
-- @param ledger counts so far
-- @usage melody.debt { chord = 75, scale = 20, chromatic = 5 } --> 5
function melody.debt(ledger)
    local n = total(ledger)
    return math.max(math.abs(ledger.chord - melody.SHARES.chord * n), math.abs(ledger.scale - melody.SHARES.scale * n),
        math.abs(ledger.chromatic - melody.SHARES.chromatic * n))
end

--- What the next n notes should be, so that all notes so far keep the shares.
-- @param ledger counts so far
-- @param n how many notes come
-- @return number of chord tones, scale tones, chromatic tones
-- @usage melody.quota({ chord = 0, scale = 30, chromatic = 9 }, 5) --> 5, 0, 0
function melody.quota(ledger, n)
    local after = total(ledger) + n
    local chromatic = math.floor(melody.SHARES.chromatic * after - ledger.chromatic + 0.5)
    chromatic = form.clamp(chromatic, 0, n >= 3 and 1 or 0)
    local scale = math.floor(melody.SHARES.scale * after - ledger.scale + 0.5)
    scale = form.clamp(scale, 0, math.floor((n - chromatic) / 2))
    return n - scale - chromatic, scale, chromatic
end

--- What a pitch is: "chord", "scale" or "chromatic".
-- @param pitch MIDI note
-- @param chord set of the chord's pitch classes
-- @param scale set of the key's pitch classes
-- @usage melody.kind(62, theory.classes { 57, 60, 64 }, theory.key_classes(key)) --> "scale"
function melody.kind(pitch, chord, scale)
    local class = pitch % 12
    return chord[class] and "chord" or scale[class] and "scale" or "chromatic"
end

--- The ledger as it would be after some notes.
-- @param ledger counts so far; not changed
-- @param notes list of {at, beats, pitch}
-- @param harmony function(at, beats) giving the chord's set of classes under a note
-- @param scale set of the key's pitch classes
-- @usage local chord = theory.classes { 57, 60, 64 }
-- local after = melody.after(melody.ledger(), { { at = 0, beats = 1, pitch = 69 } }, function() return chord end,
--   theory.key_classes(key))
-- after.chord --> 1
function melody.after(ledger, notes, harmony, scale)
    local after = { chord = ledger.chord, scale = ledger.scale, chromatic = ledger.chromatic }
    for _, note in ipairs(notes) do
        local kind = melody.kind(note.pitch, harmony(note.at, note.beats), scale)
        after[kind] = after[kind] + 1
    end
    return after
end

--- A new motif.
-- @param stream random stream
-- @param complexity 0 to 1: 4 calm notes in small steps, up to 7 quick ones with leaps
-- @return list of {at, beats, rise} in units; the motif's length is its last note's end
-- @usage local motif = melody.motif(ctx.random "lead", ctx.melody_complexity)
function melody.motif(stream, complexity)
    check.stream(stream)
    check.number("complexity", complexity, 0, 1)
    local n = 4 + math.floor(2.999 * form.clamp(complexity + 0.5 * (stream:float() - 0.5), 0, 1) * 1.2)
    n = math.min(n, 7)
    local weights = {}
    for i = 1, #LENGTHS do
        weights[i] = form.mix(CALM[i], BUSY[i], complexity)
    end
    local shape = SHAPES[stream:int(1, #SHAPES)]
    local span = form.mix(4, 13, complexity) * (0.7 + 0.6 * stream:float())
    local stray = form.mix(1, 9, complexity) -- how far a note may leave the contour
    local motif, at, first = {}, 0, shape(0)
    for i = 1, n do
        local beats = i == n and stream:pick { 2, 3, 4 } or LENGTHS[form.weighted(stream, weights)]
        local rise = span * (shape((i - 1) / (n - 1)) - first) + stray * (stream:float() - 0.5)
        motif[i] = { at = at, beats = beats, rise = i == 1 and 0 or rise }
        at = at + beats
    end
    return motif
end

--- A motif's or melody's length: the end of its last note.
-- @param notes list of {at, beats}
-- @usage melody.length { { at = 0, beats = 1 }, { at = 1, beats = 3 } } --> 4
function melody.length(notes)
    local last = notes[#notes]
    return last and last.at + last.beats or 0
end

local function copy(motif)
    local out = {}
    for i, note in ipairs(motif) do
        out[i] = { at = note.at, beats = note.beats, rise = note.rise }
    end
    return out
end

local function recount(motif)
    local at = 0
    for _, note in ipairs(motif) do
        note.at = at
        at = at + note.beats
    end
    return motif
end

local VARIATIONS = {
    function(motif) -- another ending: the last third turns around
        for i = math.ceil(#motif * 2 / 3), #motif do
            motif[i].rise = motif[i].rise * 0.3 - 2
        end
    end,
    function(motif) -- mirrored
        for _, note in ipairs(motif) do
            note.rise = -note.rise
        end
    end,
    function(motif) -- broader
        for i, note in ipairs(motif) do
            note.beats = i < #motif and note.beats * 1.5 or note.beats
            note.beats = math.floor(note.beats * 2 + 0.5) / 2
        end
    end,
    function(motif) -- thinner: an inner note is left out, its time goes to the one before
        if #motif > 3 then
            local gone = table.remove(motif, 3)
            motif[2].beats = motif[2].beats + gone.beats
        end
    end,
    function(motif) -- swapped lengths in the middle
        if #motif > 3 then
            motif[2].beats, motif[3].beats = motif[3].beats, motif[2].beats
        end
    end,
    function(motif) -- wider
        for _, note in ipairs(motif) do
            note.rise = note.rise * 1.4 + 1
        end
        motif[1].rise = 0
    end,
}

--- A variation of a motif: another ending, mirrored, broader, thinner, swapped lengths or wider. For notes that have
-- pitches there is `motif.vary`.
-- @param stream random stream
-- @param motif list of {at, beats, rise}; not changed
-- @return a new motif, and which variation it is (1 to 6)
-- @usage local again, which = melody.vary(stream, melody.motif(stream, 0.5))
function melody.vary(stream, motif)
    check.stream(stream)
    check.list("the motif", motif, 1)
    local which = stream:int(1, #VARIATIONS)
    local varied = copy(motif)
    VARIATIONS[which](varied)
    return recount(varied), which
end

--- An answer to a motif: its rhythm, its contour mirrored and drawn in, another ending.
-- @param stream random stream
-- @param motif list of {at, beats, rise}; not changed
-- @return a new motif
-- @usage local reply = melody.answer(stream, melody.motif(stream, 0.5))
function melody.answer(stream, motif)
    check.stream(stream)
    check.list("the motif", motif, 1)
    local answer = copy(motif)
    for i, note in ipairs(answer) do
        note.rise = -0.8 * note.rise + (i == 1 and 0 or 2 * (stream:float() - 0.5))
    end
    if #answer > 3 and stream:float() < 0.5 then
        answer[2].beats, answer[3].beats = answer[3].beats, answer[2].beats
    end
    answer[#answer].beats = stream:pick { 3, 4 }
    return recount(answer)
end

-- Which notes of a motif are scale tones (between two chord tones) and which one is chromatic (short, led onwards).
local function assign(stream, motif, n_scale, n_chromatic)
    local kinds, free = {}, {}
    for i = 1, #motif do
        kinds[i] = "chord"
        if i > 1 and i < #motif then
            free[#free + 1] = i
        end
    end
    if n_chromatic > 0 and #free > 0 then
        local best = 1
        for i = 2, #free do
            local a, b = motif[free[i]].beats, motif[free[best]].beats
            if a < b or (a == b and stream:float() < 0.5) then
                best = i
            end
        end
        kinds[table.remove(free, best)] = "chromatic"
    end
    while n_scale > 0 do
        local open = {}
        for _, i in ipairs(free) do
            local apart = kinds[i - 1] == "chord" and kinds[i + 1] == "chord"
            open[#open + 1] = apart and kinds[i] == "chord" and i or nil
        end
        if #open == 0 then
            open[1] = kinds[#motif] == "chord" and kinds[#motif - 1] == "chord" and #motif
                or kinds[1] == "chord" and kinds[2] == "chord" and 1 or nil
        end
        if #open == 0 then
            break
        end
        kinds[open[stream:int(1, #open)]] = "scale"
        n_scale = n_scale - 1
    end
    return kinds
end

-- A scale tone rubs when the chord has altered its letter: F under a chord with F sharp.
local function rubs(class, chord, scale)
    local up, down = (class + 1) % 12, (class + 11) % 12
    return chord[up] and not scale[up] or chord[down] and not scale[down]
end

local function allowed(kind, pitch, chord, scale)
    return melody.kind(pitch, chord, scale) == kind and not (kind == "scale" and rubs(pitch % 12, chord, scale))
end

-- The pitch of a kind nearest to a target inside the register; `avoid` only if nothing else is there.
local function nearest(kind, target, chord, scale, opts, avoid)
    local best, best_distance
    for pitch = opts.low, opts.high do
        if allowed(kind, pitch, chord, scale) then
            local distance = math.abs(pitch - target) + (pitch == avoid and 6 or 0)
            if not best or distance < best_distance then
                best, best_distance = pitch, distance
            end
        end
    end
    return best
end

-- A chromatic tone half a step beside the note it leads to, from the side the line comes from.
local function leading(to, from, chord, scale)
    local side = from and from > to and 1 or -1
    for _, step in ipairs { side, -side } do
        if melody.kind(to + step, chord, scale) == "chromatic" then
            return to + step
        end
    end
end

local function place_chord_tones(notes, kinds, motif, harmony, scale, opts)
    local before = opts.from
    for i, note in ipairs(motif) do
        notes[i] = { at = note.at, beats = note.beats, rise = note.rise }
        if kinds[i] == "chord" then
            local target = opts.start + note.rise
            local leap = opts.leap or 12
            if before then
                target = form.clamp(target, before - leap, before + leap)
            end
            local chord = harmony(note.at, note.beats)
            notes[i].pitch = nearest("chord", target, chord, scale, opts, i > 1 and before or nil)
            before = notes[i].pitch
        end
    end
end

local function place_between(notes, i, kind, harmony, scale, opts)
    local note = notes[i]
    local chord = harmony(note.at, note.beats)
    local before, after = notes[i - 1] and notes[i - 1].pitch, notes[i + 1] and notes[i + 1].pitch
    if kind == "chromatic" and after then
        note.pitch = leading(after, before, chord, scale)
    end
    if not note.pitch then
        local target = before and after and (before + after) / 2 or before or after or opts.start
        if before and after and before == after then
            target = target + (note.rise >= (notes[i - 1].rise or 0) and 2 or -2)
        end
        note.pitch = nearest("scale", target, chord, scale, opts) or nearest("chord", target, chord, scale, opts)
    end
end

--- Gives a motif its pitches.
-- @param stream random stream
-- @param motif list of {at, beats, rise}
-- @param harmony function(at, beats) giving the set of pitch classes of the chord under a note at that time
-- @param scale set of the key's pitch classes
-- @param ledger counts so far; not changed (see `melody.after`)
-- @param opts low, high (register), start (pitch the motif hovers from), from (the note before, or nil), leap (most
-- semitones between chord tones)
-- @return list of {at, beats, pitch, rise}
-- @usage local chord = theory.classes { 57, 60, 64 }
-- local line = melody.realise(stream, melody.motif(stream, 0.5), function() return chord end, theory.key_classes(key),
--   melody.ledger(), { low = 72, high = 88, start = 78 })
function melody.realise(stream, motif, harmony, scale, ledger, opts)
    check.stream(stream)
    check.list("the motif", motif, 1)
    check.kind("the harmony", harmony, "function")
    check.number("low", type(opts) == "table" and opts.low, 0, 127)
    check.number("high", opts.high, opts.low, 127)
    check.number("start", opts.start)
    local _, n_scale, n_chromatic = melody.quota(ledger, #motif)
    local kinds = assign(stream, motif, n_scale, n_chromatic)
    local notes = {}
    place_chord_tones(notes, kinds, motif, harmony, scale, opts)
    for pass = 1, 2 do
        local kind = pass == 1 and "scale" or "chromatic"
        for i = 1, #notes do
            if kinds[i] == kind then
                place_between(notes, i, kind, harmony, scale, opts)
            end
        end
    end
    return notes
end

return melody
