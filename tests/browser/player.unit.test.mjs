// The player's arithmetic, without a page: what it gives block by block for what arrives. In Node.

import assert from "node:assert/strict";
import test from "node:test";

import { base64Bytes, decodePcm } from "../../client/decode.js";
import { Player } from "../../client/player.js";

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
