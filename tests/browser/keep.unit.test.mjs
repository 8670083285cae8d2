// The page's pure parts about what is kept: where the listener is, spans as people write them, files of takes, waveforms,
// sessions in words, branches as lanes, presets. Without a browser.

import assert from "node:assert/strict";
import test from "node:test";

import { branchLine, branchState, branchTitle, lanes } from "../../client/branch-strip.js";
import { reason } from "../../client/journal-api.js";
import { presetBody, presetName } from "../../client/mood-server.js";
import { bytesText, clock, dayAndTime, heardChunk, parseClock, spoken } from "../../client/moments.js";
import { partError, sessionLine, sessionNote, waveLabel } from "../../client/session-row.js";
import { groupPeaks, sortFiles, stateText, takeTitle, waveBars, works } from "../../client/take-files.js";

// ---- moments ----

test("the chunk that is heard lies behind the one that came by the cushion and the way to the ear", () => {
  const player = { nextIndex: 100, depthMs: 1000, at: 5000, state: "playing" };
  assert.equal(heardChunk(player, 5000, 0, 100), 90);
  assert.equal(heardChunk(player, 5000, 40, 100), 89, "the ear is later than the player");
  assert.equal(heardChunk(player, 5150, 0, 100), 91, "it plays on between reports");
  assert.equal(heardChunk(player, 99000, 0, 100), 100, "no farther than what it has");
  assert.equal(heardChunk({ ...player, state: "filling" }, 5900, 0, 100), 90, "what does not play does not move");
  assert.equal(heardChunk({ ...player, nextIndex: 3 }, 5000, 0, 100), null, "nothing of it is heard yet");
  for (const nothing of [null, undefined, { ...player, nextIndex: null }]) assert.equal(heardChunk(nothing, 5000, 0, 100), null);
});

test("lengths are written and read as people write them", () => {
  for (const [seconds, text] of [[0, "0:00"], [7.4, "0:07"], [600, "10:00"], [3723, "1:02:03"], [-3, "0:00"]]) assert.equal(clock(seconds), text);
  const read = { "0:07": 7, "10:00": 600, "1:02:03": 3723, 90: 90, " 7.5 ": 7.5, "1:00:00": 3600, "0:59.5": 59.5 };
  for (const [text, seconds] of Object.entries(read)) assert.equal(parseClock(text), seconds, text);
  for (const text of ["", "x", "1:60", "1:2:3:4", "-5", "1:", ":5", "61:00:00x", "1e3"]) assert.ok(Number.isNaN(parseClock(text)), text);
  assert.equal(spoken(3661), "1 hour 1 minute 1 second");
  assert.equal(spoken(600), "10 minutes");
  assert.equal(spoken(0), "0 seconds");
  assert.deepEqual([812, 41233, 48231021, 480e6, 1.25e9, NaN].map(bytesText), ["812 B", "41 kB", "48.2 MB", "480 MB", "1.3 GB", ""]);
});

test("a moment is told by the day it was", () => {
  const now = new Date(2025, 5, 20, 12, 0);
  assert.match(dayAndTime(new Date(2025, 5, 20, 0, 5).toISOString(), now), /^Today, /);
  assert.match(dayAndTime(new Date(2025, 5, 19, 23, 59).toISOString(), now), /^Yesterday, /);
  assert.match(dayAndTime(new Date(2025, 5, 18, 12, 0).toISOString(), now), /18.*, /);
  assert.doesNotMatch(dayAndTime(new Date(2025, 5, 18, 12, 0).toISOString(), now), /2025/);
  assert.match(dayAndTime(new Date(2024, 5, 18, 12, 0).toISOString(), now), /2024/);
  assert.equal(dayAndTime("nonsense", now), "");
});

// ---- takes ----

const FILES = ["Rain.auralis", "Rain.chords.txt", "stems/pad.flac", "Rain.json", "Rain.mid", "Rain.flac", "stems/fx-reverb.flac"];

test("a take's files are sorted by what they are", () => {
  const { sound, plain, stems } = sortFiles(FILES.map((name) => ({ name, bytes: 1000 })));
  assert.equal(sound.name, "Rain.flac");
  assert.deepEqual(plain.map(({ label }) => label), ["FLAC", "MIDI", "Chords", "Notes", "Session"]);
  assert.deepEqual(stems.map(({ label }) => label), ["pad", "fx-reverb"]);
  assert.equal(plain[0].size, "1 kB");
  assert.deepEqual(sortFiles(undefined), { sound: null, plain: [], stems: [] });
  assert.equal(sortFiles([{ name: "thing.xyz", bytes: 1 }]).plain[0].label, "thing.xyz");
});

test("a take says what becomes of it", () => {
  assert.equal(stateText({ state: "rendering", progress: 0.416 }), "Keeping, 42%");
  assert.equal(stateText({ state: "failed", error: "phrase 7 comes out differently" }), "Could not be kept: phrase 7 comes out differently");
  assert.equal(stateText({ state: "done" }), "");
  assert.deepEqual(["waiting", "rendering", "done", "failed"].map((state) => works({ state })), [true, true, false, false]);
  assert.equal(takeTitle({ name: "", seconds: 61 }), "Take of 1:01");
});

test("a waveform fills its picture, silence is a line", () => {
  const bars = waveBars([[-0.5, 0.25], [0, 0], [-0.1, 0.5]], 30, 20);
  assert.deepEqual(bars.map(({ x }) => x), [0, 10, 20]);
  assert.deepEqual(bars.map(({ width }) => width), [9, 9, 9]);
  assert.equal(bars[0].top + bars[0].height, 19, "the loudest reaches the edge");
  assert.equal(bars[2].top, 1);
  assert.deepEqual([bars[1].top, bars[1].height], [9.5, 1]);
  for (const { top, height } of waveBars(Array(240).fill([0, 0]), 480, 56)) assert.deepEqual([top, height], [27.5, 1]);
});

test("where nothing is known there is no bar, and bars are as wide in a short picture as in a long one", () => {
  const bars = waveBars([[-0.5, 0.5], null, [0, 0]], 30, 20);
  assert.deepEqual(bars.map(({ x }) => x), [0, 20]);
  const [a, b, c, d] = [[-1, 0], [-0.5, 1], null, [0, 0]];
  assert.deepEqual(groupPeaks([a, b, c, d], 2), [[-1, 1], [0, 0]]);
  assert.deepEqual(groupPeaks([a, b, null, null, c, d], 3), [[-1, 1], null, [0, 0]]);
  assert.deepEqual(groupPeaks([a, null], 5), [a, a, null, null]);
  assert.deepEqual(groupPeaks([a, b], 3), [a, b]);
  assert.deepEqual(groupPeaks([a, b], 0), [[-1, 1]]);
});

// ---- sessions ----

const SESSION = { id: "b", title: "Ambient", name: "", channel: "main", started_at: "2025-06-20T10:00:00.000000Z", seconds: 3600, replayable_s: 3600, resumed_from: "", broken_why: "" };

test("a session is told in a line, and what is the matter with it in another", () => {
  assert.match(sessionLine(SESSION), /^main · .* · 1:00:00$/);
  assert.match(sessionLine({ ...SESSION, name: "Evening" }), /^Ambient · main · /);
  assert.match(sessionLine({ ...SESSION, channel: "private-0123456789abcdef" }), /^own stream · /);
  assert.equal(sessionNote(SESSION), "");
  assert.equal(sessionNote({ ...SESSION, resumed_from: "a" }, { ...SESSION, name: "Morning" }), "Goes on from “Morning”");
  assert.equal(sessionNote({ ...SESSION, resumed_from: "a" }), "Goes on from an earlier session");
  assert.equal(sessionNote({ ...SESSION, replayable_s: 90, broken_why: "the disk was full" }), "The first 1:30 can be kept (the disk was full)");
  assert.equal(sessionNote({ ...SESSION, replayable_s: 0 }), "Nothing of it can be kept");
});

test("a session's picture is called what it shows", () => {
  assert.equal(waveLabel(SESSION, null), "Waveform of the session Ambient, 1 hour");
  assert.equal(waveLabel({ ...SESSION, name: "Evening" }, [[-1, 1], [0, 0]]), "Waveform of the session Evening, 1 hour");
  assert.equal(waveLabel(SESSION, [[-1, 1], null]), "Waveform of the session Ambient, 1 hour");
  assert.equal(waveLabel(SESSION, [null, [-1, 1]]), "Waveform of the session Ambient, 1 hour, with gaps where nothing is known");
});

test("a span that cannot be kept is told before it is asked for", () => {
  assert.equal(partError(0, 60, 60), "");
  assert.match(partError(NaN, 60, 60), /12:30/);
  assert.match(partError(60, 60, 90), /after the beginning/);
  assert.match(partError(0, 99, 90), /up to 1:30/);
  assert.match(partError(95, 99, 90), /up to 1:30/);
});

// ---- branches ----

const FIRST = { id: 0, parent: 0, ordinal: 0, at_ordinal: 10, seed: 7, script: "ambient.lua", current: false };
const SECOND = { id: 1, parent: 0, ordinal: 6, at_ordinal: 20, seed: 8, script: "ambient.lua", current: true };
const THIRD = { id: 2, parent: 1, ordinal: 15, at_ordinal: 15, seed: 8, script: "rain.lua", current: false };
const FOURTH = { id: 3, parent: 0, ordinal: 8, at_ordinal: 9, seed: 9, script: "rain.lua", current: false };

test("branches are lanes on one scale, children below their parent", () => {
  const found = lanes([FOURTH, FIRST, THIRD, SECOND]);
  assert.deepEqual(found.map(({ branch, depth }) => [branch.id, depth]), [[0, 0], [1, 1], [2, 2], [3, 1]]);
  assert.deepEqual(found.map(({ from, to }) => [from, to]), [[0, 0.5], [0.3, 1], [0.75, 0.8], [0.4, 0.45]]);
  assert.deepEqual(lanes([THIRD]).map(({ depth, from, to }) => [depth, from, to]), [[0, 0, 1]], "its parent was forgotten");
  assert.deepEqual(lanes([]), []);
});

test("a branch says where it stands, and whether it sounds", () => {
  assert.equal(branchTitle(FIRST), "The first");
  assert.equal(branchTitle(SECOND), "Branch 2");
  assert.equal(branchLine(SECOND), "phrases 6 to 19 · ambient · seed 8");
  assert.equal(branchLine(THIRD), "phrase 15 · rain · seed 8");
  assert.deepEqual([FIRST, SECOND].map((each) => branchState(each, null)), ["", "now"]);
  assert.deepEqual([FIRST, SECOND].map((each) => branchState(each, { id: 0 })), ["next", "now"]);
  assert.equal(branchState({ ...THIRD, armed: true }, null), "next", "somebody else asked for it");
});

// ---- presets ----

test("a preset's name is made of its title, and takes no name of the server's own", () => {
  const there = [{ name: "rain" }, { name: "slow-rain", own: true }, { name: "tea", own: false }, { name: "tea-2" }];
  assert.equal(presetName("Slow rain", there), "slow-rain", "the one of that name is saved anew");
  assert.equal(presetName("Rain", there), "rain-2");
  assert.equal(presetName("Tea", there), "tea-3");
  assert.equal(presetName("Été — à l’ombre!", []), "ete-a-l-ombre");
  assert.equal(presetName("雨", []), "mood");
  assert.equal(presetName("main", []), "mood-main");
  assert.equal(presetName("Private thoughts", []), "mood-private-thoughts");
  const long = presetName("x".repeat(60), [{ name: "x".repeat(32) }]);
  assert.equal(long, `${"x".repeat(30)}-2`);
});

test("a mood becomes a preset with the file that it plays", () => {
  const mood = { id: "1", title: "Mine", about: "", preset: "rain", key: "G major", bpm: 58, intensity: 0.5, melody_complexity: undefined, set: { wet: 0.9 } };
  assert.deepEqual(presetBody(mood, (preset) => `${preset}.lua`), { title: "Mine", script: "rain.lua", key: "G major", bpm: 58, intensity: 0.5, set: { wet: 0.9 } });
});

test("what cannot be done is said calmly", () => {
  assert.match(reason({ status: 0, body: {} }, "Keeping"), /cannot be reached/);
  assert.equal(reason({ status: 401, body: {} }, "Keeping"), "Keeping needs this server's edit token.");
  assert.match(reason({ status: 503, body: { error: "NO_JOURNAL", message: "…" } }, "Keeping"), /keeps no journal/);
  assert.equal(reason({ status: 409, body: { message: "a take needs it" } }, "Deleting"), "A take needs it.");
  assert.equal(reason({ status: 500, body: "" }, "Deleting"), "The server answered 500.");
});
