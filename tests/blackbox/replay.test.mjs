// What was streamed, rendered again by another process from the journal alone: the bytes that a listener got, through control
// changes, edits, scripts that hang and a process that stood still. REPLAY_SECONDS sets how much the longest listener hears; with 315
// it passes the first keyframe, and replays begin there.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";

import { Listener, readWav, run, serve, tempDir, within } from "./support.mjs";

const SECONDS = Number(process.env.REPLAY_SECONDS ?? 30);
const RATE = 44100;
const CHUNK = 4410;
const KEYFRAME = 300 * RATE; // the first one is at the first boundary from here on
const HEAD = 24; // bytes before the samples of a message
const LONG_MS = 240000; // in which five minutes are rendered on any machine
const OTHER_CPU = { AURALIS_ISA: process.arch === "x64" ? "sse2" : "scalar" };

/** Two bars at 200 BPM last 2.4 s. */
const piece = (title, { body = "", bars = 2 } = {}) => `
local theory = require "theory"
local offset = require "parts.mine"
return {
  title = "${title}",
  controls = { wild = { min = 0, max = 1, default = 0.2, label = "Wild" },
               hang = { min = 0, max = 1, default = 0, label = "Hang" } },
  patches = { pad = { voice = "pad", attack = 0.1, release = 2 }, lead = { voice = "lead", release = 0.6 },
              grain = { voice = "grain" } },
  effects = { reverb = { decay = 4 }, delay = {} },
  state = { n = 0 },
  phrase = function(ctx, state)
    local random = ctx.random("lead")
    state.n = state.n + 1
    ${body}
    for i = 0, 4 * ${bars} - 1 do
      ctx:note { patch = "lead", at = i + 0.5 * ctx.wild * random:float(), beats = 1, pitch = random:int(60, 80) + offset,
                 velocity = 0.3 + 0.4 * ctx.intensity }
    end
    ctx:note { patch = "pad", at = 0, beats = 4 * ${bars}, pitch = 45 + state.n % 5, velocity = 0.5 }
    ctx:note { patch = "grain", at = 1, beats = 4, pitch = 57, velocity = 0.4 }
    return ${bars}
  end,
}
`;

/** Listens to raw samples: chunks() is what came, in order and without a gap. */
async function record(t, server) {
  const listener = await Listener.open(t, `${server.ws}?format=pcm`);
  const chunks = () => listener.messages.filter(Buffer.isBuffer);
  const first = async () => {
    while (!chunks().length) await new Promise((resolve) => listener.waiting.push(resolve));
    return index(chunks()[0]);
  };
  const index = (message) => Number(message.readBigUInt64LE(8));
  return { listener, chunks, index, first: await within("sound", first()) };
}

/** What came: chunks as [index, samples], the first's index, one after the last's. A busy machine may have skipped some. */
function recorded({ chunks, index }) {
  const got = chunks().map((message) => [index(message), message.subarray(HEAD)]);
  const first = got[0][0];
  const end = got.at(-1)[0] + 1;
  got.forEach(([at], i) => assert.ok(i === 0 || at > got[i - 1][0], "chunks come in order"));
  assert.ok(got.length > 0.7 * (end - first), `only ${got.length} chunks of ${end - first} came`);
  return { first, end, got };
}

/** A server that records, on a script of its own, and somebody who hears it. */
async function start(t, { text = piece("First"), args = [], env = {} } = {}) {
  const dir = tempDir(t);
  const folder = join(dir, "scripts");
  const db = join(dir, "auralis.db");
  mkdirSync(join(folder, "parts"), { recursive: true });
  writeFileSync(join(folder, "play.lua"), text);
  writeFileSync(join(folder, "parts", "mine.lua"), "return 0\n");
  const server = await serve(t, {
    args: ["--script", join(folder, "play.lua"), "--db", db, ...args],
    env: { AURALIS_DEFAULT_BPM: "200", ...env },
  });
  const news = await Listener.open(t, `${server.ws}?format=json`);
  return {
    ...server, dir, folder, db, news,
    recording: await record(t, server),
    save: (now, name = "play.lua") => writeFileSync(join(folder, name), now),
  };
}

async function post(server, path, values) {
  const answer = await fetch(`${server.http}/api/v1/${path}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values),
  });
  assert.equal(answer.status, 200, await answer.text());
}

const control = (server, values) => post(server, "control", values);

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const update = (server, state, version) =>
  server.news.next((m) => m.type === "script_update" && m.state === state && (!version || m.version === version));

/** Saves, and waits until it plays: its version. */
async function plays(server, ...saved) {
  server.save(...saved);
  const { version } = await update(server, "armed");
  await update(server, "playing", version);
  return version;
}

async function stop(server) {
  server.child.kill("SIGTERM");
  await within("the server ends", server.exit);
}

let files = 0;

/** Renders a session again: { samples, rendered_from_frame, … }. */
async function replay(t, session, dir, args, env = {}) {
  const path = join(dir, `again-${(files += 1)}.wav`);
  const all = ["replay", session, "-o", path, "--bits", "16", "--json", ...args];
  const { code, out, err } = await run(t, all, { env: { ...OTHER_CPU, ...env }, ms: LONG_MS });
  assert.equal(code, 0, err);
  const done = out.trim().split("\n").map((line) => JSON.parse(line)).find(({ event }) => event === "done");
  return { ...done, samples: readWav(path).samples };
}

/** Frames [from, to). */
const span = (from, to) => ["--from", String(from / RATE), "--to", String(to / RATE)];

/** Whether frames [from, to) as they came are those that were rendered. */
function assertSame({ got }, rendered, from, to) {
  assert.equal(rendered.length, (to - from) * 4);
  let sounds = false;
  for (const [index, samples] of got) {
    const begin = Math.max(from, index * CHUNK);
    const end = Math.min(to, (index + 1) * CHUNK);
    if (begin >= end) continue;
    const came = samples.subarray((begin - index * CHUNK) * 4, (end - index * CHUNK) * 4);
    const again = rendered.subarray((begin - from) * 4, (end - from) * 4);
    sounds ||= came.some((byte) => byte !== 0);
    if (came.equals(again)) continue;
    const byte = came.findIndex((value, i) => value !== again[i]);
    assert.fail(`frame ${begin + Math.floor(byte / 4)} differs`);
  }
  assert.ok(sounds, "the stream is silent");
}

/** Plays frames [from, to) of a session again, and compares: what replay told. */
async function framesAreSame(t, heard, session, dir, from, to, args = [], env = {}) {
  const done = await replay(t, session, dir, [...span(from, to), ...args], env);
  assertSame(heard, done.samples, from, to);
  return done;
}

/** The same with chunks. */
const isSame = (t, heard, session, dir, from, to, args, env) =>
  framesAreSame(t, heard, session, dir, from * CHUNK, to * CHUNK, args, env);

/** Everything that happens to a stream, within some 40 s. */
async function trouble(server, round) {
  await control(server, { brightness: 0.9, level: 0.6 });
  await pause(1500);
  await control(server, { key: "D dorian", bpm: 190, wild: 0.8 });
  await pause(2000);
  await plays(server, piece(`Good ${round}`, { body: "state.good = true" }));
  await control(server, { intensity: 0.9, brightness: 0.3 });
  server.save(`${piece("Broken")}\nlocal x = = 1\n`);
  await update(server, "refused");
  const mine = `state.mine_${round}`;
  const hang = `${mine} = (${mine} or 0) + 1 if ${mine} > 3 then while true do end end`;
  const hanging = await plays(server, piece(`Hangs later ${round}`, { body: hang }));
  for (let i = 0; i < 6; i += 1) {
    await control(server, { level: 0.5 + 0.08 * i, brightness: i / 5 });
    await pause(170);
  }
  await update(server, "rolled_back", hanging);
  server.child.kill("SIGSTOP");
  await pause(1500);
  server.child.kill("SIGCONT");
  await pause(1500);
  await post(server, "channels/main/rewind", { phrases: 2, seed: 1000 + round });
  await pause(4000);
  await post(server, "channels/main/switch", { branch: 0 });
  await plays(server, piece(`Good again ${round}`));
  await plays(server, `return ${round}\n`, "parts/mine.lua");
  await control(server, { bpm: 200, level: 1, wild: 0 });
  await pause(3000);
}

async function throughTrouble(t, args, seconds) {
  const server = await start(t, { args });
  const { recording } = server;
  const began = Date.now();
  for (let round = 1; round === 1 || Date.now() - began < (seconds - 30) * 1000; round += 1) {
    await trouble(server, round);
    if (round > 1) continue;
    const early = recorded(recording); // while it goes on
    await isSame(t, early, "last", server.dir, early.first, early.first + 50, ["--db", server.db]);
  }
  while (recording.index(recording.chunks().at(-1)) < (seconds * RATE) / CHUNK) await pause(200); // less than by the clock
  const heard = recorded(recording);
  const { first, end } = heard;
  t.diagnostic(`${(end - first) / 10} s were recorded, ${heard.got.length} chunks of ${end - first} came`);
  await stop(server);
  await Promise.all([
    isSame(t, heard, "last", server.dir, first, end, ["--db", server.db]),
    verify(t, server, end),
    parts(t, server, heard),
  ]);
}

async function verify(t, server, end) {
  const verified = await run(t, ["verify", "last", "--db", server.db, "--json"], { ms: LONG_MS });
  assert.equal(verified.code, 0, verified.out + verified.err);
  const found = JSON.parse(verified.out);
  assert.ok(found.ok && found.minutes >= 1 && found.equal === found.minutes && found.error === "");
  assert.ok(found.replayable_seconds >= end / 10);
}

/** Where the phrases of a session begin, and where another text took over. */
async function boundaries(t, server) {
  const { phrases } = JSON.parse((await run(t, ["session", "show", "last", "--db", server.db, "--json"])).out);
  const frame = ({ at_s: seconds }) => Math.round(seconds * RATE);
  return { starts: phrases.map(frame), reloads: phrases.filter((p, i) => i && p.piece !== phrases[i - 1].piece).map(frame) };
}

/** From within a phrase, and over an edit; from the keyframe on, if there is one. */
async function parts(t, server, heard) {
  const db = ["--db", server.db];
  const end = heard.end * CHUNK;
  const past = end > KEYFRAME + 12 * RATE;
  const { starts, reloads } = await boundaries(t, server);
  const keyframe = past ? starts.find((at) => at >= KEYFRAME) : 0;
  const from = starts.filter((at) => at < end - 4 * RATE).at(-1) + RATE + 1;
  const inside = await framesAreSame(t, heard, "last", server.dir, from, end - 7, db);
  assert.equal(inside.rendered_from_frame, keyframe, "where it begins");
  t.diagnostic(`replay from frame ${from} rendered from frame ${inside.rendered_from_frame}`);
  if (past) {
    const after = await framesAreSame(t, heard, "last", server.dir, 303 * RATE, 312 * RATE, db);
    assert.equal(after.rendered_from_frame, keyframe, "where it begins");
    await framesAreSame(t, heard, "last", server.dir, keyframe, keyframe + 1000, db);
    return;
  }
  const reload = reloads.at(-1);
  assert.ok(reload > heard.first * CHUNK + RATE, "no other text took over");
  await framesAreSame(t, heard, "last", server.dir, reload - RATE, Math.min(reload + 3 * RATE, end), db);
}

/** A script that hangs, and no other to go back to: phrases play again. */
async function hanging(t) {
  const server = await start(t, { text: piece("Hangs", { bars: 1, body: "if ctx.hang > 0 then while true do end end" }) });
  await pause(3000);
  await control(server, { hang: 1, brightness: 0.8 });
  await server.news.next((m) => m.type === "error" && m.code === "GENERATION_ERROR");
  await pause(6000);
  await control(server, { hang: 0, level: 0.7 });
  await pause(5000);
  const heard = recorded(server.recording);
  await stop(server);
  await isSame(t, heard, "last", server.dir, heard.first, heard.end, ["--db", server.db]);
  const repeated = await fetchPhrases(t, server, heard.end);
  assert.ok(new Set(repeated.map((phrase) => JSON.stringify(phrase.notes.map((note) => note.pitch)))).size < repeated.length);
}

/** The notes as replay writes them down. */
async function fetchPhrases(t, server, end) {
  const events = join(server.dir, "events.json");
  await replay(t, "last", server.dir, ["--to", String(end / 10), "--events", events, "--db", server.db]);
  const { phrases } = JSON.parse(readFileSync(events));
  phrases.forEach((phrase, i) => assert.equal(phrase.number, i));
  return phrases;
}

/** What a process that was killed had streamed, on this machine and on another. */
async function killed(t) {
  const server = await start(t);
  await pause(4000);
  await control(server, { bpm: 150, brightness: 0.2 });
  await pause(5000);
  server.child.kill("SIGKILL");
  await server.exit;
  const heard = recorded(server.recording);
  const { first, end } = heard;
  const known = JSON.parse((await run(t, ["verify", "last", "--db", server.db, "--json"])).out).replayable_seconds;
  assert.ok(known > end / 10 - 5, `${known} s are known of ${end / 10}`);
  const last = Math.min(end, Math.floor(known * 10));
  await isSame(t, heard, "last", server.dir, first, last, ["--db", server.db]);

  const there = tempDir(t);
  const file = join(there, "session.auralis");
  const elsewhere = { XDG_STATE_HOME: "", HOME: there };
  const exported = await run(t, ["session", "export", "last", file, "--db", server.db]);
  assert.equal(exported.code, 0, exported.err);
  await isSame(t, heard, file, there, first, last, [], elsewhere);
  assert.equal((await run(t, ["verify", file], { env: elsewhere })).code, 0);
  const imported = await run(t, ["session", "import", file], { env: elsewhere });
  assert.equal(imported.code, 0, imported.err);
  await isSame(t, heard, imported.out.trim(), there, first, last, [], elsewhere);
  const same = await run(t, ["diff", imported.out.trim(), file], { env: elsewhere });
  assert.equal(same.code, 0, same.out + same.err);
  assert.match(same.out, /audio: the same to the bit/);
  await tampered(t, file, there);
}

/** A file in which somebody wrote something else, as long. */
async function tampered(t, file, dir) {
  const plain = gunzipSync(readFileSync(file)).toString("latin1");
  const cases = [
    ["velocity = 0.5", "velocity = 0.6"],
    ["bpm=150", "bpm=151"],
    ["lib/theory.lua", "lib/thejry.lua"],
  ];
  const message = /damaged|no file theory\.lua|not those that were recorded|comes out another/;
  for (const [was, now] of cases) {
    assert.ok(plain.includes(was), was);
    const path = join(dir, "tampered.auralis");
    writeFileSync(path, gzipSync(Buffer.from(plain.replaceAll(was, now), "latin1")));
    const wav = join(dir, "tampered.wav");
    const again = await run(t, ["replay", path, "-o", wav, "--force"]);
    assert.notEqual(again.code, 0, was);
    assert.match(again.err, message);
    assert.throws(() => readFileSync(wav), undefined, "no file is left");
    const verified = await run(t, ["verify", path]);
    assert.notEqual(verified.code, 0, was);
    assert.match(verified.out + verified.err, message);
  }
}

async function refused(t) {
  const server = await start(t);
  await pause(3000);
  await stop(server);
  const wav = join(server.dir, "none.wav");
  const cases = [
    [["last", "-o", wav, "--from", "2", "--to", "1"], 2, /--from 2: allowed: less than --to, which is 1/],
    [["last", "-o", wav, "--to", "1:00:00"], 2, /--to: 3600 s is not in session \w+, which ends at 0:00:0/],
    [["last", "-o", wav, "--from", "1:00"], 2, /--from: 60 s is not in session/],
    [["zzzz", "-o", wav], 3, /no session begins with zzzz/],
    [["./none.auralis", "-o", wav], 3, /\.\/none\.auralis: no such file/],
    [["last", "-o", wav, "--db", "none"], 2, /AURALIS_DB is none/],
    [["last"], 2, /-o FILE is missing/],
    [["last", "-o", wav, "--bits", "24", "--dither"], 2, /--dither: only for --bits 16/],
  ];
  for (const [args, code, message] of cases) {
    const said = await run(t, ["replay", ...args], { env: args.includes("--db") ? {} : { AURALIS_DB: server.db } });
    assert.equal(said.code, code, `${args}: ${said.err}`);
    assert.match(said.err, message);
  }
  const db = ["--db", server.db];
  const mine = join(server.dir, "mine");
  writeFileSync(mine, "mine");
  for (const flag of ["--midi", "--events", "--chords"]) {
    const said = await run(t, ["replay", "last", "-o", wav, flag, mine, ...db]);
    assert.equal(said.code, 3, `${flag}: ${said.err}`);
    assert.equal(readFileSync(mine, "utf8"), "mine");
    assert.throws(() => readFileSync(wav));
  }
  writeFileSync(wav, "mine");
  assert.equal((await run(t, ["replay", "last", "-o", wav, ...db])).code, 3);
  assert.equal(readFileSync(wav, "utf8"), "mine");
  const midi = join(server.dir, "again.mid");
  const { code, out, err } = await run(t, [
    ...["replay", "last", "-o", join(server.dir, "x.flac"), "--from", "0.5", "--fade", "1", "--rate", "48000"],
    ...["--midi", midi, "--chords", join(server.dir, "x.txt"), "--json", ...db],
  ]);
  assert.equal(code, 0, err);
  const done = out.trim().split("\n").map((line) => JSON.parse(line)).find((event) => event.event === "done");
  assert.equal(done.from, 0.5);
  assert.equal(readFileSync(midi).toString("latin1", 0, 4), "MThd");
}

test("what was streamed is rendered again, to the bit", { concurrency: 8 }, async (t) => {
  await Promise.all([
    t.test("through edits at phrases, controls, a script that hangs, and a stop", (t) => throughTrouble(t, [], SECONDS)),
    t.test("through the same with edits at bar lines", (t) => throughTrouble(t, ["--swap", "bar"], 30)),
    t.test("with a script that hangs and no other before it", hanging),
    t.test("after kill -9, on another machine too, and not from a file that was changed", killed),
    t.test("what cannot be played is told", refused),
  ]);
});
