// The WebSocket protocol as docs/protocol.md gives it.

import assert from "node:assert/strict";
import test from "node:test";

import { Listener, refused, serve } from "./support.mjs";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

test("audio: status first, then from some chunks back, one after the other", async (t) => {
  const server = await serve(t);
  await new Promise((resolve) => setTimeout(resolve, 1200)); // so that there is something to burst
  const listener = await Listener.open(t, server.ws);
  const status = await listener.next(() => true);
  assert.equal(status.type, "status");
  const first = await listener.next("audio");
  assert.deepEqual(Object.keys(first), ["type", "data", "timestamp", "chunk_index", "sample_rate", "channels", "format"]);
  assert.match(first.timestamp, ISO);
  assert.equal(first.sample_rate, 44100);
  assert.equal(first.channels, 2);
  assert.equal(first.format, "int16_le");
  assert.equal(Buffer.from(first.data, "base64").length, 4410 * 4);
  assert.equal(first.data.length, 23520);
  assert.ok(first.chunk_index <= status.chunk_index - 3, "a burst");
  for (let k = 1; k < 30; k++) assert.equal((await listener.next("audio")).chunk_index, first.chunk_index + k);
});

test("two listeners get the same chunks", async (t) => {
  const server = await serve(t);
  const [one, two] = await Promise.all([Listener.open(t, server.ws), Listener.open(t, `${server.ws}?format=json&channel=main`)]);
  const a = await one.next("audio");
  let b = await two.next("audio");
  const from = Math.max(a.chunk_index, b.chunk_index) + 3;
  for (let k = from; k < from + 5; k++) {
    const x = await one.next((m) => m.chunk_index === k);
    b = await two.next((m) => m.chunk_index === k);
    assert.deepEqual(x, b);
  }
});

test("status has everything, on connect and on request", async (t) => {
  const server = await serve(t);
  const listener = await Listener.open(t, server.ws);
  const first = await listener.next("status");
  listener.send({ type: "status_request" });
  const second = await listener.next("status");
  assert.deepEqual(Object.keys(first), Object.keys(second));
  assert.match(second.server_time, ISO);
  assert.deepEqual(first.listener, { format: "json", chunks_sent: 0, chunks_dropped: 0 });
  assert.ok(second.listener.chunks_sent >= first.listener.chunks_sent);
  assert.equal(second.active_clients, 1);
  assert.equal(second.seed, 7);
  assert.equal(second.channel, "main");
  assert.equal(second.chunk_frames, 4410);
  assert.equal(second.current_key, "A minor");
  assert.equal(second.current_bpm, 70);
  assert.match(second.current_phrase_id, /^phrase_\d+$/);
  for (const name of ["buffer_depth_ms", "synthesis_latency_ms", "phrases_generated", "chunks_sent", "chunks_dropped", "underruns", "next_phrase_in_ms"])
    assert.equal(typeof second[name], "number", name);
  assert.deepEqual(Object.keys(second.pending).slice(0, 3), ["phrase_id", "key", "bpm"]);
  const names = second.controls.map((control) => control.name);
  for (const name of ["bpm", "intensity", "melody_complexity", "level", "brightness", ...Object.keys(second.current_piece)])
    assert.ok(names.includes(name), name);
  assert.equal(second.keys.tonics.length, 12);
  assert.equal(second.keys.modes.length, 9);
});

test("control: the sender learns which phrase carries it and when, and it sounds then", async (t) => {
  const server = await serve(t, { env: { AURALIS_DEFAULT_BPM: "200" } });
  const listener = await Listener.open(t, server.ws);
  const other = await Listener.open(t, server.ws);
  listener.send({ type: "control", key: "D dorian", bpm: 180, intensity: 0.7, timestamp: "2025-01-15T10:30:45.123456Z" });
  const promised = await listener.next("generation_update");
  assert.equal(promised.key, "D dorian");
  assert.equal(promised.bpm, 180);
  assert.equal(promised.intensity, 0.7);
  assert.equal(promised.melody_complexity, 0.5);
  assert.ok(promised.sounds_in_ms > 0);
  assert.equal(typeof promised.next_phrase_in_ms, "number");
  for (const ears of [listener, other]) {
    const update = await ears.next((m) => m.type === "generation_update" && m.phrase_id === promised.phrase_id);
    assert.equal(update.key, "D dorian");
    assert.equal(update.bpm, 180);
    assert.equal(update.sounds_in_ms, 0);
  }
  other.send({ type: "status_request" });
  assert.equal((await other.next("status")).current_key, "D dorian");
});

test("control: live controls act at once", async (t) => {
  const server = await serve(t);
  const listener = await Listener.open(t, server.ws);
  listener.send({ type: "control", level: 0.25, brightness: 0.75 });
  const update = await listener.next("generation_update");
  assert.equal(update.level, 0.25);
  assert.equal(update.brightness, 0.75);
  assert.equal(update.sounds_in_ms, 0);
});

const refusals = [
  ["malformed JSON", '{"type":"control"', "message"],
  ["not an object", "[1,2]", "message"],
  ["an empty message", "", "message"],
  ["NaN", '{"type":"control","intensity":NaN}', "message"],
  ["no type", { bpm: 70 }, "type"],
  ["unknown type", { type: "dance" }, "type"],
  ["unknown key", { type: "control", tempo: 70 }, "tempo"],
  ["bpm too low", { type: "control", bpm: 39 }, "bpm"],
  ["bpm too high", { type: "control", bpm: 201 }, "bpm"],
  ["bpm with a fraction", { type: "control", bpm: 70.5 }, "bpm"],
  ["bpm as text", { type: "control", bpm: "70" }, "bpm"],
  ["bpm null", { type: "control", bpm: null }, "bpm"],
  ["intensity too high", { type: "control", intensity: 1.5 }, "intensity"],
  ["complexity as bool", { type: "control", melody_complexity: true }, "melody_complexity"],
  ["unknown key name", { type: "control", key: "H minor" }, "key"],
  ["key as number", { type: "control", key: 5 }, "key"],
  ["a good value beside a bad one", { type: "control", bpm: 99, intensity: 9 }, "intensity"],
  ["a binary frame", Buffer.from([1, 2, 3]), "message"],
  ["over 64 KiB", `{"type":"control","bpm":99${" ".repeat(65536)}}`, "message"],
];

test("INVALID_CONTROL names what was wrong, the connection stays, nothing changes", async (t) => {
  const server = await serve(t);
  const listener = await Listener.open(t, server.ws);
  const before = await listener.next("status");
  for (const [what, message, field] of refusals) {
    listener.send(message);
    const error = await listener.next("error");
    assert.deepEqual(
      Object.keys(error),
      ["type", "code", "message", "severity", "timestamp", "field", "value", "allowed"],
      what,
    );
    assert.equal(error.code, "INVALID_CONTROL", what);
    assert.equal(error.severity, "error", what);
    assert.equal(error.field, field, what);
    assert.match(error.timestamp, ISO);
    assert.ok(error.allowed.length > 0 && error.message.length > 0, what);
  }
  listener.send({ type: "status_request" });
  const after = await listener.next("status");
  assert.deepEqual({ ...after.pending, sounds_in_ms: 0, phrase_id: 0 }, { ...before.pending, sounds_in_ms: 0, phrase_id: 0 });
});

test("ping: client_time comes back as it was, whatever it is", async (t) => {
  const server = await serve(t);
  const listener = await Listener.open(t, server.ws);
  for (const value of ["2025-01-15T10:30:45.123456Z", 1736937045123, 1.5, null, true, { a: [1, "é"] }]) {
    listener.send({ type: "ping", client_time: value });
    const pong = await listener.next("pong");
    assert.deepEqual(pong.client_time, value);
    assert.match(pong.server_time, ISO);
  }
  listener.send({ type: "ping" });
  assert.ok(!("client_time" in (await listener.next("pong"))));
});

test("client_stats are taken without an answer", async (t) => {
  const server = await serve(t);
  const listener = await Listener.open(t, server.ws);
  listener.send({ type: "client_stats", jitter_ms: 3.5, underruns: 0, buffer_ms: 420, tier: "medium" });
  listener.send({ type: "ping", client_time: "after" });
  const answer = await listener.next((m) => m.type === "error" || m.type === "pong");
  assert.equal(answer.type, "pong");
});

test("more than 20 controls a second are refused", async (t) => {
  const server = await serve(t);
  const listener = await Listener.open(t, server.ws);
  for (let i = 0; i < 60; i++) listener.send({ type: "control", bpm: 70 });
  const error = await listener.next("error");
  assert.equal(error.code, "INVALID_CONTROL");
  assert.equal(error.field, "rate");
  listener.send({ type: "ping", client_time: 1 });
  await listener.next("pong");
});

test("a message over 1 MiB closes with 1009", async (t) => {
  const server = await serve(t);
  const listener = await Listener.open(t, server.ws);
  listener.send(`{"type":"ping"${" ".repeat(1 << 20)}}`);
  assert.equal((await listener.closed).code, 1009);
});

test("a listener too many gets SERVER_OVERLOAD and 1013, and may come back later", async (t) => {
  const server = await serve(t, { env: { AURALIS_MAX_CLIENTS: "2" } });
  const one = await Listener.open(t, server.ws);
  await Listener.open(t, server.ws);
  const three = await Listener.open(t, server.ws);
  const error = await three.next(() => true);
  assert.equal(error.code, "SERVER_OVERLOAD");
  assert.equal(error.severity, "critical");
  assert.equal((await three.closed).code, 1013);
  one.socket.close(1000);
  assert.equal((await one.closed).code, 1000);
  const four = await Listener.open(t, server.ws);
  await four.next("audio");
});

test("what cannot be streamed is refused at the upgrade", async (t) => {
  const server = await serve(t);
  const base = server.ws.replace("/ws/stream", "");
  const cases = [
    [404, "NOT_FOUND", `${base}/ws/other`],
    [404, "NOT_FOUND", `${server.ws}?channel=nothing`],
    [400, "BAD_REQUEST", `${server.ws}?format=mp3`],
    [400, "BAD_REQUEST", `${server.ws}?quality=high`],
  ];
  for (const [status, code, url] of cases) {
    const answer = await refused(t, url);
    assert.equal(answer.status, status, url);
    assert.equal(answer.body.error, code, url);
    assert.ok(answer.body.message.length > 0);
  }
});

test("origins: absent, same and listed pass, others get 403", async (t) => {
  const server = await serve(t, { env: { AURALIS_CORS_ORIGINS: "http://friend.example,https://other.example" } });
  for (const origin of [`http://127.0.0.1:${server.port}`, "http://friend.example", "https://other.example"]) {
    const listener = await Listener.open(t, server.ws, { origin });
    await listener.next("audio");
  }
  const answer = await refused(t, server.ws, { origin: "http://stranger.example" });
  assert.equal(answer.status, 403);
});

test("no compression is negotiated", async (t) => {
  const server = await serve(t);
  const listener = await Listener.open(t, server.ws, { perMessageDeflate: true });
  assert.equal(listener.socket.extensions, "");
});

test("a listener that stops reading is moved forward and told", async (t) => {
  const server = await serve(t);
  const listener = await Listener.open(t, server.ws);
  const last = await listener.next("audio");
  listener.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 8000)); // beyond what the kernel holds
  listener.socket.resume();
  const seen = [last.chunk_index];
  let told = null;
  while (!told || seen.at(-1) < told.at + 5) {
    const message = await listener.next(() => true);
    if (message.type === "audio") seen.push(message.chunk_index);
    if (message.code === "BUFFER_OVERRUN") told = { ...message, at: seen.at(-1) };
  }
  assert.equal(told.severity, "info");
  const jumps = seen.filter((index, i) => i > 0 && index !== seen[i - 1] + 1);
  assert.ok(jumps.length >= 1 && seen.every((index, i) => i === 0 || index > seen[i - 1]));
});
