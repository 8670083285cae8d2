--- What the engine asks of every phrase, and keys to try a piece in.
local valid = {}

valid.TONICS = { "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B" }
valid.MODES = { "lydian", "ionian", "mixolydian", "dorian", "aeolian", "phrygian", "locrian" }

--- A key for a number: all 84 of them, one after another, far apart.
function valid.key(i)
    return valid.TONICS[i * 5 % 12 + 1] .. " " .. valid.MODES[i % 7 + 1]
end

local function within(value, low, high, what)
    assert(type(value) == "number" and value >= low and value <= high,
        ("%s is %s: %g to %g is wanted"):format(what, tostring(value), low, high))
end

--- Raises an error if a note or a chord of the phrase would be refused.
function valid.phrase(phrase)
    assert(phrase.bars >= 1 and phrase.bars <= 64 and #phrase.notes <= 4096 and #phrase.chords <= 256)
    for _, note in ipairs(phrase.notes) do
        assert(phrase.piece.patches[note.patch], note.patch)
        within(note.at, 0, phrase.beats - 1e-9, note.patch .. ".at")
        within(note.beats, 1e-6, 256, note.patch .. ".beats")
        within(note.pitch, 0, 127, note.patch .. ".pitch")
        within(note.velocity, 0, 1, note.patch .. ".velocity")
        within(note.pan or 0, -1, 1, note.patch .. ".pan")
    end
    for _, chord in ipairs(phrase.chords) do
        within(chord.at, 0, phrase.beats - 1e-9, "chord.at")
        within(chord.beats, 1e-6, phrase.beats, "chord.beats")
        within(#chord.name, 0, 15, "the length of " .. chord.name)
        within(#chord.pitches, 1, 12, "tones of " .. chord.name)
    end
end

--- Notes of some patches in all phrases: list of {note, phrase, seconds}, in order.
function valid.notes(phrases, patches)
    local found = {}
    for _, phrase in ipairs(phrases) do
        for _, note in ipairs(phrase.notes) do
            if patches[note.patch] then
                found[#found + 1] = { note = note, phrase = phrase,
                                      seconds = phrase.seconds + note.at * 60 / phrase.bpm }
            end
        end
    end
    return found
end

--- A text that two phrases share only if they play the same notes, to a sixteenth.
function valid.label(phrase)
    local words = {}
    for i, note in ipairs(phrase.notes) do
        words[i] = ("%s %.1f@%d"):format(note.patch, note.pitch, math.floor(note.at * 4 + 0.5))
    end
    return table.concat(words, ",")
end

return valid
