// The parts of the workbench that need no page: what is said of a script, and where the notes of the piano roll lie.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Edition, barsUntil, diagnosticText } from "../../client/edition.js";
import { parametersAt, tablesAround } from "../../client/parameters.js";
import { hit, layout, pitchName, pitchRange, soundingLines } from "../../client/roll.js";

const BEAT = { bpm: 60, beatsPerBar: 4 }; // a bar lasts 4 s
const wrong = { file: "a.lua", line: 12, column: 3, severity: "error", message: "unexpected symbol", traceback: "" };

function opened() {
  const edition = new Edition("a.lua");
  edition.loaded("return {}", "v1");
  edition.playing = "v1";
  return edition;
}

test("bars until a change sounds", () => {
  assert.equal(barsUntil(8000, BEAT), "in 2 bars");
  assert.equal(barsUntil(4100, BEAT), "in 1 bar");
  assert.equal(barsUntil(900, BEAT), "now");
  assert.equal(barsUntil(8000, { bpm: 120, beatsPerBar: 3 }), "in 6 bars");
});

test("a diagnostic names its line, and its file only if it is another", () => {
  assert.equal(diagnosticText(wrong, "a.lua"), "line 12: unexpected symbol");
  assert.equal(diagnosticText(wrong, "b.lua"), "a.lua, line 12: unexpected symbol");
  assert.equal(diagnosticText({ line: 0, message: "too long" }, "a.lua"), "too long");
});

test("an edit: not saved, checking, armed, playing", () => {
  const edition = opened();
  assert.equal(edition.headline(0, BEAT).text, "This is what plays");
  edition.edited("return { }");
  assert.equal(edition.headline(0, BEAT).text, "Not saved yet");
  assert.equal(edition.sounds(), false);
  edition.saving = true;
  assert.equal(edition.headline(0, BEAT).text, "Checking");
  edition.saved("return { }", { status: "armed", version: "v2", sounds_in_ms: 8000, diagnostics: [] }, 1000);
  assert.equal(edition.headline(1000, BEAT).text, "Armed, sounds in 2 bars");
  assert.equal(edition.headline(5000, BEAT).text, "Armed, sounds in 1 bar");
  const heard = { name: "a.lua", state: "playing", version: "v2", playing_version: "v2", diagnostics: [] };
  assert.equal(edition.update(heard, 9000), false);
  assert.deepEqual(edition.headline(9000, BEAT), { text: "This is what plays", tone: "good" });
});

test("a mistake is told with its line, and goes when it is mended", () => {
  const edition = opened();
  edition.edited("return {");
  edition.refused(422, { diagnostics: [wrong, { ...wrong, line: 14 }] });
  const { text, tone } = edition.headline(0, BEAT);
  assert.equal(text, "line 12: unexpected symbol (and 1 more). What played plays on");
  assert.equal(tone, "bad");
  edition.edited("return {}");
  assert.equal(edition.headline(0, BEAT).text, "This is what plays");
});

test("what another editor wrote: refused, rolled back, and a conflict", () => {
  const edition = opened();
  const refused = { name: "a.lua", state: "refused", version: "v2", playing_version: "v1", diagnostics: [wrong] };
  assert.equal(edition.update(refused, 0), true, "the file is another than the one known");
  edition.loaded("broken", "v2");
  assert.match(edition.headline(0, BEAT).text, /^line 12/);
  assert.deepEqual(edition.diagnostics, [wrong], "for the mark at the line");
  edition.diagnostics = [];
  assert.equal(edition.headline(0, BEAT).text, "Refused: line 12: unexpected symbol");
  edition.update({ ...refused, state: "rolled_back" }, 0);
  edition.diagnostics = [];
  assert.match(edition.headline(0, BEAT).text, /^Failed while it played, and was rolled back: line 12/);
  edition.edited("mine");
  edition.refused(412, { message: "another text" });
  assert.match(edition.headline(0, BEAT).text, /^Changed on disk/);
  assert.equal(edition.update({ ...refused, name: "b.lua" }, 0), false, "another script's news");
});

test("an answer that is no diagnostic is shown as it is", () => {
  const edition = opened();
  edition.edited("x");
  edition.refused(401, { message: "the edit token is needed" });
  assert.deepEqual(edition.headline(0, BEAT), { text: "the edit token is needed", tone: "bad" });
});

const PHRASE = {
  beats: 32,
  notes: [
    { at: 0, beats: 8, pitch: 45, line: 3 },
    { at: 4, beats: 2, pitch: 69, line: 7, callers: [12] },
    { at: 30, beats: 8, pitch: 57, line: 3 },
  ],
};
const FRAME = { x0: 100, width: 320, height: 212, low: 40, high: 80 };

test("notes lie where their time and pitch are", () => {
  const [low, high, last] = layout(PHRASE, FRAME);
  assert.equal(low.x, 100);
  assert.equal(low.width, 79);
  assert.equal(high.x, 140);
  assert.ok(high.y < last.y && last.y < low.y, "higher notes lie higher");
  assert.equal(last.x + last.width, 419, "a note that rings on ends with the phrase");
});

test("all pitches are shown, and never fewer than two octaves", () => {
  assert.deepEqual(pitchRange([PHRASE]), { low: 43, high: 71 });
  const { low, high } = pitchRange([{ notes: [{ pitch: 60 }] }]);
  assert.equal(high - low, 24);
  assert.ok(low < 60 && 60 < high);
  assert.equal(pitchRange([]).high - pitchRange([]).low, 24);
});

test("a point finds the note under it", () => {
  const boxes = layout(PHRASE, FRAME);
  const [, high] = boxes;
  assert.equal(hit(boxes, high.x + 2, high.y + 1).note.line, 7);
  assert.equal(hit(boxes, high.x + 2, high.y + 60), undefined);
});

test("lines whose notes sound", () => {
  assert.deepEqual(soundingLines(PHRASE, 0), [3]);
  assert.deepEqual(soundingLines(PHRASE, 5 / 32), [3, 7, 12]);
  assert.deepEqual(soundingLines(PHRASE, 0.5), []);
});

test("pitches by name", () => {
  assert.equal(pitchName(69), "A4");
  assert.equal(pitchName(60.25), "C4 +25 ct");
  assert.equal(pitchName(48.9), "C♯3 −10 ct");
});

// ---- completion ----

const param = (name, unit = "", min = 0, max = 1) => ({ name, unit, min, max, default: 0.5, about: `what ${name} is` });
const TABLES = {
  voices: [{ name: "bell", params: [param("ratio"), param("decay", "s", 0.01, 30)] }, { name: "pad", params: [param("detune", "cents")] }],
  effects: [{ name: "reverb", params: [param("damping", "Hz")] }, { name: "delay", params: [param("beats")] }],
};
const labels = (marked) => {
  const at = marked.indexOf("|");
  return parametersAt(marked.slice(0, at) + marked.slice(at + 1), at, TABLES)?.map(({ label }) => label) ?? null;
};

test("parameters belong to the voice of the patch around the place, wherever it is named", () => {
  assert.deepEqual(labels('patches = { star = { voice = "bell", | } }'), ["ratio", "decay"]);
  assert.deepEqual(labels('patches = { star = { ra|, voice = "bell" }, low = { voice = "pad" } }'), ["ratio", "decay"]);
  assert.deepEqual(labels('patches = { star = { voice = "bell" }, low = { voice = \'pad\', d'+'|'), ["detune"]);
  assert.deepEqual(labels('patches = { low = { voice = "pad", curve = { 1, 2 }, d|'), ["detune"]);
  assert.deepEqual(labels('-- { "\npatches = { low = { voice = "pad", --[[ } ]] d|'), ["detune"]);
  assert.equal(labels('patches = { odd = { voice = "nobody", | } }'), null);
});

test("effects, their parameters, and the names of voices", () => {
  assert.deepEqual(labels("effects = { reverb = { | } }"), ["damping"]);
  assert.deepEqual(labels("effects = { reverb = { damping = 4000 }, delay = { b| }"), ["beats"]);
  assert.deepEqual(labels("effects = { | }"), ["reverb", "delay"]);
  assert.deepEqual(labels('a = { voice = "|" }'), ["bell", "pad"]);
  assert.deepEqual(labels("a = { voice = 'be|"), ["bell", "pad"]);
});

test("elsewhere there are none", () => {
  for (const text of ["|", "x = {}|", "x = { 1, | }", 'a = { voice = "bell", ratio = |2 }', 'a = { voice = "bell" } |', 'a = { voice = "bell", -- ra|', 'a = { voice = "bell", name = "ra|" }'])
    assert.equal(labels(text), null, text);
  assert.deepEqual(tablesAround("a = { b = { } }", 6).map(({ name }) => name), ["a"]);
  assert.deepEqual(tablesAround("a = { b = { } }", 12).map(({ name }) => name), ["a", "b"]);
});

test("a parameter comes with its range, its unit and what it is when nobody sets it", () => {
  const [, decay] = parametersAt('a = { voice = "bell", ', 22, TABLES);
  assert.equal(decay.detail, " 0.01 to 30 s, else 0.5");
  assert.equal(decay.info, "what decay is");
  assert.equal(decay.apply, "decay = ");
});
