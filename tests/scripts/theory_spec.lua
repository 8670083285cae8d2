local refused = require "refused"
local theory = require "theory"

local LETTERS = { C = 0, D = 2, E = 4, F = 5, G = 7, A = 9, B = 11 }
local ACCIDENTALS = { [""] = 0, ["#"] = 1, b = -1 }

describe("theory: keys and scales", function()
    it("has the reference roots", function()
        local roots = { ["A minor"] = 57, ["B minor"] = 59, ["C minor"] = 60, ["D minor"] = 62, ["E minor"] = 64,
            ["F minor"] = 65, ["G minor"] = 67, ["C major"] = 60, ["D major"] = 62, ["E major"] = 64, ["F major"] = 65,
            ["G major"] = 67, ["A major"] = 57, ["B major"] = 59 }
        for name, root in pairs(roots) do
            assert.equal(root, theory.KEY_TO_ROOT_MIDI[name], name)
            assert.equal(root, theory.key(name).root, name)
        end
    end)

    it("places every tonic in the octave from A3, in all modes", function()
        local n = 0
        for letter, class in pairs(LETTERS) do
            for accidental, shift in pairs(ACCIDENTALS) do
                for _, mode in ipairs(theory.MODE_NAMES) do
                    local key = theory.key(letter .. accidental .. " " .. mode)
                    assert.equal((class + shift) % 12, key.root % 12)
                    assert.is_true(key.root >= 57 and key.root <= 68)
                    n = n + 1
                end
            end
        end
        assert.equal(7 * 3 * 9, n)
    end)

    it("has the reference scales and the other modes", function()
        assert.same({ 0, 2, 3, 5, 7, 8, 10 }, theory.SCALE_INTERVALS.aeolian)
        assert.same({ 0, 2, 3, 5, 7, 9, 10 }, theory.SCALE_INTERVALS.dorian)
        assert.same({ 0, 1, 3, 5, 7, 8, 10 }, theory.SCALE_INTERVALS.phrygian)
        assert.same({ 0, 2, 4, 5, 7, 9, 11 }, theory.SCALE_INTERVALS.major)
        assert.same(theory.SCALE_INTERVALS.ionian, theory.SCALE_INTERVALS.major)
        assert.same(theory.SCALE_INTERVALS.aeolian, theory.SCALE_INTERVALS.minor)
        -- Every mode is the major scale from another of its notes.
        local degrees = { "ionian", "dorian", "phrygian", "lydian", "mixolydian", "aeolian", "locrian" }
        local major = theory.SCALE_INTERVALS.major
        for start, mode in ipairs(degrees) do
            for i = 1, 7 do
                local at = start + i - 2
                local expected = major[at % 7 + 1] + 12 * math.floor(at / 7) - major[start]
                assert.equal(expected, theory.SCALE_INTERVALS[mode][i], mode)
            end
        end
    end)

    it("refuses what is no key and says what is", function()
        for _, name in ipairs { "H minor", "A  minor", "a minor", "A Minor", "A", "", "A minor ", "A##  minor" } do
            local ok, message = pcall(theory.key, name)
            assert.is_false(ok, name)
            assert.truthy(message:find("locrian", 1, true))
        end
        assert.has_error(function() theory.key(nil) end)
    end)

    it("lists scale notes over three octaves", function()
        local notes = theory.scale_notes(57, "aeolian")
        assert.equal(21, #notes)
        assert.same({ 57, 59, 60, 62, 64, 65, 67, 69 }, { unpack(notes, 1, 8) })
        assert.equal(57 + 24 + 10, notes[21])
    end)
end)

describe("theory: chords", function()
    it("has the reference intervals", function()
        assert.same({ i = { 0, 3, 7 }, ii = { 0, 3, 7 }, III = { 0, 4, 7 }, iv = { 0, 3, 7 }, v = { 0, 3, 7 },
            V = { 0, 4, 7 }, VI = { 0, 4, 7 }, VII = { 0, 4, 7 }, i7 = { 0, 3, 7, 10 }, imaj7 = { 0, 3, 7, 11 },
            VI9 = { 0, 4, 7, 10, 14 } }, theory.CHORD_INTERVALS)
        local key = theory.key("A minor")
        for name, intervals in pairs(theory.CHORD_INTERVALS) do
            assert.same(intervals, theory.chord(key, name).intervals, name)
        end
    end)

    it("stands on its degree, not on the key's root", function()
        local key = theory.key("A minor")
        local roots = { i = 57, ii = 59, III = 60, iv = 62, v = 64, V = 64, VI = 65, VII = 67, VI9 = 65 }
        for name, root in pairs(roots) do
            local chord = theory.chord(key, name)
            assert.equal(root, chord.root, name)
            assert.equal(root, chord.pitches[1], name)
        end
        assert.same({ 65, 69, 72, 75, 79 }, theory.chord(key, "VI9").pitches)
        assert.same({ 64, 68, 71 }, theory.chord(theory.key("A minor"), "V").pitches)
        assert.equal(70, theory.chord(theory.key("C major"), "bVII").root)
    end)

    it("builds each degree's triads, sevenths and ninths from the mode's own notes", function()
        for _, mode in ipairs(theory.MODES) do
            local key = theory.key("D " .. mode)
            local inside = theory.key_classes(key)
            for degree = 1, 7 do
                for kind, n in pairs { triad = 3, seventh = 4, ninth = 5, add9 = 4, sus2 = 3, sus4 = 3 } do
                    local chord = theory.diatonic(key, degree, kind)
                    assert.equal(key.root + key.scale[degree], chord.pitches[1], mode)
                    assert.equal(n, #chord.pitches)
                    for _, pitch in ipairs(chord.pitches) do
                        assert.is_true(inside[pitch % 12], mode .. " " .. chord.name)
                    end
                end
            end
        end
    end)

    it("names chords so that the name gives the chord again", function()
        local named = 0
        for _, mode in ipairs(theory.MODES) do
            local key = theory.key("F# " .. mode)
            for degree = 1, 7 do
                for _, kind in ipairs(theory.soft_kinds(key, degree)) do
                    local chord = theory.diatonic(key, degree, kind)
                    assert.same(chord.pitches, theory.chord(key, chord.name).pitches, mode .. " " .. chord.name)
                    assert.is_true(#chord.name <= 15)
                    named = named + 1
                end
            end
        end
        assert.is_true(named > 200)
    end)

    it("knows the qualities of each mode's triads", function()
        local triads = { ionian = "I ii iii IV V vi viio", aeolian = "i iio III iv v VI VII",
            dorian = "i ii III IV v vio VII", phrygian = "i II III iv vo VI vii", lydian = "I II iii ivo V vi vii",
            mixolydian = "I ii iiio IV v vi VII", locrian = "io II iii iv V VI vii" }
        for mode, expected in pairs(triads) do
            local names = {}
            for degree = 1, 7 do
                names[degree] = theory.diatonic(theory.key("C " .. mode), degree, "triad").name
            end
            assert.equal(expected, table.concat(names, " "), mode)
        end
    end)

    it("keeps soft chords free of semitone seconds, minor ninths and tritone suspensions", function()
        for _, mode in ipairs(theory.MODES) do
            local key = theory.key("C " .. mode)
            for degree = 1, 7 do
                local kinds = theory.soft_kinds(key, degree)
                assert.is_true(#kinds > 0)
                for _, kind in ipairs(kinds) do
                    for _, interval in ipairs(theory.diatonic(key, degree, kind).intervals) do
                        assert.is_true(interval ~= 1 and interval ~= 13, mode .. " " .. degree .. " " .. kind)
                    end
                end
            end
        end
    end)

    it("refuses numerals that are none", function()
        local key = theory.key("A minor")
        for _, name in ipairs { "", "VIII", "iV", "X", "I13", "ivmaj", "IIII", "b", "Imin" } do
            assert.has_error(function() theory.chord(key, name) end, nil, name)
        end
        assert.has_error(function() theory.diatonic(key, 8, "triad") end)
        assert.has_error(function() theory.diatonic(key, 1, "eleventh") end)
    end)
end)

describe("theory: snapping and neighbours", function()
    it("snaps to the nearest note of a set", function()
        local set = theory.key_classes(theory.key("C major"))
        assert.equal(60, theory.snap(60, set))
        assert.equal(60, theory.snap(61, set, -1))
        assert.equal(62, theory.snap(61, set, 1))
        assert.equal(72, theory.snap(72.4, set))
        assert.equal(55, theory.snap(58, { [7] = true }))
        for pitch = 0, 127 do
            local snapped = theory.snap(pitch, set)
            assert.is_true(set[snapped % 12] and math.abs(snapped - pitch) <= 1)
        end
        assert.has_error(function() theory.snap(60, {}) end)
    end)

    it("finds the modes that differ by one note", function()
        for _, mode in ipairs(theory.MODES) do
            local key = theory.key("G " .. mode)
            for direction = -1, 1, 2 do
                local other = theory.neighbour(key, direction)
                if other then
                    assert.equal(6, theory.common(theory.key_classes(key), theory.key_classes(other)))
                    assert.equal(key.root, other.root)
                end
            end
        end
        assert.equal("dorian", theory.neighbour(theory.key("A minor"), 1).mode)
        assert.equal("phrygian", theory.neighbour(theory.key("A minor"), -1).mode)
        assert.is_nil(theory.neighbour(theory.key("A lydian"), 1))
    end)
end)

describe("theory: scales", function()
    it("begin at 0, rise and stay inside the octave", function()
        assert.is_true(#theory.SCALE_NAMES >= 25)
        for _, name in ipairs(theory.SCALE_NAMES) do
            local scale = theory.SCALE_INTERVALS[name]
            assert.equal(0, scale[1])
            for i = 2, #scale do
                assert.is_true(scale[i] > scale[i - 1] and scale[i] < 12, name)
            end
            assert.same(scale, theory.key("D " .. name).scale)
        end
    end)

    it("are modes of each other where they should be", function()
        assert.same(theory.SCALE_INTERVALS.dorian, theory.rotate("ionian", 2))
        assert.same(theory.SCALE_INTERVALS.phrygian_dominant, theory.rotate("harmonic_minor", 5))
        assert.same(theory.SCALE_INTERVALS.lydian_dominant, theory.rotate("melodic_minor", 4))
        assert.same(theory.SCALE_INTERVALS.altered, theory.rotate("melodic_minor", 7))
        assert.same(theory.SCALE_INTERVALS.minor_pentatonic, theory.rotate("major_pentatonic", 5))
        assert.same(theory.SCALE_INTERVALS.suspended_pentatonic, theory.rotate("major_pentatonic", 2))
        assert.same(theory.SCALE_INTERVALS.half_whole, theory.rotate("octatonic", 2))
        assert.same(theory.SCALE_INTERVALS.whole_tone, theory.rotate("whole_tone", 3))
        refused(function() theory.rotate("ionian", 8) end, "step is 8", "1 to 7")
        refused(function() theory.rotate("ionic", 1) end, '"ionic"', "ionian")
        refused(function() theory.scale_notes(60, "ionic") end, '"ionic"')
    end)

    it("are walked by steps, both ways", function()
        for _, name in ipairs { "A minor", "D major_pentatonic", "F# octatonic", "C chromatic" } do
            local key = theory.key(name)
            local classes, before = theory.key_classes(key), nil
            assert.equal(key.root, theory.pitch(key, 1))
            assert.equal(key.root + 12, theory.pitch(key, 1 + #key.scale))
            for step = -20, 20 do
                local pitch = theory.pitch(key, step)
                assert.is_true(classes[pitch % 12] and (not before or pitch > before))
                assert.same({ step, 0 }, { theory.step(key, pitch) })
                assert.equal(theory.pitch(key, step + 3), theory.transpose(key, pitch, 3))
                before = pitch
            end
        end
        local key = theory.key "C major"
        assert.same({ 1, 1 }, { theory.step(key, 61) })
        assert.same({ 7, 0.5 }, { theory.step(key, 71.5) })
        assert.equal(63, theory.transpose(key, 61, 1))
        refused(function() theory.pitch(key, 1.5) end, "step is 1.5")
        refused(function() theory.pitch("C major", 1) end, "theory.key")
        refused(function() theory.transpose(key, 60, "up") end, "steps")
    end)

    it("snap up, down and to the nearest, fractions too", function()
        local set = theory.key_classes(theory.key "C major")
        assert.same({ 61 - 1, 62, 60, 62 }, { theory.snap_down(61, set), theory.snap_up(61, set),
            theory.snap(60.9, set), theory.snap(61.1, set) })
        for i = 0, 500 do
            local pitch = 40 + i / 13
            local down, up, near = theory.snap_down(pitch, set), theory.snap_up(pitch, set), theory.snap(pitch, set)
            assert.is_true(down <= pitch and up >= pitch and set[down % 12] and set[up % 12])
            for between = math.floor(down) + 1, math.ceil(up) - 1 do
                assert.is_nil(set[between % 12])
            end
            assert.is_true(near == down or near == up)
            assert.is_true(math.abs(near - pitch) <= math.min(pitch - down, up - pitch) + 1e-9)
        end
        refused(function() theory.snap_up(60, {}) end, "at least one pitch class")
        refused(function() theory.snap(nil, set) end, "pitch is nil")
    end)

    it("of other than seven steps have no chords by degree", function()
        local key = theory.key "C major_pentatonic"
        for _, name in ipairs { "chord", "figured", "diatonic", "soft_kinds", "name" } do
            refused(function() theory[name](key, 1, 2) end, "5 steps", "seven")
        end
        assert.same({ 63, 67, 71 }, theory.diatonic(theory.key "C harmonic_minor", 3, "triad").pitches)
    end)

    it("share tones", function()
        assert.same({ 57, 60 }, theory.common_tones({ 57, 60, 64 }, { 53, 57, 60 }))
        assert.same({}, theory.common_tones({ 61 }, { 60 }))
        refused(function() theory.common_tones(3, {}) end, "pitches is 3")
    end)
end)
