--- Voicings and voice leading: which octave each tone of a chord sounds in, and who moves where.
-- A voicing is a list of MIDI notes from low to high; voice number v is its v-th note. Voicings that follow each other
-- keep their number of voices, so that voice v moves from note v to note v.
-- @module voicing
local voicing = {}

local DEFAULTS = { low = 48, high = 72, voices = 4, centre = 59, gap = 2, low_gap = 4, low_gap_below = 55, span = 22 }

local function setting(opts, name)
    local value = opts and opts[name]
    if value == nil then
        return DEFAULTS[name]
    end
    return value
end

-- Tones that a voicing of n notes must hold: the chord's own, without the fifth when there are too many.
local function required_classes(chord, voices)
    local required, n = {}, 0
    local many = #chord.intervals > voices
    for _, interval in ipairs(chord.intervals) do
        local class = (chord.root + interval) % 12
        if not (many and interval == 7) and not required[class] and n < voices then
            required[class], n = true, n + 1
        end
    end
    return required, n
end

local function candidates(required, low, high)
    local notes = {}
    for pitch = low, high do
        if required[pitch % 12] then
            notes[#notes + 1] = pitch
        end
    end
    return notes
end

local function covers(notes, n_required)
    local seen, n = {}, 0
    for _, pitch in ipairs(notes) do
        if not seen[pitch % 12] then
            seen[pitch % 12], n = true, n + 1
        end
    end
    return n == n_required
end

--- Every voicing of a chord inside a register window.
-- @param chord as `theory.chord` gives it
-- @param opts low, high (window, default 48 to 72), voices (4), gap (least semitones between neighbours, 2), low_gap
-- (the same for neighbours that start below low_gap_below), span (most semitones from low to high)
-- @return a list of voicings, in ascending order
function voicing.all(chord, opts)
    local voices = setting(opts, "voices")
    local required, n_required = required_classes(chord, voices)
    local notes = candidates(required, setting(opts, "low"), setting(opts, "high"))
    local gap, low_gap = setting(opts, "gap"), setting(opts, "low_gap")
    local below, span = setting(opts, "low_gap_below"), setting(opts, "span")
    local found, current = {}, {}
    local function extend(from)
        if #current == voices then
            if covers(current, n_required) then
                found[#found + 1] = { unpack(current) }
            end
            return
        end
        for i = from, #notes do
            local last = current[#current]
            local apart = last and notes[i] - last or 99
            if apart >= (last and last < below and low_gap or gap) and notes[i] - (current[1] or notes[i]) <= span then
                current[#current + 1] = notes[i]
                extend(i + 1)
                current[#current] = nil
            end
        end
    end
    extend(1)
    return found
end

local function all_or_closer(chord, opts)
    local found = voicing.all(chord, opts)
    if #found > 0 then
        return found
    end
    local wider = { low = setting(opts, "low"), high = setting(opts, "high"), voices = setting(opts, "voices"),
                    gap = 1, low_gap = 1, low_gap_below = 0, span = 36 }
    found = voicing.all(chord, wider)
    if #found == 0 then
        error(("no voicing of %s with %d voices fits between %d and %d")
            :format(chord.name, wider.voices, wider.low, wider.high), 3)
    end
    return found
end

local function mean(notes)
    local sum = 0
    for _, pitch in ipairs(notes) do
        sum = sum + pitch
    end
    return sum / #notes
end

--- Mean movement of a voice between two voicings, in semitones.
function voicing.step(from, to)
    local sum = 0
    for v = 1, #from do
        sum = sum + math.abs(to[v] - from[v])
    end
    return sum / #from
end

-- What a movement costs: every semitone, leaps more, and the distance of the whole from its centre.
local function cost(from, to, centre)
    local sum = 0
    for v = 1, #to do
        local move = from and math.abs(to[v] - from[v]) or 0
        sum = sum + move + (move > 4 and 2 * (move - 4) or 0)
    end
    local off = math.abs(mean(to) - centre)
    return sum + 0.5 * off + (off > 4 and 3 * (off - 4) or 0) + (to[2] - to[1] < 5 and 0.7 or 0)
end

--- The voicing of a chord that moves least from another: common tones are held, the others step.
-- The whole is drawn back gently to the register's centre, so that hours of music stay where they belong.
-- @param from the voicing before, or nil for a first one
-- @param chord as `theory.chord` gives it
-- @param opts as for `voicing.all`, and centre (MIDI note the voicing hovers around)
function voicing.lead(from, chord, opts)
    local centre = setting(opts, "centre")
    local best, best_cost
    for _, notes in ipairs(all_or_closer(chord, opts)) do
        local c = cost(from and #from == #notes and from or nil, notes, centre)
        if not best or c < best_cost then
            best, best_cost = notes, c
        end
    end
    return best
end

--- The note of a class nearest to a centre inside a window, e.g. for a bass.
function voicing.place(class, centre, low, high)
    local best
    for pitch = low, high do
        if pitch % 12 == class % 12 and (not best or math.abs(pitch - centre) < math.abs(best - centre)) then
            best = pitch
        end
    end
    return best or error(("no note of class %d between %d and %d"):format(class, low, high), 2)
end

return voicing
