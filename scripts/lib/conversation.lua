--- A lead that answers itself: a queue of gestures over minutes, independent of where phrases begin.
-- A section has a theme of two or three motifs. It is stated, returns note for note within two minutes, is varied,
-- rests, returns once more; then another theme takes its place and the old one never comes back. All of it is plain
-- data in the piece's state, so it goes on over boundaries, reloads and restarts.
-- @module conversation
local check = require "check"
local form = require "form"
local melody = require "melody"

local conversation = {}

-- Gestures of a section; pauses in units before each: short, long, rest. `theme` plays all of the theme's motifs.
local PLANS = {
    { { "theme", "long" }, { "theme", "long" }, { "vary", "rest" }, { "theme", "long" }, { "tail", "long" } },
    { { "theme", "rest" }, { "vary", "long" }, { "theme", "long" }, { "tail", "rest" }, { "theme", "long" } },
    { { "theme", "long" }, { "tail", "long" }, { "theme", "long" }, { "vary", "rest" }, { "theme", "long" } },
}

local PAUSES = { short = { 2, 5 }, long = { 9, 16 }, rest = { 42, 60 } }

-- A literal return may put the ledger this many notes off before it is adapted to the harmony instead.
local MOST_DEBT = 4

--- What a conversation starts from; belongs into the piece's state.
-- @usage state.talk = state.talk or conversation.new()
function conversation.new()
    return { ledger = melody.ledger(), queue = {}, theme = {}, wait = 6, last = 0, themes = 0 }
end

local function pause(stream, name, calm)
    local range = PAUSES[name]
    local stretch = name == "rest" and calm or math.sqrt(calm)
    return math.max(2, math.floor(form.mix(range[1], range[2], stream:float()) * stretch + 0.5))
end

-- A new theme: a call, its answer, and a third motif where two are too short.
local function compose_theme(stream, complexity)
    local call = melody.motif(stream, complexity)
    local theme = { call, melody.answer(stream, call) }
    if #call < 6 then
        theme[3] = melody.vary(stream, call)
    end
    return theme
end

local function plan(stream, talk, opts)
    talk.theme, talk.notes, talk.queue = compose_theme(stream, opts.complexity), {}, {}
    talk.themes = talk.themes + 1
    talk.start = opts.centre + stream:int(-3, 3)
    for _, gesture in ipairs(PLANS[stream:int(1, #PLANS)]) do
        local kind, before = gesture[1], gesture[2]
        if kind == "theme" then
            for i = 1, #talk.theme do
                talk.queue[#talk.queue + 1] = { kind = "theme", motif = i,
                                                wait = pause(stream, i == 1 and before or "short", opts.calm) }
            end
        else
            talk.queue[#talk.queue + 1] = { kind = kind, motif = kind == "tail" and #talk.theme or 1,
                                            wait = pause(stream, before, opts.calm) }
        end
    end
end

--- Forgets the theme, e.g. when the key changes; the next gesture starts a new one.
-- @param talk the conversation; changed in place
-- @usage conversation.drop(conversation.new())
function conversation.drop(talk)
    talk.queue = {}
end

local function shifted(notes, by)
    local out = {}
    for i, note in ipairs(notes) do
        out[i] = { at = note.at + by, beats = note.beats, rise = note.rise, pitch = note.pitch }
    end
    return out
end

-- Notes as they were, at the moment within `slack` units where the harmony suits them best; nil if none suits.
local function literal(notes, at, slack, talk, opts)
    local best, best_debt, best_after
    for by = 0, slack do
        local placed = shifted(notes, at + by)
        local after = melody.after(talk.ledger, placed, opts.harmony, opts.scale)
        local debt = melody.debt(after) + 0.05 * by
        if not best or debt < best_debt then
            best, best_debt, best_after = placed, debt, after
        end
    end
    if best_debt <= MOST_DEBT then
        return best, best_after
    end
end

local function fresh(stream, motif, at, talk, opts)
    local placed = shifted(motif, at)
    local notes = melody.realise(stream, placed, opts.harmony, opts.scale, talk.ledger, {
        low = opts.low, high = opts.high, start = talk.start, leap = form.mix(5, 12, opts.complexity),
        from = talk.last > 0 and talk.last or nil,
    })
    return notes, melody.after(talk.ledger, notes, opts.harmony, opts.scale)
end

local function motif_of(stream, gesture, talk)
    if gesture.kind == "vary" then
        return (melody.vary(stream, talk.theme[gesture.motif]))
    end
    return talk.theme[gesture.motif]
end

-- Motifs longer than a very short phrase lose what does not fit.
local function within(motif, at, units)
    local out = {}
    for _, note in ipairs(motif) do
        if at + note.at <= units - 0.5 then
            out[#out + 1] = note
        end
    end
    return out
end

local function gesture_notes(stream, gesture, at, slack, units, talk, opts)
    local known = gesture.kind ~= "vary" and talk.notes[gesture.motif]
    local notes, after
    if known then
        notes, after = literal(known, at, slack, talk, opts)
    end
    local exact = notes ~= nil
    if not notes then
        notes, after = fresh(stream, within(motif_of(stream, gesture, talk), at, units), at, talk, opts)
    end
    if gesture.kind == "theme" and not known then
        talk.notes[gesture.motif] = shifted(notes, -notes[1].at)
    end
    talk.ledger, talk.last = after, notes[#notes].pitch
    return notes, exact
end

--- Plays what falls into the next stretch of time.
-- @param stream random stream
-- @param talk the conversation, from the piece's state; changed in place
-- @param units length of the stretch
-- @param opts complexity (0 to 1), calm (1 is usual; rests are
-- multiplied by it, shorter pauses by its root), centre, low, high (register), scale (the key's set
-- of pitch classes), harmony (function(at, beats) giving the chord's set of classes)
-- @return list of gestures {notes = list of {at, beats, pitch}, kind, exact}, times in units
-- @usage local chord = theory.classes { 57, 60, 64 }
-- local gestures = conversation.play(stream, conversation.new(), 32, { complexity = 0.5, calm = 1, centre = 78,
--   low = 72, high = 88, scale = theory.key_classes(key), harmony = function() return chord end })
function conversation.play(stream, talk, units, opts)
    check.stream(stream)
    check.kind("the conversation", talk, "table")
    check.number("units", units, 1)
    check.kind("the options", opts, "table")
    local played, at = {}, talk.wait
    while true do
        if #talk.queue == 0 then
            plan(stream, talk, opts)
            at = at + talk.queue[1].wait
        end
        local gesture = talk.queue[1]
        local length = melody.length(talk.theme[gesture.motif]) * (gesture.kind == "vary" and 1.5 or 1)
        length = math.min(length, units - 1)
        if at + length > units then
            -- It does not fit before the boundary: it opens the next stretch, or waits on.
            talk.wait = math.max(at - units, at < units and 1 or 0)
            return played
        end
        table.remove(talk.queue, 1)
        local slack = math.floor(math.min(5, units - at - length))
        local notes, exact = gesture_notes(stream, gesture, at, slack, units, talk, opts)
        played[#played + 1] = { notes = notes, kind = gesture.kind, exact = exact }
        at = math.ceil(melody.length(notes))
        at = at + (talk.queue[1] and talk.queue[1].wait or 0)
    end
end

return conversation
