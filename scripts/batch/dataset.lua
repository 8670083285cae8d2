-- A data set: many short takes of one piece, each with its own seed, tempo and mood, as sound, MIDI and notes.
--
--     auralis render --batch scripts/batch/dataset.lua -o dataset --jobs 8
--
-- The folder's manifest.jsonl has a line for each: seed, key, tempo, controls and files. What is drawn here is the same
-- in every run.
local KEYS = { "C major", "A minor", "D dorian", "F lydian", "G mixolydian", "E phrygian" }
local TAKES = 200

local draw = random "takes"

defaults { formats = "flac", bits = 16, rate = 48000, phrases = 2, midi = true, events = true }

for take = 1, TAKES do
    render {
        name = ("%s/%04d"):format(take % 10 == 0 and "test" or "train", take),
        piece = "ambient",
        seed = take,
        key = draw:pick(KEYS),
        bpm = draw:int(50, 90),
        intensity = draw:int(0, 100) / 100,
        melody_complexity = draw:int(0, 100) / 100,
    }
end
