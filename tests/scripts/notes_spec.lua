local notes = require "notes"
local refused = require "refused"

describe("notes", function()
    it("are read and written over the whole range, sharp and flat", function()
        for pitch = 0, 127 do
            assert.equal(pitch, notes.midi(notes.name(pitch)))
            assert.equal(pitch, notes.midi(notes.name(pitch, true)))
        end
        assert.same({ 0, 127, 60, 59, 60, 71, 62 }, notes.list "C-1 G9 C4 Cb4 B#3 B4 C##4")
        assert.same({ "C-1", "G9", "Bb3", "A#3" },
            { notes.name(0), notes.name(127), notes.name(58, true), notes.name(58) })
        assert.equal("D4", notes.name(61.5))
        assert.same({ 33, 40, 49 }, notes.list " A1 E2  C#3")
        assert.same({}, notes.list "")
    end)

    it("have classes and frequencies", function()
        assert.same({ 0, 10, 6, 11 }, { notes.class "C", notes.class "Bb", notes.class "F#", notes.class "Cb" })
        assert.same({ "F#", "Gb", "C" }, { notes.class_name(66), notes.class_name(6, true), notes.class_name(119.7) })
        assert.equal(440, notes.hz(69))
        assert.is_true(math.abs(notes.hz(60) - 261.6255653) < 1e-6)
    end)

    it("know intervals both ways", function()
        local sizes = { P1 = 0, m2 = 1, M2 = 2, m3 = 3, M3 = 4, P4 = 5, TT = 6, P5 = 7, m6 = 8, M6 = 9, m7 = 10,
            M7 = 11, P8 = 12, m9 = 13, M9 = 14, P11 = 17, A11 = 18, P12 = 19, M13 = 21, P15 = 24,
            d5 = 6, A5 = 8, d7 = 9 }
        for name, size in pairs(sizes) do
            assert.equal(size, notes.interval(name), name)
        end
        for size = 0, 36 do
            assert.equal(size, notes.interval(notes.interval_name(size)), notes.interval_name(size))
        end
        assert.equal("m3", notes.interval_name(-3))
    end)

    it("refuse what is none, at the caller's line", function()
        for _, name in ipairs { "H4", "c4", "C", "C10", "G#9", "Cb-1", "4", "", "C4 " } do
            refused(function() notes.midi(name) end, ("%q"):format(name), "C-1 to G9")
        end
        refused(function() notes.midi(nil) end, "C-1 to G9")
        refused(function() notes.list "C4 H4" end, '"H4"')
        refused(function() notes.list(60) end, "the notes")
        refused(function() notes.name(128) end, "pitch is 128", "0 to 127")
        refused(function() notes.class "C4" end, '"C4"')
        refused(function() notes.class_name "C" end, "pitch")
        refused(function() notes.interval "M5" end, '"M5"')
        refused(function() notes.interval_name(1.5) end, "1.5")
        refused(function() notes.hz() end, "pitch is nil")
    end)
end)
