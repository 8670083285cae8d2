local count = require "count"
local simulate = require "simulate"
local theory = require "theory"
local voicing = require "voicing"

local HOUR = 3600

-- Statistics of a simulated stretch of the piece.
local function measure(opts)
    local phrases = simulate.run(opts)
    local lead = simulate.lead(phrases)
    local all, kinds, empty, bars = {}, {}, 0, 0
    for _, phrase in ipairs(phrases) do
        local used = {}
        for _, note in ipairs(phrase.notes) do
            local kind = simulate.kind_of(phrase, note)
            all[#all + 1] = kind
            if simulate.voice_of(phrase, note) == "lead" then
                kinds[#kinds + 1] = kind
                used[math.floor(note.at / phrase.piece.meter[1])] = true
            end
        end
        for bar = 0, phrase.bars - 1 do
            bars, empty = bars + 1, empty + (used[bar] and 0 or 1)
        end
    end
    return { phrases = phrases, lead = lead, kinds = kinds, all = all, empty = empty / bars, per_bar = #lead / bars }
end

local function check_shares(result, what)
    local shares, n = count.shares(result.kinds)
    assert.is_true(n >= 60, what .. ": only " .. n .. " notes")
    assert.is_true(math.abs(shares.chord - 0.70) <= 0.03, what .. ": chord " .. shares.chord)
    assert.is_true(math.abs(shares.scale - 0.25) <= 0.03, what .. ": scale " .. shares.scale)
    assert.is_true(math.abs(shares.chromatic - 0.05) <= 0.03, what .. ": chromatic " .. shares.chromatic)
end

local function fingerprint(phrases)
    local lines = {}
    for _, phrase in ipairs(phrases) do
        for _, note in ipairs(phrase.notes) do
            lines[#lines + 1] = ("%d %s %.17g %.17g %.17g %.17g"):format(phrase.number, note.patch, note.at, note.beats,
                note.pitch, note.velocity)
        end
    end
    return table.concat(lines, "\n")
end

describe("ambient: an hour of it", function()
    local hour = measure { seed = 1, seconds = HOUR }

    it("has the declared shares, and all but a few notes inside chord or scale", function()
        check_shares(hour, "hour")
        local shares = count.shares(hour.all)
        assert.is_true(shares.chromatic <= 0.05)
    end)

    it("brings motifs back within two minutes and lets them go after five", function()
        local near, far = count.returns(hour.lead, 120, 300)
        assert.is_true(near >= 0.10, near)
        assert.is_true(far < 0.05, far)
    end)

    it("never plays eight bars twice", function()
        local seen = {}
        for _, phrase in ipairs(hour.phrases) do
            local notes = {}
            for i, note in ipairs(phrase.notes) do
                notes[i] = note.patch .. note.pitch .. "@" .. math.floor(note.at * 4 + 0.5)
            end
            local label = table.concat(notes, " ")
            assert.is_nil(seen[label])
            seen[label] = true
        end
        assert.is_true(#hour.phrases > 120)
    end)

    it("leaves bars and whole phrases without a lead", function()
        assert.is_true(hour.empty >= 0.15)
        local silent = 0
        for _, phrase in ipairs(hour.phrases) do
            silent = silent + (#simulate.lead { phrase } == 0 and 1 or 0)
        end
        assert.is_true(silent / #hour.phrases >= 0.08, silent / #hour.phrases)
    end)

    it("leads its voices by small steps, over boundaries too, in the pad's register", function()
        local sum, n, before = 0, 0, nil
        for _, phrase in ipairs(hour.phrases) do
            for _, chord in ipairs(phrase.chords) do
                if before then
                    sum, n = sum + voicing.step(before, chord.pitches), n + 1
                end
                before = chord.pitches
                assert.is_true(before[1] >= 48 and before[#before] <= 72)
            end
        end
        assert.is_true(sum / n <= 3, sum / n)
    end)

    it("keeps the voices in their registers: drone below C3, pad to C5, lead above", function()
        local ranges = { drone = { 33, 47 }, pad = { 48, 72 }, bell = { 72, 88 }, flute = { 72, 88 },
            glow = { 72, 88 } }
        for _, phrase in ipairs(hour.phrases) do
            for _, note in ipairs(phrase.notes) do
                local range = ranges[note.patch]
                assert.is_true(not range or note.pitch >= range[1] and note.pitch <= range[2], note.patch)
            end
        end
    end)

    it("moves its roots: chords are not all on the tonic", function()
        local roots, n = {}, 0
        for _, phrase in ipairs(hour.phrases) do
            for _, chord in ipairs(phrase.chords) do
                local degree = chord.name:match("^[IVivx]+"):lower()
                if not roots[degree] then
                    roots[degree], n = true, n + 1
                end
                local expected = theory.chord(theory.key(phrase.key), chord.name)
                for _, pitch in ipairs(chord.pitches) do
                    assert.is_true(expected.classes[pitch % 12], chord.name)
                end
                assert.is_true(theory.classes(chord.pitches)[expected.root % 12])
            end
        end
        assert.is_true(n >= 6)
    end)

    it("changes chords every 4 to 14 s", function()
        for _, phrase in ipairs(hour.phrases) do
            for _, chord in ipairs(phrase.chords) do
                local seconds = chord.beats * 60 / phrase.bpm
                assert.is_true(seconds >= 4 and seconds <= 14)
            end
        end
    end)

    it("holds tones over almost every phrase boundary", function()
        local joined = 0
        for _, phrase in ipairs(hour.phrases) do
            for _, note in ipairs(phrase.notes) do
                if note.patch == "pad" and note.at + note.beats > phrase.beats + 2 then
                    joined = joined + 1
                    break
                end
            end
        end
        assert.is_true(joined / #hour.phrases > 0.8, joined / #hour.phrases)
    end)

    it("never gives a repeated note of a patch the velocity before", function()
        for _, phrase in ipairs(hour.phrases) do
            local before = {}
            for _, note in ipairs(phrase.notes) do
                local id = note.patch .. note.pitch
                assert.is_not.equal(before[id], note.velocity)
                before[id] = note.velocity
            end
        end
    end)

    it("turns a page: bass and lead change over the hour", function()
        local leads, n = {}, 0
        for _, note in ipairs(hour.lead) do
            if not leads[note.note.patch] then
                leads[note.note.patch], n = true, n + 1
            end
        end
        assert.equal(3, n)
    end)
end)

describe("ambient: seeds and determinism", function()
    it("plays the same notes for the same seed and others for another", function()
        local a = simulate.run { seed = 7, phrases = 12 }
        local b = simulate.run { seed = 7, phrases = 12 }
        local c = simulate.run { seed = 8, phrases = 12 }
        assert.equal(fingerprint(a), fingerprint(b))
        local places, same, n = {}, 0, 0
        for _, note in ipairs(simulate.lead(a)) do
            places[note.phrase.number .. ":" .. math.floor(note.note.at * 4 + 0.5) .. ":" .. note.pitch] = true
        end
        for _, note in ipairs(simulate.lead(c)) do
            n = n + 1
            same = same + (places[note.phrase.number .. ":" .. math.floor(note.note.at * 4 + 0.5) .. ":" .. note.pitch]
                and 1 or 0)
        end
        assert.is_true(n > 20 and same / n < 0.2)
    end)
end)

describe("ambient: controls", function()
    for _, mode in ipairs(theory.MODE_NAMES) do
        it("keeps the shares in every key, " .. mode, function()
            for _, tonic in ipairs { "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B" } do
                local key = tonic .. " " .. mode
                local result = measure { seed = 3, seconds = 900, controls = { key = key, density = 0.8 } }
                check_shares(result, key)
                assert.is_true(count.shares(result.all).chromatic <= 0.05)
            end
        end)
    end

    it("keeps the shares at every complexity while density and leaps grow", function()
        local per_bar = {}
        for i, complexity in ipairs { 0, 0.25, 0.5, 0.75, 1 } do
            local result = measure { seed = 4, seconds = HOUR, controls = { melody_complexity = complexity } }
            check_shares(result, "complexity " .. complexity)
            per_bar[i] = result.per_bar
        end
        assert.is_true(per_bar[5] > 1.4 * per_bar[1])
    end)

    it("grows from drone and air to lead, pulse and kick with intensity", function()
        local notes, lead = {}, {}
        for i, intensity in ipairs { 0, 0.25, 0.5, 0.75, 1 } do
            local result = measure { seed = 5, seconds = 1200, controls = { intensity = intensity } }
            notes[i], lead[i] = #result.all, #result.lead
            assert.is_true(result.empty >= 0.15, "empty bars at " .. intensity)
            local kicks, drones = 0, 0
            for _, phrase in ipairs(result.phrases) do
                for _, note in ipairs(phrase.notes) do
                    kicks = kicks + (note.patch == "kick" and 1 or 0)
                    drones = drones + (note.patch == "drone" and 1 or 0)
                end
            end
            assert.equal(intensity > 0.5, kicks > 0)
            assert.is_true(drones > 0)
        end
        assert.equal(0, lead[1])
        for i = 2, 5 do
            assert.is_true(notes[i] > notes[i - 1], i)
            assert.is_true(lead[i] > lead[i - 1], i)
        end
    end)

    it("stays within the engine's bounds at every extreme", function()
        for _, bpm in ipairs { 40, 200 } do
            for _, intensity in ipairs { 0, 1 } do
                for _, other in ipairs { 0, 1 } do
                    local controls = { bpm = bpm, intensity = intensity, melody_complexity = other, density = other,
                        colour = other, air = other, key = other == 0 and "B locrian" or "F# lydian" }
                    local phrases = simulate.run { seed = 6, phrases = 12, controls = controls }
                    for _, phrase in ipairs(phrases) do
                        assert.equal(8, phrase.bars)
                        assert.is_true(#phrase.notes > 0 and #phrase.notes <= 1000)
                        for _, note in ipairs(phrase.notes) do
                            assert.is_true(note.at >= 0 and note.at < phrase.beats)
                            assert.is_true(note.beats > 0 and note.beats <= 256)
                            assert.is_true(note.pitch >= 0 and note.pitch <= 127)
                            assert.is_true(note.velocity > 0 and note.velocity <= 1)
                            assert.is_true(note.pan >= -1 and note.pan <= 1)
                        end
                        for _, chord in ipairs(phrase.chords) do
                            assert.is_true(chord.at >= 0 and chord.at < phrase.beats and chord.beats > 0)
                            assert.is_true(#chord.name <= 15 and #chord.pitches <= 12)
                        end
                    end
                end
            end
        end
    end)

    it("bends pulse and melody with the tempo, not the speed of harmony alone", function()
        for _, bpm in ipairs { 40, 70, 120, 200 } do
            local n, seconds = 0, 0
            for _, phrase in ipairs(simulate.run { seed = 9, seconds = 1200, controls = { bpm = bpm } }) do
                n, seconds = n + #phrase.chords, seconds + phrase.length
            end
            assert.is_true(seconds / n >= 4 and seconds / n <= 14, bpm)
        end
    end)

    it("changes key through common tones, to any key", function()
        local keys, shared, changes, sum = {}, 0, 0, 0
        for _, mode in ipairs(theory.MODES) do
            for _, tonic in ipairs { "A", "Eb", "F#", "C", "D" } do
                keys[#keys + 1] = tonic .. " " .. mode
            end
        end
        local phrases = simulate.run { seed = 10, phrases = 3 * #keys, controls = function(number)
            return { key = keys[math.floor(number / 3) + 1] }
        end }
        for i = 2, #phrases do
            local before, now = phrases[i - 1], phrases[i]
            if before.key ~= now.key then
                local from, to = before.chords[#before.chords].pitches, now.chords[1].pitches
                changes = changes + 1
                local common = theory.common(theory.classes(from), theory.classes(to))
                -- Where the new key has none of the tones that sound, every voice moves by a semitone or so.
                local reachable = theory.common(theory.classes(from), theory.key_classes(theory.key(now.key))) > 0
                assert.is_true(common > 0 or not reachable, before.key .. " to " .. now.key)
                assert.is_true(common > 0 or voicing.step(from, to) <= 1.5)
                shared, sum = shared + (common > 0 and 1 or 0), sum + voicing.step(from, to)
                local inside = theory.key_classes(theory.key(now.key))
                for _, pitch in ipairs(to) do
                    assert.is_true(inside[pitch % 12])
                end
            end
        end
        assert.equal(#keys - 1, changes)
        assert.is_true(shared / changes >= 0.7, shared / changes)
        assert.is_true(sum / changes <= 1.5, sum / changes)
    end)

    it("goes on over changes of tempo", function()
        local tempos = { 70, 120, 40, 200, 60 }
        local phrases = simulate.run { seed = 11, phrases = 25, controls = function(number)
            return { bpm = tempos[number % 5 + 1], intensity = number % 3 / 2 }
        end }
        assert.equal(25, #phrases)
        for _, phrase in ipairs(phrases) do
            for _, note in ipairs(phrase.notes) do
                assert.is_true(note.at >= 0 and note.at < phrase.beats)
            end
        end
    end)
end)
