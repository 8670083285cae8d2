-- An album: Auralis's eight pieces as tracks, tagged, faded and equally loud.
--
--     auralis render --batch scripts/batch/album.lua -o album
--
-- Run again, it renders only what changed; Ctrl-C leaves what is finished. `--only "03*"` takes some of it.
local MINUTES = 4

local TRACKS = {
    { piece = "ambient", title = "Ambient", key = "A minor" },
    { piece = "rain", title = "Rain", key = "G major" },
    { piece = "focus", title = "Focus", key = "D dorian" },
    { piece = "bright", title = "Bright", key = "F lydian" },
    { piece = "arc", title = "Arc", key = "C minor" },
    { piece = "overtones", title = "Overtones", key = "D mixolydian" },
    { piece = "meditation", title = "Meditation", key = "A aeolian" },
    { piece = "sleep", title = "Sleep", key = "E phrygian", fade = 30 },
}

defaults {
    formats = { "flac", "opus" },
    duration = 60 * MINUTES,
    fade = 12,
    loudness = -18, -- LUFS; true peaks stay below -1 dBTP
    limit = true,
    chords = true,
    tags = { artist = "Auralis", album = "Eight Rooms", genre = "Ambient" },
}

for number, track in ipairs(TRACKS) do
    render {
        name = ("%02d-%s"):format(number, track.piece),
        piece = track.piece,
        seed = number,
        key = track.key,
        fade = track.fade,
        tags = { title = track.title, track = ("%d/%d"):format(number, #TRACKS) },
    }
end
