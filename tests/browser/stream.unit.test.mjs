// The parts of the page between the socket and the player that need no page: connection, timeline, frames, the line's tiers.

import assert from "node:assert/strict";
import test from "node:test";

import { backoffMs, Connection } from "../../client/connection.js";
import { chooseFormat, isNearby, packetsOf, parseFrame } from "../../client/formats.js";
import { Outbox } from "../../client/outbox.js";
import { ServerClock } from "../../client/clock.js";
import { Tiers, TIERS } from "../../client/tiers.js";
import { Timeline } from "../../client/timeline.js";

// ---- connection ----

class FakeClock {
  constructor() {
    this.time = 0;
    this.timers = new Map();
    this.ids = 0;
  }

  env(extra) {
    return {
      now: () => this.time,
      random: () => 1,
      setTimeout: (run, ms) => {
        this.timers.set(++this.ids, { at: this.time + ms, run });
        return this.ids;
      },
      clearTimeout: (id) => this.timers.delete(id),
      ...extra,
    };
  }

  advance(ms) {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.time = due[1].at;
      due[1].run();
    }
    this.time = end;
  }
}

function connectionSetup() {
  const clock = new FakeClock();
  const sockets = [];
  const cushion = { ms: 0 };
  class Socket {
    constructor(url) {
      this.url = url;
      this.readyState = 0;
      this.sent = [];
      sockets.push(this);
    }

    open() {
      this.readyState = 1;
      this.onopen();
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close() {
      this.readyState = 3;
    }
  }
  const states = [];
  const connection = new Connection(clock.env({ WebSocket: Socket }), {
    state: (state) => states.push(state),
    message: () => {},
    stats: () => ({ underruns: 0 }),
    address: (url) => `${url}#${sockets.length}`,
    cushionMs: () => cushion.ms,
  });
  const say = (message) => sockets.at(-1).onmessage({ data: JSON.stringify(message) });
  return { clock, sockets, states, connection, say, cushion };
}

test("backoff doubles from half a second to 30 s, and chance takes up to half away", () => {
  assert.deepEqual([0, 1, 2, 5, 6, 40].map((n) => backoffMs(n, 1)), [500, 1000, 2000, 16000, 30000, 30000]);
  assert.equal(backoffMs(3, 0), 2000);
});

test("a connection pings, asks for status, reports, and measures the round trip", () => {
  const { clock, sockets, connection, say } = connectionSetup();
  connection.connect("ws://x/");
  sockets[0].open();
  clock.advance(30);
  say({ type: "pong", client_time: sockets[0].sent[0].client_time });
  assert.equal(connection.rttMs, 30);
  for (let i = 0; i < 110; i++) {
    clock.advance(100);
    say({ type: "audio" });
  }
  const kinds = sockets[0].sent.map((message) => message.type);
  assert.equal(kinds.filter((kind) => kind === "ping").length, 2);
  assert.equal(kinds.filter((kind) => kind === "status_request").length, 2);
  assert.equal(kinds.filter((kind) => kind === "client_stats").length, 1);
});

test("a lost connection comes back with growing pauses; a stable one starts counting anew", () => {
  const { clock, sockets, states, connection, say } = connectionSetup();
  connection.connect("ws://x/");
  sockets[0].onclose({ code: 1006 });
  assert.deepEqual(states.at(-1), { state: "waiting", reason: "lost", retryInMs: 500 });
  clock.advance(500);
  sockets[1].onclose({ code: 1006 });
  assert.equal(states.at(-1).retryInMs, 1000);
  clock.advance(1000);
  sockets[2].open();
  say({ type: "status" });
  assert.equal(states.at(-1).state, "live");
  for (let i = 0; i < 7; i++) {
    clock.advance(1000);
    say({ type: "audio" });
  }
  sockets[2].onclose({ code: 1001 });
  assert.deepEqual(states.at(-1), { state: "waiting", reason: "restart", retryInMs: 500 });
});

test("while there is sound left to play a broken connection is tried again in haste, twelve times at most", () => {
  const { clock, sockets, states, connection, say, cushion } = connectionSetup();
  connection.connect("ws://x/");
  assert.equal(sockets[0].url, "ws://x/#0");
  sockets[0].open();
  say({ type: "status" });
  clock.advance(100);
  cushion.ms = 500;
  const pauses = [];
  for (let i = 0; i < 14; i++) {
    sockets.at(-1).onclose({ code: 1006 });
    pauses.push(states.at(-1).retryInMs);
    clock.advance(pauses.at(-1));
  }
  assert.deepEqual(pauses, [...Array(12).fill(160), 500, 1000]);
  assert.equal(sockets.at(-1).url, `ws://x/#${sockets.length - 1}`, "the address is asked for anew each time");
  sockets.at(-1).onclose({ code: 1001 });
  assert.equal(states.at(-1).retryInMs, 2000, "a server that goes is left in peace");
});

test("in haste an attempt that hangs is given up sooner", () => {
  const { clock, sockets, connection, say, cushion } = connectionSetup();
  connection.connect("ws://x/");
  sockets[0].open();
  say({ type: "status" });
  cushion.ms = 500;
  sockets[0].onclose({ code: 1006 });
  clock.advance(200);
  assert.equal(sockets.length, 2);
  clock.advance(2600);
  cushion.ms = 0;
  clock.advance(200);
  assert.equal(sockets.length, 3);
});

test("a server that is full is asked again, but slowly", () => {
  const { sockets, states, connection, say } = connectionSetup();
  connection.connect("ws://x/");
  sockets[0].open();
  say({ type: "error", code: "SERVER_OVERLOAD" });
  assert.equal(states.at(-1).state, "connecting");
  sockets[0].onclose({ code: 1013 });
  assert.deepEqual(states.at(-1), { state: "waiting", reason: "overload", retryInMs: 5000 });
});

test("silence on an open connection counts as lost; disconnect leaves no timer", () => {
  const { clock, sockets, states, connection } = connectionSetup();
  connection.connect("ws://x/");
  sockets[0].open();
  clock.advance(8000);
  assert.ok(sockets.length >= 2, "tried again");
  assert.ok(states.some((state) => state.reason === "lost"));
  connection.disconnect();
  assert.equal(clock.timers.size, 0);
  assert.equal(states.at(-1).state, "idle");
});

test("outbox: the first change at once, the rest merged, the last never lost", () => {
  const clock = new FakeClock();
  const sent = [];
  const outbox = new Outbox((changes) => sent.push(changes), clock.env());
  for (let i = 0; i <= 50; i++) {
    outbox.set("bpm", 60 + i);
    clock.advance(10);
  }
  outbox.set("key", "D dorian");
  clock.advance(200);
  assert.deepEqual(sent[0], { bpm: 60 });
  assert.ok(sent.length <= 6, `${sent.length} messages in half a second`);
  assert.deepEqual(Object.assign({}, ...sent), { bpm: 110, key: "D dorian" });
});

// ---- timeline ----

const values = { key: "A minor", bpm: 60, intensity: 0.5, level: 1, density: 0.4 };
const status = (phrase, nextInMs, pending = {}) => ({
  type: "status",
  current_phrase_id: `phrase_${phrase}`,
  next_phrase_in_ms: nextInMs,
  current_key: "A minor",
  current_bpm: 60,
  current_intensity: 0.5,
  current_level: 1,
  current_piece: { density: 0.4 },
  pending: { phrase_id: `phrase_${phrase}`, ...values, sounds_in_ms: 0, ...pending },
});

test("timeline: a change counts down to the ear, latency included, then sounds", () => {
  const timeline = new Timeline();
  timeline.status(status(4, 10000), 0);
  assert.equal(timeline.view(0, 600).pending, null);
  const change = { ...values, key: "D dorian", phrase_id: "phrase_5", sounds_in_ms: 9000, next_phrase_in_ms: 9000 };
  timeline.update({ type: "generation_update", ...change, bars: 8, title: "x" }, 1000);
  const { pending, number } = timeline.view(2000, 600);
  assert.equal(number, 4);
  assert.deepEqual(pending.changed, ["key"]);
  assert.equal(pending.inMs, 8600);
  timeline.update({ ...change, sounds_in_ms: 0, next_phrase_in_ms: 32000 }, 10000);
  assert.equal(timeline.view(10500, 600).number, 4, "the ear is behind");
  const after = timeline.view(10700, 600);
  assert.equal(after.number, 5);
  assert.equal(after.values.key, "D dorian");
  assert.equal(after.pending, null);
  assert.equal(after.nextInMs, 32000 - 100);
});

test("timeline: a change of live controls alone is no boundary and nothing pending", () => {
  const timeline = new Timeline();
  timeline.status(status(4, 10000), 0);
  timeline.update({ ...values, level: 0.3, phrase_id: "phrase_5", sounds_in_ms: 0, next_phrase_in_ms: 9000 }, 1000);
  assert.equal(timeline.view(1100, 0).number, 4);
  assert.equal(timeline.view(1100, 0).pending, null);
});

test("timeline: a restarted server begins again at its own phrase", () => {
  const timeline = new Timeline();
  timeline.status(status(40, 10000), 0);
  timeline.status(status(0, 20000), 5000);
  assert.equal(timeline.view(5100, 0).number, 0);
});

test("timeline: what others set is pending too, as status tells", () => {
  const timeline = new Timeline();
  timeline.status(status(7, 4000, { phrase_id: "phrase_8", bpm: 90, density: 0.9, sounds_in_ms: 4000 }), 0);
  assert.deepEqual(timeline.view(0, 0).pending.changed.sort(), ["bpm", "density"]);
});

/** A frame as the server writes it. */
function frame({ format = 1, flags = 0, frames = 4410, index = 7, rate = 44100, payload = [] }) {
  const buffer = new ArrayBuffer(24 + payload.length);
  const view = new DataView(buffer);
  [..."AUR1"].forEach((c, i) => view.setUint8(i, c.charCodeAt(0)));
  view.setUint8(4, format);
  view.setUint8(5, flags);
  view.setUint16(6, frames, true);
  view.setBigUint64(8, BigInt(index), true);
  view.setUint32(16, rate, true);
  view.setUint32(20, payload.length, true);
  new Uint8Array(buffer).set(payload, 24);
  return buffer;
}

test("a binary frame is read field by field; what is none is refused", () => {
  const got = parseFrame(frame({ format: 3, flags: 1, frames: 4800, index: 2 ** 40 + 1, rate: 48000, payload: [1, 2, 3] }));
  assert.deepEqual(
    { ...got, payload: [...got.payload] },
    { format: "opus", codec: true, frames: 4800, index: 2 ** 40 + 1, rate: 48000, payload: [1, 2, 3] },
  );
  assert.equal(parseFrame(new ArrayBuffer(23)), null);
  assert.equal(parseFrame(frame({ format: 4 })), null);
  assert.equal(parseFrame(frame({ payload: [1, 2] }).slice(0, 25)), null);
  const other = frame({});
  new Uint8Array(other)[3] = 0x32;
  assert.equal(parseFrame(other), null);
});

test("packets of Opus lie behind their lengths; other payloads are whole", () => {
  const long = Array(300).fill(9);
  const packets = packetsOf(parseFrame(frame({ format: 3, payload: [2, 0, 5, 6, 44, 1, ...long, 1, 0, 8] })));
  assert.deepEqual(packets.map((p) => [...p]), [[5, 6], long, [8]]);
  assert.deepEqual(packetsOf(parseFrame(frame({ format: 3 }))), []);
  assert.deepEqual(packetsOf(parseFrame(frame({ format: 2, payload: [1, 2] }))).map((p) => [...p]), [[1, 2]]);
});

test("the format is the best that both sides have", () => {
  const all = ["json", "pcm", "flac", "opus"];
  const both = new Set(["flac", "opus"]);
  const cases = [
    ["lossless", all, both, "flac"],
    ["lossless", all, new Set(), "pcm"],
    ["lossless", ["json"], both, "json"],
    ["compact", all, both, "opus"],
    ["compact", all, new Set(["flac"]), "flac"],
    ["compact", ["json", "pcm", "flac"], both, "flac"],
    ["compact", all, new Set(), "pcm"],
  ];
  for (const [quality, offered, decodes, want] of cases) assert.equal(chooseFormat(quality, offered, decodes), want);
});

test("this machine and this house are nearby, the rest of the world is not", () => {
  const near = ["localhost", "127.0.0.1", "[::1]", "192.168.1.20", "10.0.0.3", "172.20.1.1", "169.254.3.4", "music", "music.local", "box.lan", "[fd12::1]", "[fe80::1]"];
  const far = ["example.org", "8.8.8.8", "172.32.0.1", "11.0.0.1", "[2001:db8::1]", "10.example.org"];
  for (const name of near) assert.ok(isNearby(name), name);
  for (const name of far) assert.ok(!isNearby(name), name);
});

// ---- the line ----

/** A line of one chunk each 100 ms, each `lateMs(k)` late (never overtaking); `dryMs(t)` of each 200 ms are dry. */
function line(tiers, seconds, { lateMs = () => 0, dryMs = () => 0, from = 0 } = {}) {
  let last = -Infinity;
  const levels = [];
  for (let k = 0; k < seconds * 10; k++) {
    const at = Math.max(last, from + 100 * k + lateMs(k));
    last = at;
    tiers.arrived(at, Math.round(from / 100) + k, 100);
    if (k % 2 === 0) tiers.played(at, dryMs(at - from));
    levels.push(tiers.level);
  }
  return levels;
}

/** Even in [0, 1), the same each time. */
function chance(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test("tiers are the four of the spec, and the first is normal", () => {
  assert.deepEqual(TIERS.map(({ name, targetMs }) => [name, targetMs]), [
    ["minimal", 300],
    ["normal", 500],
    ["stable", 800],
    ["defensive", 1200],
  ]);
  assert.equal(new Tiers().name, "normal");
});

test("jitter is the moving average, alpha 0.1, of how far intervals are off", () => {
  const tiers = new Tiers();
  tiers.connected(0);
  tiers.arrived(2000, 0, 100);
  tiers.arrived(2130, 1, 100);
  assert.ok(Math.abs(tiers.jitterMs - 3) < 1e-9);
  tiers.arrived(2190, 2, 100);
  assert.ok(Math.abs(tiers.jitterMs - (0.9 * 3 + 0.1 * 40)) < 1e-9);
  tiers.arrived(2390, 4, 100); // one was skipped: twice as long is right
  assert.ok(Math.abs(tiers.jitterMs - 0.9 * (0.9 * 3 + 0.1 * 40)) < 1e-9);
});

test("the burst after connecting is no jitter", () => {
  const tiers = new Tiers();
  tiers.connected(0);
  for (let k = 0; k < 8; k++) tiers.arrived(20 + k, k, 100);
  for (let k = 8; k < 60; k++) tiers.arrived(20 + 100 * (k - 7), k, 100);
  assert.equal(tiers.jitterMs, 0);
  assert.equal(tiers.name, "normal");
});

test("jitter over 50 ms raises the tier, step by step; jitter between 20 and 50 leaves it", () => {
  const random = chance(1);
  const tiers = new Tiers();
  const levels = line(tiers, 60, { lateMs: () => 300 * random() });
  assert.equal(tiers.name, "defensive");
  const steps = levels.flatMap((level, k) => (k > 0 && level !== levels[k - 1] ? [level - levels[k - 1]] : []));
  assert.deepEqual(steps, [1, 1]);
  assert.ok(levels.indexOf(3) - levels.indexOf(2) >= 29, "not two at once");
  const held = new Tiers();
  line(held, 300, { lateMs: (k) => (k % 2) * 30 });
  assert.ok(held.jitterMs > 20 && held.jitterMs < 50, `jitter ${held.jitterMs}`);
  assert.equal(held.name, "normal");
});

test("one stall of 300 ms is forgiven", () => {
  const tiers = new Tiers();
  line(tiers, 30, { lateMs: (k) => (k === 100 ? 300 : 0) });
  assert.equal(tiers.name, "normal");
});

test("more than 5 % of dry time in ten seconds raises the tier, less does not", () => {
  const less = new Tiers();
  line(less, 30, { dryMs: (t) => (t === 8000 || t === 8200 ? 200 : 0) });
  assert.equal(less.name, "normal");
  const more = new Tiers();
  line(more, 10, { dryMs: (t) => (t >= 8000 && t < 8600 ? 200 : 0) });
  assert.equal(more.name, "stable");
});

test("after a calm minute a tier is given back; one that had to be taken again makes the next wait twice as long", () => {
  const tiers = new Tiers();
  line(tiers, 10, { dryMs: (t) => (t >= 5000 && t < 5600 ? 200 : 0) });
  assert.equal(tiers.name, "stable");
  let levels = line(tiers, 80, { from: 10000 });
  assert.equal(tiers.name, "normal");
  assert.ok(levels.indexOf(1) > 500, `after ${levels.indexOf(1) / 10} s`);
  line(tiers, 10, { from: 90000, dryMs: (t) => (t >= 5000 && t < 5600 ? 200 : 0) });
  assert.equal(tiers.name, "stable");
  levels = line(tiers, 150, { from: 100000 });
  assert.equal(tiers.name, "normal");
  assert.ok(levels.indexOf(1) > 1100, `after ${levels.indexOf(1) / 10} s`);
});

test("a line at the edge does not flap: over an hour it changes a handful of times", () => {
  const random = chance(5);
  const tiers = new Tiers();
  const rough = (k) => Math.floor(k / 10) % 180 < 5; // five bad seconds every three minutes
  const levels = line(tiers, 3600, { lateMs: (k) => (rough(k) ? 400 * random() : 0) });
  const changes = levels.filter((level, k) => k > 0 && level !== levels[k - 1]).length;
  assert.ok(changes > 0 && changes <= 14, `${changes} changes`);
});

test("latency: from the server's publishing to the place that leaves the player, whatever the two clocks say", () => {
  const clock = new ServerClock();
  assert.equal(clock.latencyMs(0, 0, 100), null);
  const server = (at) => new Date(at + 500000).toISOString(); // ahead by 500 s
  clock.pong(1000, 1300, server(1290)); // the way back was quick
  clock.pong(2000, 2010, server(2005));
  clock.status({ chunk_index: 40, server_time: server(4030), published_ms_ago: 30 });
  assert.equal(clock.latencyMs(4500, 40, 100), 500);
  assert.equal(clock.latencyMs(4500, 41.5, 100), 350);
  clock.reset();
  assert.equal(clock.latencyMs(4500, 40, 100), null);
});
