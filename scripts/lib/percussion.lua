--- Percussion: felt more than heard. Sparse kicks, a soft pulse and swells, by intensity.
-- The functions return plain lists of {at, beats, velocity, ...} for the piece to give to its patches.
-- @module percussion
local check = require "check"
local form = require "form"

local percussion = {}

--- Kicks begin above this intensity: 0.5.
percussion.KICK_FROM = 0.5

--- Kicks of a phrase: none below an intensity of 0.5, then single ones on a few bar lines, at 1 a slow heartbeat.
-- @param stream random stream
-- @param length beats of the phrase
-- @param bar beats of a bar
-- @param unit beats of the musical unit (`phrase.unit`)
-- @param intensity 0 to 1
-- @return list of {at, velocity}
-- @usage #percussion.kicks(stream, 32, 4, 1, 0.3) --> 0
function percussion.kicks(stream, length, bar, unit, intensity)
    check.stream(stream)
    check.number("length", length, 0, 65536)
    check.number("bar", bar, 1e-3)
    check.number("unit", unit, 1e-3)
    check.number("intensity", intensity)
    local presence = form.fade(intensity, percussion.KICK_FROM, 1.05)
    local kicks = {}
    if presence <= 0 then
        return kicks
    end
    local step = math.max(bar, 4 * unit)
    for at = 0, length - 1e-9, step do
        local draw, after = stream:float(), stream:float()
        if draw < 0.1 + 0.8 * presence then
            kicks[#kicks + 1] = { at = at, velocity = form.mix(0.3, 0.7, presence) * (0.9 + 0.2 * stream:float()) }
            if after < 0.55 * presence * presence and at + 1.5 * unit < length then
                kicks[#kicks + 1] = { at = at + (after < 0.2 and 2.5 or 1.5) * unit,
                                      velocity = form.mix(0.2, 0.45, presence) * (0.9 + 0.2 * stream:float()) }
            end
        end
    end
    return kicks
end

--- Swells of a phrase: breaths of noise that grow towards a moment, most often the phrase's end.
-- @param stream random stream
-- @param length beats of the phrase
-- @param unit beats of the musical unit
-- @param intensity 0 to 1: more and longer swells
-- @return list of {at, beats, velocity}
-- @usage for _, swell in ipairs(percussion.swells(stream, 32, 1, 0.5)) do
--   ctx:note { patch = "swell", at = swell.at, beats = swell.beats, pitch = 60, velocity = swell.velocity }
-- end
function percussion.swells(stream, length, unit, intensity)
    check.stream(stream)
    check.number("length", length, 0, 65536)
    check.number("unit", unit, 1e-3)
    check.number("intensity", intensity)
    local swells = {}
    if stream:float() < 0.25 + 0.4 * intensity then
        local beats = math.min(length * 0.6, form.mix(6, 12, stream:float()) * unit)
        swells[1] = { at = length - beats, beats = beats, velocity = form.mix(0.35, 0.7, stream:float()) }
    end
    if stream:float() < 0.3 * intensity then
        local beats = math.min(length * 0.4, form.mix(4, 8, stream:float()) * unit)
        swells[#swells + 1] = { at = stream:float() * (length * 0.5 - beats * 0.5), beats = beats,
                                velocity = form.mix(0.2, 0.5, stream:float()) }
    end
    return swells
end

--- A pulse: which of the steps of a cycle sound, spread as evenly as they can be: `rhythm.euclid` as
-- yes and no.
-- @param hits how many sound, 0 to steps
-- @param steps length of the cycle, 1 to 1024
-- @param rotation steps to turn the pattern by (default 0)
-- @return list of booleans
-- @usage percussion.even(1, 3) --> { true, false, false }
function percussion.even(hits, steps, rotation)
    check.whole("steps", steps, 1, 1024)
    check.whole("hits", hits, 0, steps)
    check.whole("rotation", rotation or 0)
    local pattern = {}
    for i = 0, steps - 1 do
        local turned = (i + (rotation or 0)) % steps
        pattern[i + 1] = (turned * hits) % steps < hits
    end
    return pattern
end

return percussion
