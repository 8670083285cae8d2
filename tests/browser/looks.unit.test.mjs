// The page's pure parts that are seen rather than heard: moods and their links, the sleep timer, what the drawer says,
// where notes stand. Without a browser.

import assert from "node:assert/strict";
import test from "node:test";

import { curve, drawerTexts } from "../../client/drawer.js";
import { silence } from "../../client/media.js";
import { fromHash, fromPreset, hueOf, isPlain, MoodStore, placeOf, secondHue, toHash } from "../../client/moods.js";
import { fifths, Ordered, Score } from "../../client/score.js";
import { clockText, fadeSeconds, shortText, SleepTimer } from "../../client/sleep-timer.js";
import { noteLight, pitchPlace } from "../../client/visual.js";

// ---- moods ----

const PRESET = {
  name: "focus", title: "Focus", about: "Patterns", script: "focus.lua", key: "D dorian", bpm: 66, intensity: 0.5,
  melody_complexity: 0.5, set: { drift: 0.3 },
};

test("a mood becomes a link and the link the same mood", () => {
  const mood = { ...fromPreset(PRESET), title: "Rain & “tea” #2", bpm: 71, intensity: 0.25, brightness: 0.4, seed: "18446744073709551615" };
  const { mood: back } = fromHash(toHash(mood), [PRESET]);
  assert.deepEqual(back, mood);
  assert.deepEqual(fromHash("#mood=focus", [PRESET]).mood, fromPreset(PRESET));
  const first = { title: "Mine", about: "", preset: null, key: "F# lydian", bpm: 60, set: { "air": 0.125 } };
  assert.deepEqual(fromHash(toHash(first), []).mood, first);
});

test("links that carry no mood are left alone, malformed ones are told with what is allowed", () => {
  for (const hash of ["", "#", "#script", "#moody=1"]) assert.equal(fromHash(hash, [PRESET]), null);
  const wrong = {
    "#mood=nothere": /no mood “nothere”/,
    "#mood=focus&bpm=900": /bpm: “900” is not allowed; allowed: a whole number from 40 to 200/,
    "#mood=focus&bpm=70.5": /bpm/,
    "#mood=focus&bpm=1e2": /bpm/,
    "#mood=focus&intensity=NaN": /intensity.*from 0 to 1/,
    "#mood=focus&intensity=-0.1": /intensity/,
    "#mood=focus&key=H minor": /key.*a tonic and a mode/,
    "#mood=focus&key=": /key/,
    "#mood=focus&seed=18446744073709551616": /seed/,
    "#mood=focus&seed=-1": /seed/,
    "#mood=focus&channel=private-1": /channel is nothing that a mood has/,
    "#mood=focus&set.a b=1": /set\.a b is nothing/,
    "#mood=focus&set.drift=Infinity": /drift: “Infinity”/,
    "#mood=focus&__proto__=1": /__proto__ is nothing/,
    "#mood=focus&constructor=1": /constructor is nothing/,
    "#mood=%E0%A4%A": /no mood/,
  };
  for (const [hash, expected] of Object.entries(wrong)) assert.match(fromHash(hash, [PRESET])?.error ?? "nothing", expected, hash);
  const long = fromHash(`#mood=focus&title=${"x".repeat(500)}`, [PRESET]).mood;
  assert.equal(long.title.length, 40);
});

test("a mood is a place: what is not said is not asked for", () => {
  assert.deepEqual(placeOf(fromPreset(PRESET)), {
    channel: "private", preset: "focus", key: "D dorian", bpm: 66, intensity: 0.5, melody_complexity: 0.5, drift: 0.3,
  });
  assert.deepEqual(placeOf({ title: "x", preset: null, set: {}, brightness: 0.3 }), { channel: "private" });
});

test("a preset that was changed is no longer the preset", () => {
  const plain = fromPreset(PRESET);
  assert.ok(isPlain(plain, PRESET));
  for (const change of [{ bpm: 67 }, { key: "D minor" }, { seed: "1" }, { set: {} }, { brightness: 0.5 }, { preset: null }]) {
    assert.ok(!isPlain({ ...plain, ...change }, PRESET), JSON.stringify(change));
  }
});

test("every mood has a hue, also one that nobody has heard of", () => {
  for (const preset of ["focus", "sleep", "something", null]) {
    const hue = hueOf({ preset });
    assert.ok(hue >= 0 && hue < 360, `${preset}: ${hue}`);
    assert.ok(secondHue(hue) >= 0 && secondHue(hue) < 360);
  }
});

function memory(text = null) {
  const storage = { text, get: () => storage.text, set: (_, value) => ((storage.text = value), true) };
  return storage;
}

test("own moods are kept, renamed and deleted; the newest stands first", () => {
  const store = new MoodStore(memory());
  const a = store.add({ ...fromPreset(PRESET), title: "  One  " });
  const b = store.add({ ...fromPreset(PRESET), title: "Two" });
  assert.deepEqual(store.list().map(({ title }) => title), ["Two", "One"]);
  assert.notEqual(a.id, b.id);
  store.rename(a.id, " Uno ");
  store.rename(b.id, "   ");
  assert.deepEqual(store.list().map(({ title }) => title), ["Two", "Uno"]);
  store.remove(b.id);
  store.add(b);
  assert.deepEqual(store.list().map(({ title }) => title), ["Two", "Uno"], "what was deleted can come back");
});

test("whatever lies in the store, nothing breaks, and what is a mood is kept", () => {
  const good = { id: "a", title: "Good", preset: null, set: {}, bpm: 60 };
  for (const text of ["", "{", "null", "3", '"x"', '{"a":1}', "[null, 1, []]"]) assert.deepEqual(new MoodStore(memory(text)).list(), []);
  const bad = [{ ...good, bpm: 900 }, { ...good, set: { a: "1" } }, { ...good, set: null }, { ...good, title: "" }, { ...good, key: "H" }];
  assert.deepEqual(new MoodStore(memory(JSON.stringify([...bad, good]))).list(), [good]);
  assert.equal(new MoodStore({ get: () => null, set: () => false }).add(good), null);
});

// ---- the sleep timer ----

function fakeClock() {
  const clock = { ms: 1000, timers: new Set() };
  clock.env = {
    now: () => clock.ms,
    setTimeout(run, ms) {
      const timer = { run, at: clock.ms + ms };
      clock.timers.add(timer);
      return timer;
    },
    clearTimeout: (timer) => clock.timers.delete(timer),
  };
  /** late: how long after its time a timer comes at most. */
  clock.pass = (ms, late = 0) => {
    for (const end = clock.ms + ms; ; ) {
      const due = [...clock.timers].sort((a, b) => a.at - b.at)[0];
      if (!due || due.at > end) {
        clock.ms = end;
        return;
      }
      clock.timers.delete(due);
      clock.ms = Math.max(clock.ms, Math.min(end, due.at + late));
      due.run();
    }
  };
  return clock;
}

function timed() {
  const clock = fakeClock();
  const told = [];
  const at = () => (clock.ms - 1000) / 60000;
  const timer = new SleepTimer(clock.env, {
    fade: (seconds) => told.push(["fade", seconds, at()]),
    unfade: () => told.push(["unfade", at()]),
    end: () => told.push(["end", at()]),
  });
  return { clock, told, timer };
}

test("the sleep timer fades over the last minutes and ends on time", () => {
  for (const [minutes, fade] of [[15, 180], [30, 300], [60, 300], [90, 300], [1, 12]]) {
    const { clock, told, timer } = timed();
    assert.equal(fadeSeconds(minutes), fade);
    timer.start(minutes);
    clock.pass(minutes * 60000 + 5000);
    assert.deepEqual(told, [["fade", fade, minutes - fade / 60], ["end", minutes]]);
    assert.ok(!timer.runs());
    assert.equal(clock.timers.size, 0);
  }
});

test("timers that come late end the sleep timer late, never early, and fade what is left", () => {
  const { clock, told, timer } = timed();
  timer.start(30);
  clock.pass(31 * 60000, 60000);
  assert.deepEqual(told.map(([what]) => what), ["fade", "end"]);
  const [, seconds, at] = told[0];
  assert.ok(at >= 25 && at <= 26 && Math.abs(seconds - (30 - at) * 60) < 1e-6, `fades ${seconds} s from minute ${at}`);
  assert.ok(told[1][1] >= 30 && told[1][1] <= 31);
});

test("the sleep timer can be cancelled and prolonged, also while it fades", () => {
  const { clock, told, timer } = timed();
  timer.start(30);
  clock.pass(10 * 60000);
  assert.equal(timer.leftMs(), 20 * 60000);
  timer.cancel();
  clock.pass(60 * 60000);
  assert.deepEqual(told, []);
  timer.start(15);
  clock.pass(14 * 60000);
  timer.extend(15);
  assert.equal(timer.leftMs(), 16 * 60000);
  assert.deepEqual(told.map(([what]) => what), ["fade", "unfade"]);
  clock.pass(16 * 60000);
  assert.deepEqual(told.map(([what]) => what), ["fade", "unfade", "fade", "end"]);
  timer.start(15);
  clock.pass(13 * 60000);
  timer.cancel();
  assert.equal(told.at(-1)[0], "unfade");
});

test("times left are read like a clock", () => {
  assert.deepEqual([0, 1, 59999, 60000, 3599001, 5400000].map(clockText), ["0:00", "0:01", "1:00", "1:00", "1:00:00", "1:30:00"]);
});

test("on a button an hour and more is read in minutes, never wider than 59:59", () => {
  const read = [1, 3599000, 3599001, 3600000, 5400000, 35940000, 36000000, 43200000].map(shortText);
  assert.deepEqual(read, ["0:01", "59:59", "1h 00", "1h 00", "1h 30", "9h 59", "10 h", "12 h"]);
});

// ---- the drawer ----

test("the drawer says what is known and a dash for what is not", () => {
  const empty = drawerTexts(null, null);
  assert.ok(Object.values(empty).every((text) => text === "–"), JSON.stringify(empty));
  const heard = {
    tier: "stable", bufferMs: 612, targetMs: 800, jitterMs: 3.44, underruns: 2, gaps: 1234, latencyMs: 704, rttMs: 42.4,
    codec: "Opus", rate: 1.0015,
  };
  const stream = { active_clients: 3, channel: "private-0123", seed: 7, sample_rate: 44100, device: "simd", synthesis_latency_ms: 0.31, phrases_generated: 5 };
  assert.deepEqual(drawerTexts(heard, stream), {
    tier: "Stable", buffer: "610 ms of 800 ms", jitter: "3.4 ms", underruns: "2", gaps: "1,234", latency: "700 ms",
    rtt: "42 ms", format: "Opus", rate: "+0.15 %", listeners: "3", channel: "Yours alone", seed: "7",
    "sample-rate": "44.1 kHz", device: "simd", synthesis: "0.3 ms", phrases: "5",
  });
  assert.equal(drawerTexts({ rate: 0.997 }, null).rate, "−0.30 %");
  assert.equal(drawerTexts({ rate: 1 }, null).rate, "Exact");
  assert.equal(drawerTexts({ tier: "another" }, null).tier, "another");
});

test("the curve of the buffer ends at the right and stays inside", () => {
  const points = curve([0, 500, 2000], 1000).split(" ").map((point) => point.split(",").map(Number));
  assert.deepEqual(points.at(-1), [240, 2]);
  assert.deepEqual(points[0][1], 54);
  assert.ok(points[0][0] < points[1][0] && points[1][0] < points[2][0]);
  assert.equal(curve([], 1000), "");
});

// ---- notes ----

const phrase = (number, notes, bpm = 60) => ({ phrase_id: `phrase_${number}`, beats: 16, bpm, notes });
const note = (at, pitch = 60, beats = 1) => ({ at, pitch, beats, velocity: 0.5, patch: 0 });

test("notes are looked up by their onset", () => {
  const ordered = new Ordered(phrase(3, [note(4), note(0), note(4, 64), note(9)], 120));
  assert.equal(ordered.number, 3);
  assert.equal(ordered.secondsPerBeat, 0.5);
  const onsets = (from, to) => ordered.between(from, to).map(({ at }) => at);
  assert.deepEqual(onsets(0, 4), [0]);
  assert.deepEqual(onsets(4, 9), [4, 4]);
  assert.deepEqual(onsets(4.1, 16), [9]);
  assert.deepEqual(onsets(10, 16), []);
});

test("the score keeps the phrases that may still be heard, and asks once for many reasons", async () => {
  let asked = 0;
  const score = new Score(async () => ({ ok: true, body: { current: phrase(++asked, [note(0)]), next: null } }));
  score.refresh();
  score.refresh();
  await score.take();
  clearTimeout(score.soon);
  assert.equal(asked, 1);
  for (let i = 0; i < 6; i++) await score.take();
  assert.equal(score.phrase(7).number, 7);
  assert.equal(score.phrase(2), undefined);
  const broken = new Score(() => Promise.reject(new Error("away")));
  await broken.take();
});

test("fifths stand beside each other, the phrase's own at the top", () => {
  assert.equal(fifths(67) - fifths(60), 1);
  assert.ok(Math.abs(fifths(60.5) - fifths(60) - 0.5) < 1e-9);
  const ordered = new Ordered(phrase(1, [note(0, 60), note(1, 67), note(2, 62)]));
  assert.ok(Math.abs(ordered.centre - fifths(67)) < 1e-9, "C, G, D: G is in the middle");
  assert.ok(Math.abs(pitchPlace(67, ordered.centre).angle + Math.PI / 2) < 1e-9);
  assert.ok(pitchPlace(84, 0).out > pitchPlace(48, 0).out, "higher is farther out");
});

test("a note swells, sinks and rings off", () => {
  assert.equal(noteLight(-0.1, 4), 0);
  assert.ok(noteLight(0.02, 4) < noteLight(0.4, 4));
  assert.ok(noteLight(0.5, 4) > noteLight(3.5, 4));
  assert.ok(noteLight(3.5, 4) > noteLight(5, 4));
  assert.ok(noteLight(5.6, 4) < 0.03);
});

test("the silence beside the music is a WAV file that browsers take for music", () => {
  const bytes = silence(10, 8000);
  const view = new DataView(bytes.buffer);
  const text = (at, n) => String.fromCharCode(...bytes.slice(at, at + n));
  assert.equal(text(0, 4) + text(8, 8) + text(36, 4), "RIFFWAVEfmt data");
  assert.equal(view.getUint32(4, true), bytes.length - 8);
  assert.equal(view.getUint32(40, true), 80000);
  assert.ok(bytes.slice(44).every((byte) => byte === 128));
});
