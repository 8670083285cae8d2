// Several streams in one program: channels of a file, private ones, presets.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { realtime } from "../realtime.mjs";
import { AMBIENT, Listener, ROOT, ills, readWav, refused, run, serve, tempDir } from "./support.mjs";

const SCRIPTS = join(ROOT, "scripts");

const get = async (server, path) => {
  const response = await fetch(server.http + path);
  return { status: response.status, body: await response.json() };
};

const post = async (server, path, body) => {
  const response = await fetch(server.http + path, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
};

/** A file of channels: its path. */
function channelsFile(t, channels, dir = tempDir(t)) {
  const file = join(dir, "channels.json");
  writeFileSync(file, JSON.stringify({ channels }));
  return file;
}

/** Writes a file in one step, as editors do. */
function save(path, text) {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** Waits for something to become true. */
async function until(what, test) {
  for (let i = 0; i < 400; i++) {
    const found = await test();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail(`never: ${what}`);
}

/** A private stream: { listener, name, status }. */
async function own(t, server, query = "") {
  const listener = await Listener.open(t, `${server.ws}?channel=private&format=pcm${query}`);
  const status = await listener.next("status");
  return { listener, name: status.channel, status };
}

/** n chunks of pcm: { first, samples }. */
async function chunks(listener, n) {
  const frames = [];
  while (frames.length < n) frames.push(await listener.next(Buffer.isBuffer));
  const first = Number(frames[0].readBigUInt64LE(8));
  frames.forEach((frame, i) => assert.equal(Number(frame.readBigUInt64LE(8)), first + i, "no gap"));
  return { first, samples: Buffer.concat(frames.map((frame) => frame.subarray(24))) };
}

/** The same chunks of an offline render. */
async function rendered(t, script, args, heard) {
  const file = join(tempDir(t), "render.wav");
  const end = heard.first * 17640 + heard.samples.length;
  const { code, err } = await run(t, ["render", join(SCRIPTS, script), "-o", file, "--bits", "16", "--duration", String(end / 176400), ...args]);
  assert.equal(code, 0, err);
  return readWav(file).samples.subarray(heard.first * 17640, end);
}

const THREE = [
  { name: "focus", script: "focus.lua", seed: 11, key: "E dorian", bpm: 72, intensity: 0.7, melody_complexity: 0.4, set: { drift: 0.3 } },
  { name: "sleep", script: "sleep.lua" },
  { name: "rain-2", script: "rain.lua", level: 0.8 },
];

test("channels of a file play beside main, each what the file says, to the bit", async (t) => {
  const server = await serve(t, { env: { AURALIS_CHANNELS: channelsFile(t, THREE) } });
  const { body } = await get(server, "/api/v1/channels");
  assert.deepEqual(body.channels.map(({ name, script }) => [name, script]), [
    ["main", "ambient.lua"],
    ["focus", "focus.lua"],
    ["sleep", "sleep.lua"],
    ["rain-2", "rain.lua"],
  ]);
  assert.deepEqual(body.private, { max: 8, open: 0, available: true, reason: "" });

  const hear = async (name) => {
    const listener = await Listener.open(t, `${server.ws}?format=pcm&channel=${name}`);
    assert.equal((await listener.next("status")).channel, name);
    return chunks(listener, 20);
  };
  const [main, focus, sleep] = await Promise.all(["main", "focus", "sleep"].map(hear));
  const want = await Promise.all([
    rendered(t, "ambient.lua", ["--seed", "7"], main),
    rendered(t, "focus.lua", ["--seed", "11", "--key", "E dorian", "--bpm", "72", "--intensity", "0.7", "--set", "melody_complexity=0.4", "--set", "drift=0.3"], focus),
    rendered(t, "sleep.lua", ["--seed", "7"], sleep),
  ]);
  [main, focus, sleep].forEach((heard, i) => assert.ok(heard.samples.equals(want[i]), ["main", "focus", "sleep"][i]));
});

test("what is set on one channel stays there; status, health and listeners are each its own", async (t) => {
  const server = await serve(t, { env: { AURALIS_CHANNELS: channelsFile(t, THREE) } });
  const listener = await Listener.open(t, `${server.ws}?channel=sleep`);
  await listener.next("status");
  const control = await post(server, "/api/v1/control?channel=sleep", { bpm: 50, dark: 0.9 });
  assert.equal(control.status, 200);
  assert.equal(control.body.params.bpm, 50);
  const turned = await get(server, "/api/v1/status?channel=sleep");
  assert.deepEqual([turned.body.channel, turned.body.pending.bpm, turned.body.pending.dark, turned.body.active_clients], ["sleep", 50, 0.9, 1]);
  const other = await get(server, "/api/v1/status?channel=focus");
  assert.deepEqual([other.body.channel, other.body.seed, other.body.pending.bpm, other.body.active_clients], ["focus", 11, 72, 0]);
  assert.equal((await post(server, "/api/v1/control?channel=focus", { dark: 0.5 })).status, 422, "not a control of that piece");
  assert.equal((await get(server, "/api/v1/status")).body.channel, "main");
  assert.deepEqual(ills((await get(server, "/api/v1/health?channel=rain-2")).body), []);
  for (const path of ["status", "health", "phrases"]) assert.equal((await get(server, `/api/v1/${path}?channel=nope`)).status, 404, path);
  assert.equal((await refused(t, `${server.ws}?channel=nope`)).status, 404);
  assert.equal((await refused(t, `${server.ws}?channel=sleep&bpm=60`)).status, 400, "only private streams take more");
});

test("a bad file of channels stops the start and says where and why", async (t) => {
  const cases = [
    [[{ name: "Focus", script: "focus.lua" }], /channel Focus: name: "Focus" is not allowed; allowed: 1 to 32 of a-z/],
    [[{ name: "main", script: "focus.lua" }], /name: "main" is not allowed/],
    [[{ name: "private", script: "focus.lua" }], /name: "private" is not allowed/],
    [[{ name: "f" }], /channel f: script: nothing is not allowed/],
    [[{ name: "f", script: "no.lua" }], /channel f: script: "no.lua" is not allowed; allowed: a script in /],
    [[{ name: "f", script: "focus.lua", bpm: 500 }], /channel f: bpm: 500 is not allowed; allowed: an integer from 40 to 200/],
    [[{ name: "f", script: "focus.lua", key: "H minor" }], /channel f: key: H minor is not allowed/],
    [[{ name: "f", script: "focus.lua", set: { dark: 1 } }], /channel f: dark: this control is not allowed; allowed: .*drift/],
    [[{ name: "f", script: "focus.lua", tempo: 60 }], /channel f: tempo: this key is not allowed; allowed: name, script, seed/],
    [[{ name: "f", script: "focus.lua", seed: -1 }], /channel f: seed: -1 is not allowed/],
    [[{ name: "f", script: "focus.lua" }, { name: "f", script: "rain.lua" }], /channel f: there are two of this name/],
    [{}, /must be \{"channels":\[\.\.\.\]\}/],
  ];
  for (const [channels, message] of cases) {
    const file = channelsFile(t, channels);
    const { code, err } = await run(t, ["serve", "--check"], { env: { AURALIS_CHANNELS: file } });
    assert.equal(code, 2, err);
    assert.match(err, message);
    assert.ok(err.startsWith(`${file}: `), err);
  }
  const broken = join(tempDir(t), "channels.json");
  writeFileSync(broken, '{"channels":[\n{]}');
  assert.match((await run(t, ["serve", "--check"], { env: { AURALIS_CHANNELS: broken } })).err, /line 2: /);
  const missing = await run(t, ["serve", "--check"], { env: { AURALIS_CHANNELS: "/nowhere.json" } });
  assert.equal(missing.code, 3);
  assert.match(missing.err, /^AURALIS_CHANNELS: \/nowhere\.json: No such file/);
  const dir = tempDir(t);
  writeFileSync(join(dir, "bad.lua"), "return {");
  const script = await run(t, ["serve", "--check"], { env: { AURALIS_CHANNELS: channelsFile(t, [{ name: "f", script: "bad.lua" }], dir) } });
  assert.equal(script.code, 1);
  assert.match(script.err, /bad\.lua:1: /);
});

test("an edit reaches every channel that plays the file, and its news nobody else", async (t) => {
  const dir = join(tempDir(t), "scripts");
  mkdirSync(dir);
  for (const name of ["ambient.lua", "focus.lua", "sleep.lua"]) cpSync(join(SCRIPTS, name), join(dir, name));
  const elsewhere = tempDir(t);
  cpSync(join(SCRIPTS, "rain.lua"), join(elsewhere, "rain.lua"));
  const file = channelsFile(t, [
    { name: "one", script: "focus.lua", seed: 1 },
    { name: "two", script: "focus.lua", seed: 2 },
    { name: "other", script: "sleep.lua" },
    { name: "outside", script: "rain.lua" },
  ], elsewhere);
  const server = await serve(t, { args: ["--script", join(dir, "ambient.lua")], env: { AURALIS_CHANNELS: file } });
  const listeners = {};
  for (const name of ["one", "two", "other", "outside"]) {
    listeners[name] = await Listener.open(t, `${server.ws}?channel=${name}`);
    await listeners[name].next("status");
  }
  const list = await get(server, "/api/v1/scripts");
  const playing = Object.fromEntries(list.body.scripts.map(({ name, playing: by }) => [name, by]));
  assert.deepEqual([playing["focus.lua"], playing["sleep.lua"]], [["one", "two"], ["other"]]);
  const edit = (path) => save(path, `${readFileSync(path, "utf8")}\n-- edited\n`);
  edit(join(dir, "focus.lua"));
  const updates = await Promise.all(["one", "two"].map((name) => listeners[name].next("script_update")));
  for (const update of updates) assert.deepEqual([update.state, update.name], ["armed", "focus.lua"]);
  edit(join(elsewhere, "rain.lua"));
  const outside = await listeners.outside.next("script_update");
  assert.deepEqual([outside.state, outside.name], ["armed", ".../rain.lua"]);
  assert.ok(!listeners.other.messages.some(({ type }) => type === "script_update"), "the other channel hears nothing of it");
});

test("a private stream is what was asked for, to the bit, and known by its name only to who has it", async (t) => {
  const server = await serve(t);
  const query = "&key=D%20dorian&bpm=90&intensity=0.8&melody_complexity=0.3&seed=12345678901234567890&density=0.9";
  const { listener, name, status } = await own(t, server, query);
  assert.match(name, /^private-[0-9a-f]{16}$/);
  assert.deepEqual([status.current_key, status.current_bpm, status.seed > 1e19], ["D dorian", 90, true]);
  const heard = await chunks(listener, 25);
  const args = ["--seed", "12345678901234567890", "--key", "D dorian", "--bpm", "90", "--intensity", "0.8", "--set", "melody_complexity=0.3", "--set", "density=0.9"];
  assert.ok(heard.samples.equals(await rendered(t, "ambient.lua", args, heard)), "the stream is the render");

  const list = await get(server, "/api/v1/channels");
  assert.deepEqual(list.body.channels.map((channel) => channel.name), ["main"]);
  assert.equal(list.body.private.open, 1);
  assert.ok(!JSON.stringify((await get(server, "/api/v1/scripts")).body).includes(name), "no list tells the name");

  assert.equal((await post(server, `/api/v1/control?channel=${name}`, { bpm: 100 })).status, 200);
  assert.equal((await get(server, `/api/v1/status?channel=${name}`)).body.pending.bpm, 100);
  assert.equal((await get(server, "/api/v1/status")).body.pending.bpm, 70, "main is not touched");
  assert.equal((await get(server, `/api/v1/phrases?channel=${name}`)).status, 200);
  const again = await Listener.open(t, `${server.ws}?channel=${name}`);
  assert.equal((await again.next("status")).channel, name);
});

test("every preset of the page is a piece that plays, with the controls that it names", async (t) => {
  const server = await serve(t);
  const { body } = await get(server, "/api/v1/presets");
  assert.deepEqual(body.presets.map(({ name }) => name), ["focus", "meditation", "sleep", "bright", "ambient", "rain", "overtones", "arc"]);
  assert.ok(!server.err().includes("left out"), server.err());
  const heard = await Promise.all(body.presets.map(({ name }) => own(t, server, `&preset=${name}&seed=5`)));
  heard.forEach(({ status }, i) => {
    const preset = body.presets[i];
    assert.ok(preset.title && preset.about);
    assert.deepEqual([status.script, status.current_key, status.current_bpm, status.current_intensity], [preset.script, preset.key, preset.bpm, preset.intensity]);
    for (const [control, value] of Object.entries(preset.set)) assert.equal(status.current_piece[control], value, `${preset.name} ${control}`);
  });
  const sleep = heard[2];
  const sound = await chunks(sleep.listener, 10);
  const args = ["--seed", "5", "--key", "E phrygian", "--bpm", "44", "--intensity", "0.4", "--set", "melody_complexity=0.4"];
  assert.ok(sound.samples.equals(await rendered(t, "sleep.lua", args, sound)), "a preset's stream is the render");
});

test("what cannot be played is refused with what is allowed, after the session opened", async (t) => {
  const server = await serve(t);
  const cases = [
    ["&bpm=500", "bpm", "500"],
    ["&bpm=fast", "bpm", "fast"],
    ["&key=H%20minor", "key", "H minor"],
    ["&preset=noise", "preset", "noise"],
    ["&seed=-1", "seed", "-1"],
    ["&dark=0.5", "dark", "this control"],
    ["&preset=sleep&density=0.5", "density", "this control"],
  ];
  for (const [query, field, value] of cases) {
    const listener = await Listener.open(t, `${server.ws}?channel=private${query}`);
    const error = await listener.next("error");
    assert.deepEqual([error.code, error.field, error.value], ["INVALID_CONTROL", field, value]);
    assert.ok(error.allowed, query);
    assert.equal((await listener.closed).code, 1008);
  }
  assert.equal((await refused(t, `${server.ws}?channel=private&format=mp3`)).status, 400, "the format at the upgrade, as ever");
  assert.equal((await get(server, "/api/v1/channels")).body.private.open, 0);
});

async function overload(t, server, message) {
  const listener = await Listener.open(t, `${server.ws}?channel=private`);
  const error = await listener.next("error");
  assert.deepEqual([error.code, error.severity], ["SERVER_OVERLOAD", "critical"]);
  assert.match(error.message, message);
  assert.equal((await listener.closed).code, 1013);
}

test("there are as many as allowed, threads do not grow with them, and idle ones go", async (t) => {
  const env = { AURALIS_PRIVATE_CHANNELS: "3", AURALIS_PRIVATE_IDLE_SEC: "0.5", AURALIS_CHANNELS: channelsFile(t, THREE) };
  const server = await serve(t, { env });
  const threads = () => readdirSync(`/proc/${server.child.pid}/task`).length;
  const before = threads();
  const streams = await Promise.all([1, 2, 3].map(() => own(t, server)));
  await Promise.all(streams.map(({ listener }) => chunks(listener, 5)));
  assert.equal(threads(), before);
  assert.equal(new Set(streams.map(({ name }) => name)).size, 3);
  await overload(t, server, /3 private channels already/);
  const full = (await get(server, "/api/v1/channels")).body.private;
  assert.deepEqual([full.max, full.open, full.available], [3, 3, false]);
  assert.match(full.reason, /already/);

  streams[0].listener.socket.close();
  await until("an idle one is gone", async () => (await get(server, "/api/v1/channels")).body.private.open === 2);
  assert.equal((await refused(t, `${server.ws}?channel=${streams[0].name}`)).status, 404);
  const next = await own(t, server, "&preset=rain");
  await chunks(next.listener, 3);
  for (const { listener } of [...streams, next]) listener.socket.close();
  await until("all are gone", async () => (await get(server, "/api/v1/channels")).body.private.open === 0);
  assert.equal(threads(), before);
  assert.equal((await get(server, "/api/v1/health")).status, 200);
});

realtime("who comes back in time goes on with the stream", {}, async (t) => {
  const server = await serve(t, { env: { AURALIS_PRIVATE_IDLE_SEC: "1.5" } });
  const first = await own(t, server, "&seed=3");
  const before = await chunks(first.listener, 5);
  first.listener.socket.close();
  await first.listener.closed;
  const back = await Listener.open(t, `${server.ws}?format=pcm&channel=${first.name}`);
  assert.equal((await back.next("status")).seed, 3);
  const after = await chunks(back, 25);
  assert.ok(after.first + 25 > before.first + 20, "longer than it would have stayed idle");
});

test("none where the margin is too small, or where none are allowed", async (t) => {
  const busy = await serve(t, { env: { AURALIS_PRIVATE_MARGIN: "100" } });
  const listener = await Listener.open(t, `${busy.ws}?format=pcm`);
  await chunks(listener, 8);
  await overload(t, busy, /no time for one more: \d+ % is free, 100 % is needed/);
  assert.equal((await get(busy, "/api/v1/channels")).body.private.available, false);
  const off = await serve(t, { env: { AURALIS_PRIVATE_CHANNELS: "0" } });
  await overload(t, off, /no private channels/);
});

test("the limit of listeners counts those of all channels", async (t) => {
  const env = { AURALIS_CHANNELS: channelsFile(t, THREE), AURALIS_MAX_CLIENTS: "3" };
  const server = await serve(t, { env });
  for (const name of ["main", "sleep"]) await (await Listener.open(t, `${server.ws}?channel=${name}`)).next("status");
  await own(t, server);
  for (const name of ["focus", "private"]) {
    const late = await Listener.open(t, `${server.ws}?channel=${name}`);
    assert.equal((await late.next("error")).code, "SERVER_OVERLOAD");
    assert.equal((await late.closed).code, 1013);
  }
});

test("a private stream follows its script too, and begins with the text that plays", async (t) => {
  const dir = join(tempDir(t), "scripts");
  mkdirSync(dir);
  cpSync(AMBIENT, join(dir, "ambient.lua"));
  const server = await serve(t, { args: ["--script", join(dir, "ambient.lua")] });
  const { listener } = await own(t, server);
  const path = join(dir, "ambient.lua");
  save(path, `${readFileSync(path, "utf8")}\n-- edited\n`);
  const update = await listener.next("script_update");
  assert.deepEqual([update.state, update.name], ["armed", "ambient.lua"]);
  save(path, "return {");
  assert.equal((await listener.next("script_update")).state, "refused");
  const late = await own(t, server);
  assert.equal(late.status.script, "ambient.lua", "a broken file on disk keeps nobody out");
  await chunks(late.listener, 3);
});
