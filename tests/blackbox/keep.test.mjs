// Takes, sessions, branches and presets over REST: what was heard is kept to the bit, and what is asked wrongly changes nothing.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { Listener, readWav, run, serve, tempDir, within } from "./support.mjs";

const CHUNK = 4410;
const HEAD = 24; // bytes before the samples of a message
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Two bars at 200 BPM last 2.4 s. */
const PIECE = (title) => `
return {
  title = "${title}",
  controls = { wild = { min = 0, max = 1, default = 0.2, label = "Wild" } },
  patches = { pad = { voice = "pad", attack = 0.1, release = 2 }, lead = { voice = "lead", release = 0.6, delay = 0.4 } },
  effects = { reverb = { decay = 4 }, delay = {} },
  phrase = function(ctx)
    for i = 0, 7 do
      ctx:note { patch = "lead", at = i + 0.5 * ctx.wild, beats = 1, pitch = ctx.random("x"):int(60, 80), velocity = 0.6 }
    end
    ctx:note { patch = "pad", at = 0, beats = 8, pitch = 45, velocity = 0.5 }
    ctx:chord { at = 0, beats = 8, name = "i", pitches = { 57, 60, 64 } }
    return 2
  end,
}
`;

/** A server on scripts of its own. */
async function start(t, { dir = tempDir(t), env = {}, args = [] } = {}) {
  const folder = join(dir, "scripts");
  mkdirSync(folder, { recursive: true });
  for (const name of ["play", "other"]) writeFileSync(join(folder, `${name}.lua`), PIECE(name));
  const server = await serve(t, {
    args: ["--script", join(folder, "play.lua"), "--db", join(dir, "auralis.db"), ...args],
    env: { AURALIS_DEFAULT_BPM: "200", ...env },
  });
  return { ...server, dir };
}

/** { status, body, headers } */
async function ask(server, method, path, body, headers = {}) {
  const answer = await fetch(`${server.http}/api/v1/${path}`, {
    method, headers, body: body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const json = answer.headers.get("content-type") === "application/json" && !path.endsWith(".json");
  return { status: answer.status, body: json ? JSON.parse(bytes) : bytes, headers: answer.headers };
}

async function get(server, path) {
  const { status, body } = await ask(server, "GET", path);
  assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
  return body;
}

/** Waits until the take is over. */
async function settle(server, id) {
  const wait = async () => {
    for (;;) {
      const { take } = await get(server, `takes/${id}`);
      if (!["waiting", "rendering"].includes(take.state)) return take;
      await pause(100);
    }
  };
  return within("the take is rendered", wait(), 60000);
}

/** Raw samples out of a FLAC file, by another program. */
function decode(flac) {
  return execFileSync("flac", ["-d", "-s", "-c", "--force-raw-format", "--endian=little", "--sign=signed", "-"],
                      { input: flac, maxBuffer: 1 << 30 });
}

/** What was heard, as a Map of chunks. */
async function listen(t, server, query = "format=pcm") {
  const listener = await Listener.open(t, `${server.ws}?${query}`);
  const chunks = new Map();
  listener.socket.on("message", (data, binary) => {
    if (binary) chunks.set(Number(data.readBigUInt64LE(8)), data.subarray(HEAD));
  });
  return { chunks, listener };
}

/** The samples of chunks [from, to), and that all of them were heard. */
function heard({ chunks }, from, to) {
  const parts = [];
  for (let i = from; i < to; i++) {
    assert.ok(chunks.has(i), `chunk ${i} was not heard`);
    parts.push(chunks.get(i));
  }
  return Buffer.concat(parts);
}

const s24 = (pcm) => Float64Array.from({ length: pcm.length / 3 }, (_, i) => pcm.readIntLE(3 * i, 3));

test("what was heard is kept: the samples, stems that sum to the mix, MIDI, notes, chords, the session", async (t) => {
  const server = await start(t);
  const ear = await listen(t, server);
  await pause(1500);
  await ask(server, "POST", "control", { brightness: 0.9, level: 0.6 });
  await ask(server, "POST", "control", { key: "D dorian", wild: 0.7 });
  await pause(1000);
  assert.equal((await ask(server, "POST", "channels/main/rewind", { phrases: 1, seed: 5, script: "other.lua" })).status, 200);
  const other = async () => {
    while ((await get(server, "status")).script !== "other.lua") await pause(100);
  };
  await within("the other script plays", other());
  await pause(3500);
  const asked = await ask(server, "POST", "keep", { minutes: 0.1, name: "Regen, spät", stems: true, midi: true });
  assert.equal(asked.status, 202);
  const { take } = asked.body;
  assert.equal(take.state, "waiting");
  assert.deepEqual([take.seconds, take.clipped, take.channel], [6, false, "main"]);
  const done = await settle(server, take.id);
  assert.equal(done.state, "done", done.error);
  assert.equal(done.progress, 1);

  const file = async (name, headers) => ask(server, "GET", `takes/${take.id}/files/${name}`, undefined, headers);
  const flac = await file("take.flac");
  assert.match(flac.headers.get("content-disposition"), /^attachment; filename="Regen-sp_t\.flac"; filename\*=UTF-8''Regen-sp%C3%A4t\.flac$/);
  assert.equal(flac.body.length, done.files.find(({ name }) => name === "take.flac").bytes);
  const samples = decode(flac.body);
  const streamed = heard(ear, take.from_frame / CHUNK, take.to_frame / CHUNK);
  assert.ok(streamed.some((byte) => byte !== 0));
  assert.ok(samples.equals(streamed), "the take is what was streamed");
  const part = await file("take.flac", { Range: "bytes=1000-1999" });
  assert.equal(part.status, 206);
  assert.ok(part.body.equals(flac.body.subarray(1000, 2000)));

  const stems = done.files.filter(({ name }) => /^stems\/(?!mix|master)/.test(name));
  assert.ok(stems.some(({ name }) => name === "stems/lead.flac") && stems.some(({ name }) => name === "stems/return-reverb.flac"));
  const mix = s24(decode((await file("stems/mix.flac")).body));
  for (const { name } of stems) s24(decode((await file(name)).body)).forEach((x, i) => (mix[i] -= x));
  assert.equal(mix.length, 2 * 6 * 44100);
  assert.ok(mix.every((x) => Math.abs(x) <= (stems.length + 1) / 2 + 1), "the stems null against the mix");

  const midi = (await file("take.mid")).body;
  assert.equal(midi.toString("latin1", 0, 4) + midi.readUInt16BE(8), "MThd1");
  const score = JSON.parse((await file("take.json")).body);
  const { phrases } = await get(server, `sessions/${take.session}`);
  const inside = phrases.filter(({ at_s, seconds }) => at_s < take.to_s && at_s + seconds > take.from_s);
  assert.deepEqual(score.phrases.map(({ key, bpm }) => [key, bpm]), inside.map(({ key, bpm }) => [key, bpm]));
  assert.ok(inside.some(({ script, branch }) => script === "other.lua" && branch === 1));
  assert.match(String((await file("take.chords.txt")).body), new RegExp(inside.at(-1).key));
  const { seconds, peaks } = JSON.parse(JSON.stringify(await get(server, `takes/${take.id}/waveform`)));
  assert.equal(seconds, 6);
  assert.equal(peaks.length, 240);
  const top = Math.max(...peaks.map(([, high]) => high));
  let loudest = 0;
  for (let i = 0; i < streamed.length; i += 2) loudest = Math.max(loudest, streamed.readInt16LE(i));
  assert.ok(Math.abs(top - loudest / 32767) < 0.001);

  const path = join(server.dir, "kept.auralis");
  writeFileSync(path, (await file("take.auralis")).body);
  const wav = join(server.dir, "again.wav");
  const again = await run(t, ["replay", path, "-o", wav, "--bits", "16", "--from", String(take.from_s), "--to", String(take.to_s)],
                          { env: { AURALIS_ISA: process.arch === "x64" ? "sse2" : "scalar" } });
  assert.equal(again.code, 0, again.err);
  assert.ok(readWav(wav).samples.equals(streamed), "the exported session is what was streamed");

  const elsewhere = await start(t, { env: { AURALIS_EDIT_TOKEN: "secret" } });
  const imported = await ask(elsewhere, "POST", "sessions", readFileSync(path));
  assert.equal(imported.status, 201);
  assert.equal(imported.body.id, take.session);
  const twin = await ask(elsewhere, "POST", "keep", { session: take.session, from_s: take.from_s, to_s: take.to_s });
  assert.equal(twin.status, 202);
  const there = await settle(elsewhere, twin.body.take.id);
  assert.ok(decode((await ask(elsewhere, "GET", `takes/${there.id}/files/take.flac`)).body).equals(streamed));

  assert.equal((await ask(server, "PUT", `takes/${take.id}`, { name: "Rain" })).body.take.name, "Rain");
  assert.equal((await ask(server, "DELETE", `takes/${take.id}`)).status, 200);
  assert.deepEqual(await get(server, "takes"), { takes: [] });
  assert.deepEqual(readdirSync(join(server.dir, "takes")), []);
});

test("a take outlives a killed process, and is what had sounded when it was asked for", async (t) => {
  const server = await start(t);
  const ear = await listen(t, server);
  await pause(3000);
  const until = Math.max(...ear.chunks.keys()) - 3;
  const { body } = await ask(server, "POST", "keep", { minutes: 10, until_chunk: until });
  server.child.kill("SIGKILL");
  const { take } = body;
  assert.deepEqual([take.from_frame, take.to_frame, take.clipped], [0, (until + 1) * CHUNK, true]);
  await within("it is gone", server.exit);
  const next = await start(t, { dir: server.dir });
  const done = await settle(next, take.id);
  assert.equal(done.state, "done", done.error);
  const samples = decode((await ask(next, "GET", `takes/${take.id}/files/take.flac`)).body);
  assert.equal(samples.length, (until + 1) * CHUNK * 4);
  const first = Math.min(...ear.chunks.keys());
  assert.ok(samples.subarray(first * CHUNK * 4).equals(heard(ear, first, until + 1)));
  const { sessions } = await get(next, "sessions");
  assert.equal(sessions.length, 2);
  const former = sessions.find(({ id }) => id === take.session);
  assert.ok(former.ended_at && !former.recording && former.exact);
  assert.equal((await ask(next, "DELETE", `sessions/${take.session}`)).status, 409);
  assert.equal((await ask(next, "DELETE", `takes/${take.id}`)).status, 200);
  assert.equal((await ask(next, "DELETE", `sessions/${take.session}`)).status, 200);
  assert.equal((await ask(next, "GET", `sessions/${take.session}`)).status, 404);
});

test("branches: back with another seed, and to and fro", async (t) => {
  const server = await start(t);
  const branches = async () => (await get(server, "channels/main/branches")).branches;
  await pause(2000);
  const back = await ask(server, "POST", "channels/main/rewind", { phrases: 1, seed: 99 });
  assert.equal(back.status, 200, JSON.stringify(back.body));
  assert.equal(back.body.branch, 1);
  assert.match(back.body.phrase_id, /^phrase_\d+$/);
  assert.ok(back.body.sounds_in_ms > 0);
  const is = async (id) => (await branches()).find((branch) => branch.id === id).current;
  const turns = async (id) => {
    while (!(await is(id))) await pause(100);
  };
  await within("the branch is taken", turns(1));
  assert.deepEqual((await branches()).map(({ id, parent, seed }) => [id, parent, seed]), [[0, 0, 7], [1, 0, 99]]);
  assert.equal((await ask(server, "POST", "channels/main/switch", { branch: 0 })).body.branch, 0);
  await within("the first goes on", turns(0));
  assert.equal((await ask(server, "POST", "channels/main/rewind", { phrases: 1, seed: "18446744073709551615" })).status, 200);
  assert.match(await (await fetch(`${server.http}/api/v1/channels/main/branches`)).text(), /"seed":18446744073709551615,/);
  const told = await get(server, `sessions/${(await get(server, "sessions")).sessions[0].id}`);
  assert.ok(told.phrases.some(({ branch }) => branch === 1));
  for (const [path, body, status, field] of [
    ["main/rewind", { phrases: 0 }, 422, "phrases"], ["main/rewind", { phrases: 1000 }, 422, "phrases"],
    ["main/rewind", { phrases: 1, sead: 3 }, 422, "sead"], ["main/rewind", { phrases: 1, seed: -1 }, 422, "seed"],
    ["main/rewind", { phrases: 1, seed: "18446744073709551616" }, 422, "seed"], ["main/rewind", { phrases: 1, seed: "1x" }, 422, "seed"],
    ["main/rewind", { phrases: 1, script: "../x.lua" }, 422, "script"], ["main/rewind", { phrases: 1, script: "no.lua" }, 404],
    ["main/switch", { branch: 77 }, 404], ["main/switch", {}, 422, "branch"], ["nobody/rewind", { phrases: 1 }, 404],
  ]) {
    const answer = await ask(server, "POST", `channels/${path}`, body);
    assert.equal(answer.status, status, JSON.stringify([path, body, answer.body]));
    assert.equal(answer.body.field, field);
  }
});

test("presets that people keep: checked as the file's, at once there for private streams, and after a restart", async (t) => {
  const server = await start(t, { env: { AURALIS_EDIT_TOKEN: "secret" } });
  const mine = { title: "Mine", script: "other.lua", key: "E phrygian", bpm: 90, set: { wild: 0.9 } };
  for (const [name, preset, status, field] of [
    ["a", { ...mine, script: "none.lua" }, 422, "script"], ["a", { ...mine, script: "../scripts/other.lua" }, 422, "script"],
    ["a", { ...mine, bpm: 999 }, 422, "bpm"], ["a", { ...mine, foo: 1 }, 422, "foo"], ["a", { ...mine, set: { foo: 1 } }, 422, "foo"],
    ["a", { ...mine, key: "H" }, 422, "key"], ["A", mine, 422, "name"], ["a", { ...mine, name: "b" }, 422, "name"],
    ["sleep", mine, 409], ["a", [], 422, "preset"],
  ]) {
    const answer = await ask(server, "PUT", `presets/${name}`, preset);
    assert.equal(answer.status, status, JSON.stringify([name, preset, answer.body]));
    assert.equal(answer.body.field, field);
  }
  writeFileSync(join(server.dir, "scripts", "bad.lua"), "return 1 +");
  const bad = await ask(server, "PUT", "presets/bad", { title: "Bad", script: "bad.lua" });
  assert.deepEqual([bad.status, bad.body.error], [422, "SCRIPT_REFUSED"]);
  assert.equal((await ask(server, "PUT", "presets/mine", mine)).status, 200);
  const own = async (from) => (await get(from, "presets")).presets.filter((preset) => preset.own);
  const [told] = await own(server);
  assert.deepEqual([told.name, told.key, told.bpm, told.set.wild, told.script], ["mine", "E phrygian", 90, 0.9, "other.lua"]);
  const { listener } = await listen(t, server, "format=json&channel=private&preset=mine");
  const status = await listener.next("status");
  assert.deepEqual([status.current_key, status.current_bpm, status.script], ["E phrygian", 90, "other.lua"]);

  const { sessions } = await get(server, "sessions");
  assert.ok(sessions.every(({ channel }) => channel === "main"), "private sessions are in no list");
  const exported = await ask(server, "GET", "presets/export");
  server.child.kill("SIGTERM");
  await within("it ends", server.exit);
  const next = await start(t, { dir: server.dir });
  assert.deepEqual(await own(next), [told]);
  assert.equal((await ask(next, "DELETE", "presets/mine")).status, 200);
  assert.equal((await ask(next, "DELETE", "presets/mine")).status, 404);
  assert.deepEqual(await own(next), []);
  const gone = new Listener(t, `${next.ws}?channel=private&preset=mine`);
  assert.equal((await gone.next("error")).field, "preset");
  const two = { presets: [...exported.body.presets, { ...mine, name: "second", bpm: 5 }] };
  assert.equal((await ask(next, "POST", "presets/import", two)).status, 422);
  assert.deepEqual(await own(next), [], "all of them or none");
  assert.deepEqual((await ask(next, "POST", "presets/import", exported.body)).body, { imported: 1 });
  assert.deepEqual(await own(next), [told]);
});

test("what is asked wrongly is refused, and says what is wrong", async (t) => {
  const server = await start(t, { env: { AURALIS_EDIT_TOKEN: "secret" } });
  const elsewhere = { Host: "example.org", "X-Forwarded-For": "1.2.3.4" };
  const token = { ...elsewhere, Authorization: "Bearer secret" };
  for (const [method, path, body] of [
    ["POST", "keep", { minutes: 1 }], ["DELETE", "takes/x"], ["PUT", "takes/x", { name: "a" }], ["POST", "takes/x/retry", {}],
    ["PUT", "sessions/x", { name: "a" }], ["DELETE", "sessions/x"], ["POST", "sessions", Buffer.alloc(100)],
    ["POST", "channels/main/rewind", { phrases: 1 }], ["POST", "channels/main/switch", { branch: 0 }],
  ]) {
    assert.equal((await ask(server, method, path, body, elsewhere)).status, 401, `${method} ${path}`);
    assert.notEqual((await ask(server, method, path, body, token)).status, 401, `${method} ${path}`);
  }
  await pause(500);
  for (const [body, status, field] of [
    [{ minutes: "1" }, 422, "minutes"], [{ minutes: 1e9 }, 422, "minutes"], [{}, 422, "minutes"], [{ minutes: 1, x: 1 }, 422, "x"],
    [{ minutes: 1, channel: "x" }, 404], [{ minutes: 1, stems: 1 }, 422, "stems"], [{ minutes: 1, formats: ["mp3"] }, 422, "formats"],
    [{ minutes: 1, until_chunk: -1 }, 422, "until_chunk"], [{ minutes: 1, name: "a\nb" }, 422, "name"],
    [{ session: "x", from_s: 0, to_s: 1 }, 404], [{ session: "x", from_s: 2, to_s: 1 }, 422, "to_s"], [[1], 422, "body"],
  ]) {
    const answer = await ask(server, "POST", "keep", body);
    assert.equal(answer.status, status, JSON.stringify([body, answer.body]));
    assert.equal(answer.body.field, field);
  }
  for (const path of ["takes/x", "takes/x/files/take.flac", "takes/x/waveform", "sessions/x", "sessions/x/export", "takes/x/none", "keep/x"])
    assert.equal((await ask(server, "GET", path)).status, 404, path);
  assert.equal((await ask(server, "GET", "keep")).status, 405);
  const junk = await ask(server, "POST", "sessions", Buffer.alloc(3 << 20, 7));
  assert.deepEqual([junk.status, junk.body.field], [422, "body"]);
  assert.equal((await ask(server, "POST", "sessions", Buffer.alloc((16 << 20) + 1)).catch(() => ({ status: 413 }))).status, 413);
  const { id } = (await get(server, "sessions")).sessions[0];
  assert.equal((await ask(server, "PUT", `sessions/${id}`, { name: "Evening" })).body.name, "Evening");
  const file = await ask(server, "GET", `sessions/${id}/export`);
  assert.match(file.headers.get("content-disposition"), /filename="Evening-/);
  assert.equal(file.body.readUInt16BE(0), 0x1f8b);
});

test("limits of today do not keep anybody from what was recorded under those of then", async (t) => {
  const first = await start(t);
  await pause(2500);
  const { id } = (await get(first, "sessions")).sessions[0];
  first.child.kill();
  await within("it has ended", first.exit);
  const one = join(first.dir, "one.lua");
  writeFileSync(one, PIECE("one").replace("0, 7 do", "0, 0 do").replace(/ctx:note { patch = "pad".*/, ""));
  const next = await start(t, { dir: first.dir, env: { AURALIS_SCRIPT_EVENTS: "2" }, args: ["--script", one] });
  const asked = await ask(next, "POST", "keep", { session: id, from_s: 0, to_s: 1 });
  assert.equal(asked.status, 202, JSON.stringify(asked.body));
  let take;
  await within("the take is made", (async () => {
    do {
      await pause(100);
      ({ take } = await get(next, `takes/${asked.body.take.id}`));
    } while (take.state === "waiting" || take.state === "rendering");
  })());
  assert.equal(take.state, "done", take.error);
});

test("who may not change anything keeps nobody from it who may", async (t) => {
  const server = await start(t, { env: { AURALIS_EDIT_TOKEN: "secret" } });
  const elsewhere = { "X-Forwarded-For": "192.0.2.1" }, token = { ...elsewhere, Authorization: "Bearer secret" };
  await pause(1500);
  const changes = await Promise.all(Array.from({ length: 60 }, () => ask(server, "DELETE", "presets/none", undefined, elsewhere)));
  assert.ok(changes.some(({ status }) => status === 429));
  assert.equal((await ask(server, "POST", "keep", { minutes: 1 }, token)).status, 202);
  const { id } = (await get(server, "sessions")).sessions[0];
  for (const [method, path, body, most] of [
    ["GET", `sessions/${id}/export`, undefined, 2], ["POST", "presets/import", { presets: [] }, 4],
  ]) {
    for (let i = 0; i < most; i++) assert.notEqual((await ask(server, method, path, body, elsewhere)).status, 429, path);
    const refused = await ask(server, method, path, body, elsewhere);
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, String(60 / most)], path);
    assert.notEqual((await ask(server, method, path, body, token)).status, 429, path);
  }
});

test("without a journal there is nothing to keep, and music plays", async (t) => {
  const server = await serve(t, { args: ["--db", "none"] });
  for (const [method, path, body] of [
    ["GET", "sessions"], ["GET", "takes"], ["POST", "keep", { minutes: 1 }], ["PUT", "presets/mine", { title: "M", script: "sleep.lua" }],
    ["GET", "presets/export"],
  ]) {
    const answer = await ask(server, method, path, body);
    assert.deepEqual([answer.status, answer.body.error], [503, "NO_JOURNAL"], `${method} ${path}`);
  }
  assert.ok((await get(server, "presets")).presets.length > 0);
  await listen(t, server);
});
