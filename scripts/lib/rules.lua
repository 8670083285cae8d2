--- Rules for melodic lines: each says how well a candidate pitch goes on a line, and a search takes the rules together.
-- A rule is a function(pitch, line, place) giving 0 (not at all) to 1 (nothing against it): `line` is the list of
-- {at, beats, pitch} so far, `place` says where the next note stands: {at, beats, index, count, strong, chord, scale,
-- rest}. A piece may write rules of its own in the same way. Rules are put together with `rules.all`, where a weight
-- says how much each counts, and `rules.line` draws a line from them.
-- @module rules
-- @usage local taste = rules.all { rules.register(60, 79), rules.interval(7), { rules.contour("arch", 62, 76), 2 },
--   rules.recovery(), rules.repetition(2), rules.strong() }
-- local rhythm_of_it = rhythm.divide(8, { 2, 1, 1, 2, 1, 1 })
-- local line = rules.line(stream, rhythm_of_it, taste, { chord = theory.classes { 57, 60, 64 },
--   scale = theory.key_classes(key), low = 60, high = 79 })
-- #line --> 6
local check = require "check"
local form = require "form"
local melody = require "melody"

local rules = {}

--- The contours that `rules.contour` knows; each goes from 0 to 1 over the line.
rules.CONTOURS = { "arch", "valley", "rise", "fall", "wave", "level" }

local SHAPES = {
    arch = function(x) return math.sin(math.pi * x) end,
    valley = function(x) return 1 - math.sin(math.pi * x) end,
    rise = function(x) return x end,
    fall = function(x) return 1 - x end,
    wave = function(x) return 0.5 + 0.5 * math.sin(2 * math.pi * x) end,
    level = function() return 0.5 end,
}

local function last(line, back)
    local note = line[#line - (back or 0)]
    return note and note.pitch
end

-- 1 at no distance, a half at `width`, on towards 0.
local function nearness(distance, width)
    return 1 / (1 + (distance / width) ^ 2)
end

--- Only pitches between two, the middle a little rather than the edges.
-- @param low MIDI note
-- @param high MIDI note
-- @usage rules.register(60, 72)(59, {}, {}) --> 0
function rules.register(low, high)
    check.number("low", low, 0, 127)
    check.number("high", high, low, 127)
    return function(pitch)
        if pitch < low or pitch > high then
            return 0
        end
        local off = high > low and math.abs(2 * (pitch - low) / (high - low) - 1) or 0
        return 1 - 0.5 * off ^ 4
    end
end

--- No step wider than so many semitones; narrower ones rather than wide ones.
-- @param most semitones, 1 to 48
-- @param usual semitones at which a step is half as likely as none (default 4)
-- @usage rules.interval(7)(68, { { pitch = 60 } }, {}) --> 0
function rules.interval(most, usual)
    check.number("most", most, 1, 48)
    usual = check.number("usual", usual or 4, 0.1)
    return function(pitch, line)
        local before = last(line)
        local step = before and math.abs(pitch - before) or 0
        return step > most and 0 or nearness(step, usual)
    end
end

--- The line follows a contour.
-- @param name one of `rules.CONTOURS`
-- @param low the pitch where the contour is 0
-- @param high the pitch where it is 1
-- @param width semitones beside it that halve the score (default 3)
-- @usage local arch = rules.contour("arch", 60, 72)
-- arch(72, {}, { index = 3, count = 5 }) --> 1
function rules.contour(name, low, high, width)
    local shape = SHAPES[check.one_of("contour", name, rules.CONTOURS)]
    check.number("low", low, 0, 127)
    check.number("high", high, low, 127)
    width = check.number("width", width or 3, 0.1)
    return function(pitch, _, place)
        local x = place.count > 1 and (place.index - 1) / (place.count - 1) or 0.5
        return nearness(pitch - form.mix(low, high, shape(x)), width)
    end
end

--- A pitch does not come too often.
-- @param most how often in a row, 1 to 16 (default 1: never twice)
-- @param window how many notes back a pitch is remembered; each time it came there halves the score (default 4)
-- @usage rules.repetition(1)(60, { { pitch = 60 } }, {}) --> 0
function rules.repetition(most, window)
    most = check.whole("most", most or 1, 1, 16)
    window = check.whole("window", window or 4, 0, 64)
    return function(pitch, line)
        local run, score = 0, 1
        while last(line, run) == pitch do
            run = run + 1
        end
        for back = 0, window - 1 do
            score = last(line, back) == pitch and score / 2 or score
        end
        return run >= most and 0 or score
    end
end

--- After a leap the line turns back, by step.
-- @param leap semitones that count as a leap, 2 to 24 (default 5)
-- @usage local turn = rules.recovery()
-- { turn(70, { { pitch = 60 }, { pitch = 69 } }, {}), turn(67, { { pitch = 60 }, { pitch = 69 } }, {}) } --> { 0.1, 1 }
function rules.recovery(leap)
    leap = check.number("leap", leap or 5, 2, 24)
    return function(pitch, line)
        local before, earlier = last(line), last(line, 1)
        local jump = earlier and before - earlier or 0
        if math.abs(jump) < leap then
            return 1
        end
        local back = jump > 0 and before - pitch or pitch - before
        return back <= 0 and 0.1 or back <= 4 and 1 or 0.5
    end
end

--- Chord tones on strong places. A place is strong where `place.strong` says so.
-- @param weak the score of a tone outside the chord there, 0 to 1 (default 0: never)
-- @usage rules.strong()(62, {}, { strong = true, chord = theory.classes { 57, 60, 64 } }) --> 0
function rules.strong(weak)
    weak = check.number("weak", weak or 0, 0, 1)
    return function(pitch, _, place)
        return place.strong and place.chord and not place.chord[pitch % 12] and weak or 1
    end
end

--- Keeps the shares of chord tones, scale tones and chromatic tones: what the ledger is short of scores more.
-- @param ledger counts so far, as from `melody.ledger`; `rules.line` counts on in the line itself
-- @param shares {chord, scale, chromatic}, together 1 (default `melody.SHARES`: 70, 25 and 5 %)
-- @usage local shares = rules.shares(state.ledger or melody.ledger())
function rules.shares(ledger, shares)
    check.kind("the ledger", ledger, "table")
    shares = check.kind("the shares", shares or melody.SHARES, "table")
    return function(pitch, line, place)
        local counts = { chord = ledger.chord, scale = ledger.scale, chromatic = ledger.chromatic }
        for _, note in ipairs(line) do
            local kind = note.kind or melody.kind(note.pitch, place.chord, place.scale)
            counts[kind] = counts[kind] + 1
        end
        local n = counts.chord + counts.scale + counts.chromatic
        local kind = melody.kind(pitch, place.chord, place.scale)
        return form.clamp(shares[kind] * (n + 1) - counts[kind] + 0.5, 0, 1)
    end
end

--- Only tones of the scale and the chord.
-- @usage rules.inside()(61, {}, { chord = {}, scale = theory.key_classes(key) }) --> 0
function rules.inside()
    return function(pitch, _, place)
        return melody.kind(pitch, place.chord or {}, place.scale or {}) == "chromatic" and 0 or 1
    end
end

--- Several rules as one: their scores are multiplied, each to the power of its weight; a 0 forbids whatever the others
-- say.
-- @param list rules, or {rule, weight} with a weight from 0 (does not count) to 16; 1 if not given
-- @usage local both = rules.all { rules.register(60, 72), { rules.interval(5), 0 } }
-- both(66, { { pitch = 60 } }, {}) --> 1
function rules.all(list)
    check.list("rules", list, 1)
    local parts = {}
    for i, rule in ipairs(list) do
        local call, weight = rule, 1
        if type(rule) == "table" then
            call, weight = rule[1], check.number("a rule's weight", rule[2] or 1, 0, 16)
        end
        parts[i] = { check.kind("a rule", call, "function"), weight }
    end
    return function(pitch, line, place)
        local product = 1
        for _, part in ipairs(parts) do
            local score = part[2] == 0 and 1 or part[1](pitch, line, place)
            product = product * (part[2] == 1 and score or score ^ part[2])
            if product <= 0 then
                return 0
            end
        end
        return product
    end
end

local LINE_OPTIONS = { "chord", "harmony", "scale", "low", "high", "strong", "from", "freedom" }

local function place_of(times, i, opts)
    local time = times[i]
    local strong = opts.strong or 1
    return { at = time.at, beats = time.beats, index = i, count = #times, scale = opts.scale,
             chord = opts.harmony and opts.harmony(time.at, time.beats) or opts.chord or {},
             strong = math.abs(time.at / strong - math.floor(time.at / strong + 0.5)) < 1e-6 }
end

-- Draws a candidate by score; freedom 1 takes the scores as they are, 0 always the best.
local function choose(stream, pitches, scores, freedom)
    local best, weights = 1, {}
    for i, score in ipairs(scores) do
        best = score > scores[best] and i or best
    end
    for i, score in ipairs(scores) do
        weights[i] = freedom > 0 and scores[best] > 0 and (score / scores[best]) ^ (1 / freedom) or i == best and 1 or 0
    end
    local drawn = form.weighted(stream, weights)
    return pitches[freedom > 0 and drawn or best], scores[best] > 0
end

--- Draws a line: for each moment all pitches of the register are scored by the rule, and one is drawn.
-- @param stream random stream: one number for each note
-- @param times list of {at, beats}, e.g. from `rhythm.notes` or `rhythm.divide`
-- @param rule what `rules.all` gives, or a single rule
-- @param opts low and high (MIDI notes, default 60 and 84), chord (set of classes) or harmony (function(at, beats)
-- giving one), scale (set of classes; must be given), strong (beats from one strong place to the next, default 1), from
-- (list of notes that came before), freedom (0: always the best; 1: by the scores; default 1)
-- @return list of {at, beats, pitch, kind}; kind is "chord", "scale" or "chromatic"
-- @return how many notes no pitch was allowed for: they got the lowest one
-- @usage local scale = theory.key_classes(key)
-- local line, stuck = rules.line(stream, rhythm.divide(4, 4), rules.inside(), { scale = scale })
-- { #line, stuck } --> { 4, 0 }
function rules.line(stream, times, rule, opts)
    check.stream(stream)
    check.list("times", times)
    check.kind("the rule", rule, "function")
    opts = check.options("line", opts, LINE_OPTIONS)
    local low, high = check.whole("low", opts.low or 60, 0, 127), check.whole("high", opts.high or 84, 0, 127)
    check.number("high", high, low)
    check.kind("scale", opts.scale, "table")
    check.number("strong", opts.strong or 1, 1e-3)
    local freedom = check.number("freedom", opts.freedom or 1, 0, 1)
    local line, out, stuck = {}, {}, 0
    for i, note in ipairs(opts.from or {}) do
        line[i] = note
    end
    for i = 1, #times do
        local place, pitches, scores = place_of(times, i, opts), {}, {}
        for pitch = low, high do
            pitches[#pitches + 1], scores[#scores + 1] = pitch, rule(pitch, line, place)
        end
        local pitch, allowed = choose(stream, pitches, scores, freedom)
        out[i] = { at = place.at, beats = place.beats, pitch = pitch,
                   kind = melody.kind(pitch, place.chord, opts.scale) }
        line[#line + 1], stuck = out[i], stuck + (allowed and 0 or 1)
    end
    return out, stuck
end

return rules
