local conversation = require "conversation"
local count = require "count"
local melody = require "melody"
local progressions = require "progressions"
local simulate = require "simulate"
local theory = require "theory"
local voicing = require "voicing"

local COMPLEXITIES = { 0, 0.25, 0.5, 0.75, 1 }

-- Realises many motifs over a progression; returns the kinds of all notes, the notes by motif and the ledger.
local function many(name, complexity, n, seed)
    local key = theory.key(name)
    local scale, chain = theory.key_classes(key), progressions.chain(key.mode)
    local stream, ledger = simulate.stream(seed or 1, name), melody.ledger()
    local playhead, kinds, all, before = chain:start(chain.states[1]), {}, {}, nil
    for _ = 1, n do
        local degree = progressions.degree(chain:next(stream, playhead))
        before = voicing.lead(before, theory.diatonic(key, degree, stream:pick(theory.soft_kinds(key, degree))))
        local chord = theory.classes(before)
        local function harmony() return chord end
        local notes = melody.realise(stream, melody.motif(stream, complexity), harmony, scale, ledger,
            { low = 72, high = 88, start = 78, leap = 5 + 7 * complexity })
        ledger = melody.after(ledger, notes, harmony, scale)
        for _, note in ipairs(notes) do
            kinds[#kinds + 1] = melody.kind(note.pitch, chord, scale)
        end
        all[#all + 1] = { notes = notes, chord = chord, scale = scale }
    end
    return kinds, all, ledger
end

-- Share of steps wider than a fourth.
local function share_of_leaps(all)
    local wide, n = 0, 0
    for _, motif in ipairs(all) do
        for i = 2, #motif.notes do
            wide = wide + (math.abs(motif.notes[i].pitch - motif.notes[i - 1].pitch) > 5 and 1 or 0)
            n = n + 1
        end
    end
    return wide / n
end

describe("melody: shares", function()
    for _, mode in ipairs(theory.MODE_NAMES) do
        it("are 70, 25 and 5 % at every complexity, " .. mode, function()
            for _, tonic in ipairs { "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B" } do
                for _, complexity in ipairs(COMPLEXITIES) do
                    local shares, n = count.shares((many(tonic .. " " .. mode, complexity, 40)))
                    assert.is_true(n >= 150)
                    assert.is_true(math.abs(shares.chord - 0.70) <= 0.03, shares.chord)
                    assert.is_true(math.abs(shares.scale - 0.25) <= 0.03, shares.scale)
                    assert.is_true(math.abs(shares.chromatic - 0.05) <= 0.02, shares.chromatic)
                end
            end
        end)
    end

    it("are kept by the quota from any ledger", function()
        for n = 1, 9 do
            for scale = 0, 8 do
                local a, b, c = melody.quota({ chord = 20, scale = scale, chromatic = scale % 3 }, n)
                assert.equal(n, a + b + c)
                assert.is_true(a >= 0 and b >= 0 and c >= 0 and a >= b)
            end
        end
        assert.same({ 5, 0, 0 }, { melody.quota({ chord = 0, scale = 30, chromatic = 9 }, 5) })
        assert.same({ 2, 2, 1 }, { melody.quota({ chord = 99, scale = 0, chromatic = 0 }, 5) })
    end)

    it("count a ledger's debt in notes", function()
        assert.is_true(melody.debt { chord = 70, scale = 25, chromatic = 5 } < 1e-9)
        assert.is_true(math.abs(melody.debt { chord = 75, scale = 20, chromatic = 5 } - 5) < 1e-9)
    end)
end)

describe("melody: motifs", function()
    it("have more and quicker notes and wider leaps as complexity rises", function()
        local notes, lengths, leaps = {}, {}, {}
        for i, complexity in ipairs(COMPLEXITIES) do
            local kinds, all = many("A minor", complexity, 300)
            local beats = 0
            for _, motif in ipairs(all) do
                for j = 1, #motif.notes - 1 do
                    beats = beats + motif.notes[j].beats
                end
            end
            notes[i], lengths[i], leaps[i] = #kinds, beats / (#kinds - #all), share_of_leaps(all)
        end
        for i = 2, #COMPLEXITIES do
            assert.is_true(notes[i] > notes[i - 1])
            assert.is_true(lengths[i] < lengths[i - 1])
        end
        assert.is_true(leaps[5] > 2 * leaps[1], leaps[1] .. " to " .. leaps[5])
    end)

    it("stay in the register, on a grid of half units, without gaps", function()
        for _, complexity in ipairs(COMPLEXITIES) do
            local _, all = many("E phrygian", complexity, 100)
            for _, motif in ipairs(all) do
                local at = 0
                assert.is_true(#motif.notes >= 4 and #motif.notes <= 7)
                for _, note in ipairs(motif.notes) do
                    assert.is_true(note.pitch >= 72 and note.pitch <= 88)
                    assert.equal(at, note.at)
                    assert.equal(0, note.at * 2 % 1)
                    at = at + note.beats
                end
            end
        end
    end)

    it("lead every chromatic tone by a semitone into the next note", function()
        local seen = 0
        for _, name in ipairs { "A minor", "F lydian", "B locrian" } do
            local _, all = many(name, 0.5, 200)
            for _, motif in ipairs(all) do
                for i, note in ipairs(motif.notes) do
                    if melody.kind(note.pitch, motif.chord, motif.scale) == "chromatic" then
                        seen = seen + 1
                        assert.equal(1, math.abs(motif.notes[i + 1].pitch - note.pitch))
                        assert.is_true(motif.chord[motif.notes[i + 1].pitch % 12])
                    end
                end
            end
        end
        assert.is_true(seen > 50)
    end)

    it("begin and end on chord tones most of the time", function()
        local _, all = many("D dorian", 0.5, 300)
        local good = 0
        for _, motif in ipairs(all) do
            local first, last = motif.notes[1], motif.notes[#motif.notes]
            good = good + (motif.chord[first.pitch % 12] and 1 or 0) + (motif.chord[last.pitch % 12] and 1 or 0)
        end
        assert.is_true(good / (2 * #all) > 0.9)
    end)

    it("vary in more than one way and stay motifs", function()
        local stream, seen = simulate.stream(3), {}
        for _ = 1, 200 do
            local motif = melody.motif(stream, 0.5)
            local before = #motif
            local varied, which = melody.vary(stream, motif)
            seen[which] = true
            assert.equal(before, #motif)
            assert.is_true(#varied >= 3 and #varied <= before)
            for i = 2, #varied do
                assert.equal(varied[i - 1].at + varied[i - 1].beats, varied[i].at)
            end
        end
        assert.equal(6, #seen)
    end)

    it("do not use the letter that a borrowed chord has altered", function()
        local key = theory.key("A minor")
        local chord = theory.chord(theory.key("A dorian"), "IV").classes -- D F# A
        local scale, ledger, stream = theory.key_classes(key), melody.ledger(), simulate.stream(4)
        for _ = 1, 200 do
            local function harmony() return chord end
            local notes = melody.realise(stream, melody.motif(stream, 1), harmony, scale, ledger,
                { low = 72, high = 88, start = 78 })
            ledger = melody.after(ledger, notes, harmony, scale)
            for _, note in ipairs(notes) do
                assert.is_not.equal(5, note.pitch % 12)
            end
        end
    end)
end)

describe("conversation", function()
    local function talk_for(units, stretch, calm, complexity)
        local stream, talk, played = simulate.stream(21), conversation.new(), {}
        local scale = theory.key_classes(theory.key("A minor"))
        local chords = { theory.classes { 57, 60, 64, 67 }, theory.classes { 53, 57, 60, 64 },
            theory.classes { 50, 53, 57, 60 } }
        for start = 0, units - 1, stretch do
            local gestures = conversation.play(stream, talk, stretch, { complexity = complexity or 0.5, calm = calm,
                centre = 78, low = 72, high = 88, scale = scale,
                harmony = function(at) return chords[math.floor((start + at) / 8) % 3 + 1] end })
            for _, gesture in ipairs(gestures) do
                for _, note in ipairs(gesture.notes) do
                    assert.is_true(note.at >= 0 and note.at < stretch)
                    played[#played + 1] = { at = start + note.at, pitch = note.pitch, kind = gesture.kind }
                end
            end
        end
        return played, talk
    end

    it("returns to its theme note for note, then leaves it for good", function()
        local played, talk = talk_for(4000, 32, 1)
        assert.is_true(talk.themes > 10)
        local lead = {}
        for i, note in ipairs(played) do
            lead[i] = { pitch = note.pitch, seconds = note.at * 0.8 }
        end
        local near, far = count.returns(lead, 120, 300)
        assert.is_true(near >= 0.10, near)
        assert.is_true(far < 0.05, far)
    end)

    it("never overlaps itself, whatever the stretch and calm", function()
        for _, stretch in ipairs { 8, 16, 32, 64 } do
            for _, calm in ipairs { 0.4, 1, 3 } do
                local played = talk_for(960, stretch, calm, 1)
                assert.is_true(#played > 20)
                for i = 2, #played do
                    assert.is_true(played[i].at > played[i - 1].at)
                end
            end
        end
    end)

    it("rests longer when it is calm", function()
        assert.is_true(#talk_for(3200, 32, 3) < 0.6 * #talk_for(3200, 32, 0.5))
    end)
end)
