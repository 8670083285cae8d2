local refused = require "refused"
local roman = require "roman"
local theory = require "theory"

local C, A = theory.key "C major", theory.key "A minor"

describe("roman: reading", function()
    it("knows degree, case, shift, suffix, inversion and what it is applied to", function()
        local bvii = roman.parse "bVII"
        assert.same({ 7, -1, false, 0 }, { bvii.degree, bvii.shift, bvii.minor, bvii.inversion })
        assert.same({ 0, 3, 6, 10 }, roman.parse("ii7b5").intervals)
        assert.same({ "V", 5 }, { roman.parse("V/V").of, roman.parse("V/V").degree })
        assert.equal(1, roman.parse("#iv63").inversion + roman.parse("#iv").inversion)
        assert.equal("iv7", roman.write(4, "7", true))
        assert.equal("VII", roman.write(7))
    end)

    it("gives every suffix its semitones and back", function()
        for _, suffix in ipairs(roman.SUFFIXES) do
            for _, minor in ipairs { true, false } do
                local found = roman.suffix(roman.intervals(suffix, minor), minor)
                assert.same(roman.intervals(suffix, minor), roman.intervals(found, minor), suffix)
            end
        end
        assert.is_nil(roman.intervals "x")
        assert.is_nil(roman.suffix({ 0, 1 }, true))
        roman.intervals("7", false)[1] = 99
        assert.equal(0, roman.intervals("7", false)[1])
    end)

    it("reads the figures of inversions", function()
        local wanted = { I63 = { 64, 67, 72 }, I64 = { 67, 72, 76 }, V65 = { 71, 74, 77, 79 }, V43 = { 74, 77, 79, 83 },
            V42 = { 77, 79, 83, 86 }, Imaj65 = { 64, 67, 71, 72 }, iih42 = { 72, 74, 77, 80 } }
        for name, pitches in pairs(wanted) do
            assert.same(pitches, theory.chord(C, name).pitches, name)
        end
        assert.same({ 64, 67, 72 }, theory.figured(C, "I6").pitches)
        assert.same({ 60, 64, 67, 69 }, theory.chord(C, "I6").pitches)
        assert.same({ 65, 68, 62 + 12 }, theory.figured(C, "iio6").pitches)
        assert.same(theory.chord(C, "V65").pitches, theory.figured(C, "V65").pitches)
    end)

    it("builds applied chords on the degree's own key", function()
        local wanted = { ["V/V"] = "D F# A", ["V7/IV"] = "C E G Bb", ["V/ii"] = "A C# E", ["viio/V"] = "F# A C",
            ["viio7/ii"] = "C# E G Bb", ["IV/bVII"] = "Eb G Bb" }
        for name, names in pairs(wanted) do
            local set = {}
            for class in names:gmatch("%S+") do
                set[require("notes").class(class)] = true
            end
            local chord = theory.chord(C, name)
            assert.same(set, chord.classes, name)
            assert.is_true(chord.root >= 60 and chord.root < 72)
        end
    end)

    it("refuses what is no numeral, at the caller's line", function()
        for _, name in ipairs { "V/", "V/X", "/V", "I65x", "I99", "V/V/V", "Isus", "I634" } do
            refused(function() theory.chord(C, name) end, ("%q"):format(name))
            refused(function() theory.figured(C, name) end, ("%q"):format(name))
            refused(function() roman.parse(name) end, ("%q"):format(name))
        end
        refused(function() roman.write(8) end, "degree 8")
    end)
end)

describe("theory: naming", function()
    it("gives the name that gives the notes again", function()
        for _, key in ipairs { C, A, theory.key "F# lydian", theory.key "Eb harmonic_minor" } do
            for degree = 1, 7 do
                for _, suffix in ipairs(roman.SUFFIXES) do
                    for _, minor in ipairs { true, false } do
                        local chord = theory.chord(key, roman.write(degree, suffix, minor))
                        local name = theory.name(key, chord.pitches)
                        assert.is_truthy(name, key.name .. " " .. chord.name)
                        assert.same(chord.classes, theory.chord(key, name).classes, chord.name .. " named " .. name)
                        local again = theory.chord(key, name)
                        assert.equal(chord.pitches[1] % 12, again.pitches[1] % 12, chord.name .. " named " .. name)
                    end
                end
            end
        end
    end)

    it("finds the usual names, inversions and shifted degrees", function()
        local list = require("notes").list
        assert.equal("I", theory.name(C, list "C3 E3 G3"))
        assert.equal("i", theory.name(A, list "A2 E3 C4"))
        assert.equal("i63", theory.name(A, list "C3 E3 A3"))
        assert.equal("V7", theory.name(C, list "G2 B3 F4 D4"))
        assert.equal("V42", theory.name(C, list "F3 G3 B3 D4"))
        assert.equal("iv6", theory.name(A, list "D3 F3 A3 B3"))
        assert.equal("iio", theory.name(A, list "B3 D4 F4"))
        assert.equal("bVII", theory.name(C, list "Bb3 D4 F4"))
        assert.equal("V", theory.name(A, list "E3 G#3 B3"))
        assert.is_nil(theory.name(C, list "C4 C#4 D4"))
        refused(function() theory.name(C, { 60 }) end, "at least 2")
    end)
end)
