// The page's pure parts, without a browser: decoding, resampling, the jitter buffer, the connection's life, the
// timeline.

import assert from "node:assert/strict";
import test from "node:test";

import { backoffMs, Connection } from "../../client/connection.js";
import { base64Bytes, decodePcm } from "../../client/decode.js";
import { chooseFormat, isNearby, packetsOf, parseFrame } from "../../client/formats.js";
import { Outbox } from "../../client/outbox.js";
import { ServerClock } from "../../client/clock.js";
import { Player } from "../../client/player.js";
import { Tiers, TIERS } from "../../client/tiers.js";
import { Timeline } from "../../client/timeline.js";

const RATE = 44100;
const CHUNK = 4410;
const BLOCK = 128;

/** Chunk `index` of an endless stereo stream given by f(frame) -> [left, right]. */
function chunk(index, f) {
  const samples = new Float32Array(2 * CHUNK);
  for (let i = 0; i < CHUNK; i++) samples.set(f(index * CHUNK + i), 2 * i);
  return samples;
}

const sine = (hz, rate = RATE) => (n) => {
  const value = 0.5 * Math.sin((2 * Math.PI * hz * n) / rate);
  return [value, -value];
};
const noise = (n) => {
  const bits = Math.imul(n + 1, 2654435761) ^ Math.imul(n + 7, 40503);
  return [((bits >> 8) % 30000) / 32768, ((bits >> 3) % 30000) / 32768];
};

/** Runs the player for a while; calls feed(seconds) before each block; returns what came out on the left and right. */
function run(player, seconds, feed = () => {}, block = BLOCK) {
  const blocks = Math.ceil((seconds * player.outRate) / block);
  const left = new Float32Array(blocks * block);
  const right = new Float32Array(blocks * block);
  for (let b = 0; b < blocks; b++) {
    feed((b * block) / player.outRate);
    player.process(left.subarray(b * block, (b + 1) * block), right.subarray(b * block, (b + 1) * block));
  }
  return { left, right };
}

/** Feeds like a server: a burst, then a chunk each 100 ms (times `speed`). */
function live(player, f, { burst = 5, speed = 1, from = 0 } = {}) {
  let sent = 0;
  return (seconds) => {
    while (sent < burst || (sent - burst + 1) * 0.1 <= seconds * speed) {
      player.push(from + sent, RATE, chunk(from + sent, f));
      sent++;
    }
  };
}

function biggestStep(samples) {
  let biggest = 0;
  for (let i = 1; i < samples.length; i++) biggest = Math.max(biggest, Math.abs(samples[i] - samples[i - 1]));
  return biggest;
}

/** Signal to everything else, in dB, of a sine of known frequency: amplitude and phase fitted by least squares. */
function sineSnr(samples, hz, rate) {
  let [ss, cc, sc, xs, xc] = [0, 0, 0, 0, 0];
  samples.forEach((x, n) => {
    const [s, c] = [Math.sin((2 * Math.PI * hz * n) / rate), Math.cos((2 * Math.PI * hz * n) / rate)];
    ss += s * s;
    cc += c * c;
    sc += s * c;
    xs += x * s;
    xc += x * c;
  });
  const det = ss * cc - sc * sc;
  const a = (xs * cc - xc * sc) / det;
  const b = (xc * ss - xs * sc) / det;
  let signal = 0;
  let rest = 0;
  samples.forEach((x, n) => {
    const fit = a * Math.sin((2 * Math.PI * hz * n) / rate) + b * Math.cos((2 * Math.PI * hz * n) / rate);
    signal += fit * fit;
    rest += (x - fit) ** 2;
  });
  return { snr: 10 * Math.log10(signal / rest), amplitude: Math.hypot(a, b) };
}

test("decodePcm gives every 16-bit sample exactly, whichever base64 decoder there is", () => {
  const pcm = new Int16Array(65536).map((_, i) => i - 32768);
  const text = Buffer.from(pcm.buffer).toString("base64");
  const decoded = decodePcm(text);
  assert.equal(decoded.length, pcm.length);
  for (let i = 0; i < pcm.length; i++) if (decoded[i] !== pcm[i] / 32768) assert.fail(`sample ${pcm[i]}`);
  const native = Uint8Array.fromBase64;
  try {
    Uint8Array.fromBase64 = undefined;
    assert.deepEqual(base64Bytes("AAEC/w=="), Uint8Array.of(0, 1, 2, 255));
    Uint8Array.fromBase64 = (each) => new Uint8Array(Buffer.from(each, "base64"));
    assert.equal(decodePcm(text)[1], -32767 / 32768);
  } finally {
    if (native) Uint8Array.fromBase64 = native;
    else delete Uint8Array.fromBase64;
  }
});

test("equal rates: after the fade-in the samples come out unchanged", () => {
  const player = new Player(RATE);
  player.start();
  const { left, right } = run(player, 5, live(player, noise));
  const fade = 0.15 * RATE + BLOCK;
  const first = left.findIndex((x) => x !== 0);
  const offset = first - [...Array(CHUNK).keys()].find((n) => noise(n)[0] !== 0 && n > 0);
  let compared = 0;
  for (let i = Math.ceil(first + fade); i < left.length; i++) {
    // the first frame is faded to zero, so the alignment is found by trying both neighbours
    const [l, r] = noise(i - offset).map(Math.fround);
    if (left[i] !== l || right[i] !== r) assert.fail(`frame ${i}: ${left[i]} is not ${l}`);
    compared++;
  }
  assert.ok(compared > 4 * RATE);
  assert.equal(player.stats().exact, true);
  assert.equal(player.underruns, 0);
});

test("sound starts only when the target is buffered, and with a fade", () => {
  const player = new Player(RATE);
  player.start();
  for (let k = 0; k < 4; k++) player.push(k, RATE, chunk(k, () => [0.5, 0.5]));
  assert.ok(run(player, 0.3).left.every((x) => x === 0));
  player.push(4, RATE, chunk(4, () => [0.5, 0.5]));
  const { left } = run(player, 0.3);
  assert.ok(biggestStep(left) < 0.001, "no step");
  assert.equal(left.at(-1), 0.5);
});

test("of what piled up while the context woke up only the newest is played, to the depth asked for", () => {
  const player = new Player(RATE);
  player.start();
  const feed = live(player, noise, { burst: 13 });
  const { left } = run(player, 20, feed);
  assert.equal(player.stats().exact, true);
  const depth = player.depthMs();
  assert.ok(depth > 390 && depth <= 600, `depth ${depth}`);
  assert.equal(player.skips + player.gaps, 0);
  assert.ok(left.slice(RATE).some((x) => x !== 0));
});

test("running dry fades out, fills again and fades in: no click", () => {
  const player = new Player(RATE);
  player.start();
  const first = live(player, sine(200));
  let resumed = null;
  const { left } = run(player, 6, (seconds) => {
    if (seconds < 1) first(seconds);
    else if (seconds > 3) (resumed ??= live(player, sine(200), { burst: 9, from: 14 }))(seconds - 3);
  });
  const natural = (2 * Math.PI * 200 * 0.5) / RATE;
  assert.equal(player.underruns, 1);
  assert.equal(player.gaps, 1);
  assert.ok(player.stats().dryMs > 1300 && player.stats().dryMs < 1800, `${player.stats().dryMs} ms dry`);
  assert.ok(biggestStep(left) < 1.1 * natural + 0.5 / (0.02 * RATE), `step ${biggestStep(left)}`);
  assert.ok(left.slice(2.5 * RATE, 2.9 * RATE).every((x) => x === 0), "silent while filling");
  assert.ok(Math.max(...left.slice(5 * RATE)) > 0.49, "sounds again");
});

test("a lost connection that runs dry is a gap, but not taken for jitter", () => {
  const player = new Player(RATE);
  player.start();
  const feed = live(player, sine(200));
  player.setLink(false);
  run(player, 3, (seconds) => seconds < 1 && feed(seconds));
  assert.equal(player.underruns, 0);
  assert.equal(player.gaps, 1);
  assert.equal(player.stats().dryMs, 0);
  assert.equal(player.stats().state, "filling");
});

test("an outage shorter than the cushion, then all that was missed: sample for sample as if nothing had happened", () => {
  const player = new Player(RATE);
  player.start();
  player.setTarget(1200);
  const steady = live(player, noise, { burst: 12 });
  let pushed = 12;
  const { left } = run(player, 20, (seconds) => {
    const down = seconds > 5 && seconds < 6;
    player.setLink(!down);
    if (!down) steady(seconds);
    pushed = player.nextIndex;
  });
  assert.ok(pushed > 200);
  const from = Math.ceil(0.2 * RATE);
  for (let i = from; i < left.length; i++) {
    const want = Math.fround(noise(i)[0]);
    if (left[i] !== want) assert.fail(`frame ${i}: ${left[i]} is not ${want}`);
  }
  assert.equal(player.gaps + player.splices, 0);
});

test("a deeper target is reached by playing 0.3 % slower, a shallower one by playing faster; then exact again", () => {
  const player = new Player(RATE);
  player.start();
  const feed = live(player, sine(440));
  let slowest = 0;
  let fastest = 0;
  const track = (seconds) => {
    feed(seconds);
    slowest = Math.min(slowest, player.slew);
    fastest = Math.max(fastest, player.slew);
  };
  run(player, 5, track);
  player.setTarget(800);
  const { left } = run(player, 120, (seconds) => track(seconds + 5));
  assert.ok(player.depthMs() > 690 && player.depthMs() < 900, `depth ${player.depthMs()}`);
  assert.equal(player.stats().exact, true);
  assert.ok(Math.abs(slowest + 0.003) < 1e-9, `slowest ${slowest}`);
  player.setTarget(500);
  run(player, 120, (seconds) => track(seconds + 125));
  assert.ok(player.depthMs() > 390 && player.depthMs() < 600, `depth ${player.depthMs()}`);
  assert.equal(player.stats().exact, true);
  assert.ok(Math.abs(fastest - 0.003) < 1e-9, `fastest ${fastest}`);
  assert.ok(biggestStep(left) < 1.01 * ((2 * Math.PI * 440 * 0.5) / RATE));
  assert.equal(player.gaps + player.skips, 0);
});

test("another stream with indices that would fit is crossfaded, not joined", () => {
  const player = new Player(RATE);
  player.start();
  for (let k = 0; k < 6; k++) player.push(k, RATE, chunk(k, () => [0.5, 0.5]));
  player.breakStream();
  for (let k = 3; k < 9; k++) player.push(k, RATE, chunk(k, () => [-0.5, -0.5]));
  const { left } = run(player, 0.9);
  assert.ok(left.some((x) => x === -0.5), "the other stream is played from its first chunk on");
  assert.ok(biggestStep(left) < 0.002, `step ${biggestStep(left)}`);
  assert.equal(player.splices, 1);
});

test("missing chunks are crossfaded, repeated ones dropped", () => {
  const player = new Player(RATE);
  player.start();
  const slow = sine(50);
  for (let k = 0; k < 8; k++) player.push(k, RATE, chunk(k, slow));
  const written = player.written;
  for (let k = 3; k < 8; k++) player.push(k, RATE, chunk(k, slow)); // a reconnect sends them again
  assert.equal(player.written, written);
  // 3 chunks missing, and the other side is in opposite phase: the worst case for a splice
  for (let k = 11; k < 18; k++) player.push(k, RATE, chunk(k, (n) => slow(n).map((x) => -x)));
  const { left } = run(player, 1.2);
  assert.equal(player.splices, 1);
  assert.ok(biggestStep(left) < 0.006, `step ${biggestStep(left)}`);
});

test("a restarted server counts from zero again and is heard", () => {
  const player = new Player(RATE);
  player.start();
  for (let k = 0; k < 8; k++) player.push(1000 + k, RATE, chunk(k, noise));
  const before = player.written;
  player.push(0, RATE, chunk(0, noise));
  assert.ok(player.written > before);
});

for (const rate of [48000, 96000, 32000, 22050]) {
  for (const hz of [1000, 10000]) {
    if (hz >= rate / 2 - 2500) continue;
    test(`resampled to ${rate} Hz, ${hz} Hz keeps pitch and level, errors under -60 dB`, () => {
      const player = new Player(rate);
      player.start();
      const { left } = run(player, 1.2, live(player, sine(hz)));
      const { snr, amplitude } = sineSnr(left.slice(0.5 * rate, 1.1 * rate), hz, rate);
      assert.ok(snr > 70, `${snr.toFixed(1)} dB`);
      assert.ok(Math.abs(amplitude - 0.5) < 0.001, `amplitude ${amplitude}`);
    });
  }
}

test("downsampling keeps out what would alias", () => {
  const player = new Player(22050);
  player.start();
  const { left } = run(player, 1.2, live(player, sine(15000)));
  const loudest = Math.max(...left.slice(0.5 * 22050).map(Math.abs));
  assert.ok(loudest < 0.5 * 10 ** (-70 / 20), `${loudest}`);
});

test("drift is corrected by at most 0.3 %, and playback comes back to the exact samples", () => {
  const player = new Player(RATE);
  player.start();
  let fastest = 0;
  const before = live(player, noise, { speed: 1.002 });
  run(player, 450, (seconds) => {
    before(seconds);
    fastest = Math.max(fastest, Math.abs(player.slew));
    assert.ok(player.depthMs() < 1400, `depth ${player.depthMs()}`);
  });
  assert.ok(fastest > 0.001 && fastest <= 0.003, `slew ${fastest}`);
  assert.equal(player.skips, 0);
  // the drift ends
  const from = player.nextIndex;
  run(player, 300, live(player, noise, { burst: 0, from }));
  assert.equal(player.stats().exact, true);
  assert.equal(player.underruns, 0);
});

test("interpolated and exact playback join without a step", () => {
  const player = new Player(RATE);
  player.start();
  const feed = live(player, sine(440), { speed: 1 });
  const { left } = run(player, 30, (seconds) => {
    feed(seconds);
    if (seconds > 2 && seconds < 2.1) player.correcting = -1;
    if (seconds > 10 && seconds < 10.1) player.correcting = 0;
  });
  assert.ok(biggestStep(left) < 1.01 * ((2 * Math.PI * 440 * 0.5) / RATE), `step ${biggestStep(left)}`);
  assert.equal(player.stats().exact, true);
});

test("far too much audio, after a pause of the machine, is skipped with a fade", () => {
  const player = new Player(RATE);
  player.start();
  const feed = live(player, sine(100));
  const { left } = run(player, 3, (seconds) => {
    feed(seconds);
    if (seconds > 1 && player.skips === 0 && player.depthMs() < 3000) {
      for (let k = 0; k < 40; k++) player.push(player.nextIndex, RATE, chunk(player.nextIndex, sine(100)));
    }
  });
  assert.equal(player.skips, 1);
  assert.ok(biggestStep(left) < 0.01, `step ${biggestStep(left)}`);
});

test("a context that stands still never overruns the ring", () => {
  const player = new Player(RATE);
  player.start();
  for (let k = 0; k < 400; k++) player.push(k, RATE, chunk(k, noise));
  assert.ok(player.depthMs() < 12000);
  const { left } = run(player, 0.5);
  assert.ok(left.every(Number.isFinite));
});

test("stop fades out and ends silent; start plays from new audio", () => {
  const player = new Player(RATE);
  player.start();
  const feed = live(player, () => [0.5, 0.5]);
  run(player, 1, feed);
  player.stop();
  const { left } = run(player, 0.4, () => {});
  assert.ok(biggestStep(left) < 0.001);
  assert.equal(left.at(-1), 0);
  assert.equal(player.state, "stopped");
  player.start();
  assert.equal(player.depthMs(), 0);
});

test("Play right after Stop lets the fade run out and begins with the new audio: no click", () => {
  const player = new Player(RATE);
  player.start();
  run(player, 1, live(player, () => [0.5, 0.5]));
  player.stop();
  const fading = run(player, 0.05).left;
  player.start();
  for (let k = 0; k < 6; k++) player.push(40 + k, RATE, chunk(k, () => [0.25, 0.25]));
  const { left } = run(player, 0.5);
  assert.ok(biggestStep(Float32Array.of(...fading, ...left)) < 0.001);
  assert.equal(left.at(-1), 0.25);
  assert.ok(left.some((x) => x === 0));
});

test("any block size gives the same samples", () => {
  const outs = [128, 2048].map((block) => {
    const player = new Player(48000);
    player.start();
    for (let k = 0; k < 5; k++) player.push(k, RATE, chunk(k, noise));
    return run(player, 0.4, () => {}, block).left;
  });
  assert.ok(outs[0].some((x) => x !== 0));
  for (let i = 0; i < 0.4 * 48000; i++) if (outs[0][i] !== outs[1][i]) assert.fail(`frame ${i}`);
});

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
