--- Drones and textures: what lies under and over everything else.
-- All functions give lists of {at, beats, pitch, velocity} for the piece to play with patches of its own.
-- @module drone
local check = require "check"
local form = require "form"
local rhythm = require "rhythm"

local drone = {}

--- Tones on a root, each a little out of tune, so that they beat slowly against each other.
-- @param root MIDI note, 0 to 127
-- @param intervals list of semitones above the root, e.g. { 0, 7, 12 }
-- @param cents how far apart neighbours are drawn, 0 to 50 (default 4): up, down, up ...
-- @return list of pitches with fractions
-- @usage drone.stack(36, { 0, 7 }, 10) --> { 36.05, 42.95 }
function drone.stack(root, intervals, cents)
    check.number("root", root, 0, 127)
    check.list("intervals", intervals, 1)
    cents = check.number("cents", cents or 4, 0, 50)
    local pitches = {}
    for i, interval in ipairs(intervals) do
        pitches[i] = root + check.number("an interval", interval, -127, 127) + (i % 2 == 1 and 1 or -1) * cents / 200
    end
    return pitches
end

local HOLD_OPTIONS = { "breath", "overlap", "stagger", "velocity", "spread" }

-- When the pitch is bowed next: where the phrase before has left it, or soon.
local function wait_of(held, pitch, stagger, stream)
    for _, head in ipairs(held) do
        if head.pitch == pitch then
            return head.wait
        end
    end
    return stagger * stream:float()
end

--- Holds tones without end: each is bowed anew every so often, none at the same moment as another, and sounds on over
-- the phrases' boundaries. A tone that is no longer wanted rings out, a new one comes in softly by itself.
-- @param held a table in the piece's state, {} at first; changed in place
-- @param stream random stream
-- @param pitches the tones that are wanted in this phrase
-- @param length beats of the phrase
-- @param opts breath (beats from one bow to the next, 1 to 200, default 24; drawn within a fifth of it), overlap
-- (beats that a bow lasts into the next, default 4), stagger (most beats until a new tone enters, default 8), velocity
-- (default 0.6), spread (share of it that bows differ by, default 0.1)
-- @return list of {at, beats, pitch, velocity}
-- @usage state.held = state.held or {}
-- for _, note in ipairs(drone.hold(state.held, stream, drone.stack(33, { 0, 7, 12 }), 32)) do
--   ctx:note { patch = "drone", at = note.at, beats = note.beats, pitch = note.pitch, velocity = note.velocity }
-- end
function drone.hold(held, stream, pitches, length, opts)
    check.kind("held", held, "table")
    check.stream(stream)
    check.list("pitches", pitches)
    check.number("length", length, 0, 4096)
    opts = check.options("hold", opts, HOLD_OPTIONS)
    local breath = check.number("breath", opts.breath or 24, 1, 200)
    local overlap = check.number("overlap", opts.overlap or 4, 0, 50)
    local stagger = check.number("stagger", opts.stagger or 8, 0)
    local velocity = check.number("velocity", opts.velocity or 0.6, 0, 1)
    local spread = check.number("spread", opts.spread or 0.1, 0, 1)
    local notes, heads = {}, {}
    for i, pitch in ipairs(pitches) do
        local at = wait_of(held, check.number("a pitch", pitch, 0, 127), stagger, stream)
        while at < length do
            local beats = breath * (0.8 + 0.4 * stream:float())
            notes[#notes + 1] = { at = at, beats = beats + overlap, pitch = pitch,
                                  velocity = form.clamp(velocity * (1 + spread * (2 * stream:float() - 1)), 0, 1) }
            at = at + beats
        end
        heads[i] = { pitch = pitch, wait = at - length }
    end
    for i = 1, math.max(#held, #heads) do
        held[i] = heads[i]
    end
    return notes
end

local TEXTURE_OPTIONS = { "density", "gap", "shortest", "longest", "quiet", "loud", "octaves" }

--- Specks over the music: single tones at free moments.
-- @param stream random stream
-- @param pitches the tones to choose from
-- @param length beats
-- @param opts density (tones a beat, 0 to 8, default 0.25), gap (least beats between two, default 0), shortest and
-- longest (beats of a tone, default 1 and 4), quiet and loud (velocities, default 0.2 and 0.5), octaves (list of
-- octaves to shift by, default { 0 })
-- @return list of {at, beats, pitch, velocity}; about density x length of them, and always as many in the mean
-- @usage local specks = drone.texture(stream, { 69, 72, 76 }, 32, { density = 0.5, octaves = { 0, 1 } })
-- #specks --> 16
function drone.texture(stream, pitches, length, opts)
    check.stream(stream)
    check.list("pitches", pitches, 1)
    check.number("length", length, 0, 4096)
    opts = check.options("texture", opts, TEXTURE_OPTIONS)
    local density = check.number("density", opts.density or 0.25, 0, 8)
    local shortest = check.number("shortest", opts.shortest or 1, 1e-3, 256)
    local longest = check.number("longest", opts.longest or math.max(4, shortest), shortest, 256)
    local quiet, loud = check.number("quiet", opts.quiet or 0.2, 0, 1), check.number("loud", opts.loud or 0.5, 0, 1)
    local octaves, gap = check.list("octaves", opts.octaves or { 0 }, 1), check.number("gap", opts.gap or 0, 0)
    local count = math.min(1024, math.floor(density * length + stream:float()))
    local notes = rhythm.scatter(stream, length, count, gap)
    for _, note in ipairs(notes) do
        note.beats = form.mix(shortest, longest, stream:float())
        note.pitch = pitches[stream:int(1, #pitches)] + 12 * octaves[stream:int(1, #octaves)]
        note.velocity = form.mix(quiet, loud, stream:float())
    end
    return notes
end

return drone
