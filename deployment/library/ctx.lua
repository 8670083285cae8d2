--- What a piece is given and what it gives: the fields of `ctx`, random streams, and the table that a script returns.
-- Comments only: the functions themselves belong to the engine. docs/scripting.md tells the whole story.
-- @module ctx

--- The key that holds for this phrase, e.g. "A minor".
-- @field ctx.key

--- The key's mode: "aeolian" for minor, "ionian" for major, else its own name.
-- @field ctx.mode

--- MIDI note of the tonic, 57 (A3) to 68 (G sharp 4).
-- @field ctx.root

--- The mode's seven steps above the root in semitones, e.g. { 0, 2, 3, 5, 7, 8, 10 }.
-- @field ctx.scale

--- Beats a minute, 40 to 200. It holds for the whole phrase.
-- @field ctx.bpm

--- The piece's meter, { beats, unit }.
-- @field ctx.meter

--- Beats of a bar: the meter's first number.
-- @field ctx.beats_per_bar

--- How much is going on, 0 (drone and air) to 1 (everything).
-- @field ctx.intensity

--- How rich melodies are, 0 to 1.
-- @field ctx.melody_complexity

--- The phrase's number, from 0.
-- @field ctx.phrase

--- Plays a note. Fields: patch (a name in `patches`), at (beats from the phrase's start), beats (its length, up to 256;
-- it may ring past the phrase), pitch (MIDI note 0 to 127, fractions allowed), velocity (0 to 1, default 0.7), pan (-1
-- left to 1 right, default 0). At most 4,096 a phrase.
-- @usage ctx:note { patch = "pad", at = 0, beats = 4, pitch = ctx.root, velocity = 0.6 }
-- @function ctx:note { patch, at, beats, pitch, velocity, pan }

--- Declares what harmony holds; sounds nothing. Fields: at, beats, name (up to 15 bytes), pitches (1 to 12 MIDI notes).
-- @usage ctx:chord { at = 0, beats = 8, name = "i", pitches = { 57, 60, 64 } }
-- @function ctx:chord { at, beats, name, pitches }

--- Sets parameters of patches and effects for this phrase, in the form of the piece's own table; the next phrase begins
-- from that table again. Gains, sends and effects glide there over half a second; the other parameters of a patch hold
-- for the notes of the phrase.
-- @usage ctx:set { patches = { pad = { cutoff = 600 + 900 * ctx.intensity } }, effects = { reverb = { decay = 9 } } }
-- @function ctx:set { patches, effects }

--- The random stream of that name: its draws depend on the seed, the phrase's number and the name only.
-- @usage local draw = ctx.random("bells")
-- @function ctx.random(name)

--- A number from 0 to less than 1.
-- @usage local chance = stream:float() < 0.3
-- @function stream:float()

--- A whole number from a to b, both included.
-- @usage local bar = stream:int(0, 7)
-- @function stream:int(a, b)

--- An element of the list t.
-- @usage local pitch = stream:pick { 57, 60, 64 }
-- @function stream:pick(t)

--- Text that names the piece, up to 127 bytes; the file's name if not given.
-- @field piece.title

--- { beats, unit }: a beat is the unit, a bar lasts `beats` beats; { 4, 4 } if not given.
-- @field piece.meter

--- Up to 24 controls of the piece's own, by name: { min, max, default, label }. Read them as `ctx.NAME`.
-- @usage controls = { density = { min = 0, max = 1, default = 0.4, label = "Density" } },
-- @field piece.controls

--- Up to 16 sounds, by name: a voice (pad, lead, kick, swell, bell, bass, pluck, tick, grain, modular, wave) and its
-- parameters; docs/voices.md lists them.
-- @usage patches = { pad = { voice = "pad", attack = 2.5, release = 5 } },
-- @field piece.patches

--- Parameters of the effects reverb, delay, chorus, tilt and master; docs/voices.md lists them.
-- @usage effects = { reverb = { decay = 8 }, delay = { beats = 0.75, feedback = 0.5 } },
-- @field piece.effects

--- Plain data that the first phrase starts from. What a phrase changes in it the next one finds: numbers, strings,
-- booleans and tables of them.
-- @usage state = { degree = 1 },
-- @field piece.state

--- Called at each boundary; makes the phrase's notes and returns its length in bars, a whole number from 1 to 64.
-- @usage phrase = function(ctx, state)
--   ctx:note { patch = "pad", at = 0, beats = 30, pitch = ctx.root }
--   return 8
-- end,
-- @function piece.phrase(ctx, state)

--- Called once when the script is replaced while it plays: gets the old state, returns the one to go on with.
-- @usage migrate = function(old) old.degree = old.degree or 1 return old end,
-- @function piece.migrate(old)
