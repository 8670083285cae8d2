// What comes out of the page, in Chromium, against a real server: soon enough, to the bit, at another rate, after a
// restart.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { realtime } from "../realtime.mjs";
import {
  heard,
  heardFor,
  largestStep,
  launch,
  listen,
  openPage,
  playing,
  RATE,
  silences,
  sleep,
  startProxy,
  startServer,
  stopServers,
  until,
} from "./support.mjs";

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), startServer()]);
});

after(async () => {
  await browser?.close();
  await stopServers();
});

/** What a try that failed leaves would be one more page that plays. */
const closePages = () => Promise.all(browser.contexts().map((context) => context.close()));
const test = (name, body) => realtime(name, {}, body, closePages);

const firstSound = (samples) => samples.findIndex((x) => x !== 0);

/** Where the frames of `part` begin in `whole` (both interleaved Int16Array), in frames. */
function locate(whole, part) {
  const haystack = Buffer.from(whole.buffer);
  const needle = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
    if (at % 4 === 0) return at / 4;
  }
  return -1;
}

/** Compares what the tap heard, from after the fade-in on, with what another listener was sent. */
async function compare(t, page, sent, rate, seconds) {
  const out = await heard(page);
  const from = firstSound(out) + 2 * Math.ceil(0.2 * rate);
  const begin = from - (from % 2);
  const samples = Int16Array.from(out.subarray(begin), (x) => Math.round(x * 32768));
  const offset = locate(sent, samples.subarray(0, 512));
  assert.ok(offset >= 0, `what was heard is found in what was sent (buffer ${await page.textContent("#buffer")})`);
  const frames = Math.min(samples.length / 2, sent.length / 2 - offset);
  assert.ok(frames > seconds * rate, `${frames} frames to compare`);
  let different = 0;
  for (let i = 0; i < 2 * frames; i++) if (out[begin + i] * 32768 !== sent[2 * offset + i]) different++;
  t.diagnostic(`${different} of ${2 * frames} samples differ`);
  assert.equal(different, 0, `of ${2 * frames} samples`);
  assert.ok(samples.some((x) => Math.abs(x) > 50), "and it is not silence");
}

test("Play: sound within two seconds, and exactly the samples that the server sent", async (t) => {
  const page = await openPage(browser, server.url);
  const second = await listen(server.port);
  await page.click("#play");
  await playing(page);
  const wait = await until("sound", () => page.evaluate(() => tap.soundedAt && tap.soundedAt - tap.clickedAt));
  t.diagnostic(`first sound after ${Math.round(wait)} ms`);
  assert.ok(wait < 2000, `first sound after ${Math.round(wait)} ms`);
  await heardFor(page, 2);
  await page.evaluate(() => {
    const end = performance.now() + 1000;
    while (performance.now() < end); // a busy page must not be heard
  });
  await heardFor(page, 4.5);
  await until("the format", async () => (await page.textContent("#format")) === "FLAC");
  await compare(t, page, second.pcm(), RATE, 4);
  assert.deepEqual(page.problems, []);
  await second.close();
  await page.context().close();
});

const lastReport = (page) => page.evaluate(() => window.reports.at(-1) ?? null);
/** The second from now: one that was made of what has happened until now. */
async function nextReport(page) {
  const count = () => page.evaluate(() => window.reports.length);
  const before = await count();
  await until("a report", async () => (await count()) >= before + 2);
  return lastReport(page);
}
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

test("without WebCodecs a decoder in WebAssembly gives the same samples", async (t) => {
  const page = await openPage(browser, server.url, { init: "delete window.AudioDecoder;" });
  const second = await listen(server.port);
  await page.waitForLoadState("networkidle");
  await page.click("#play");
  await playing(page);
  await heardFor(page, 2.5);
  const { codec, decoder } = await until("a report", () => lastReport(page));
  assert.deepEqual([codec, decoder], ["flac", "wasm"]);
  await compare(t, page, second.pcm(), RATE, 2);
  assert.deepEqual(page.problems, []);
  await second.close();
  await page.context().close();
});

test("Opus in WebAssembly: what WebCodecs makes of it, nearly", async (t) => {
  const page = await openPage(browser, server.url, { tap: false });
  const worst = await page.evaluate(async () => {
    const [{ FrameDecoder }, { parseFrame }] = await Promise.all([import("./codec.js"), import("./formats.js")]);
    const outs = { webcodecs: [], wasm: [] };
    const decoders = Object.keys(outs).map((means) => {
      const samples = (index, rate, data) => outs[means].push({ index, rate, data });
      const decoder = new FrameDecoder({ samples, failed: (_, error) => outs[means].push({ error: error.message }) });
      return Object.assign(decoder, { means });
    });
    const socket = new WebSocket(`ws://${location.host}/ws/stream?format=opus`);
    socket.binaryType = "arraybuffer";
    await new Promise((done) => {
      let n = 0;
      socket.onmessage = ({ data }) => {
        if (typeof data === "string") return;
        for (const decoder of decoders) decoder.take(parseFrame(data));
        if (++n === 20) done();
      };
    });
    socket.close();
    for (const decoder of decoders) await decoder.flush();
    return outs.webcodecs.map(({ index, rate, data }, i) => {
      const other = outs.wasm[i];
      if (other.error || other.index !== index || other.rate !== rate || other.data.length !== data.length) return 9;
      return Math.max(...data.map((x, k) => Math.abs(x - other.data[k])));
    });
  });
  assert.equal(worst.length, 19);
  t.diagnostic(`largest difference ${Math.max(...worst)}`);
  assert.ok(Math.max(...worst) < 1e-3, `${worst}`);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("without WebCodecs and without the decoders the samples are the same, as plain PCM", async (t) => {
  const page = await openPage(browser, "about:blank", { init: "delete window.AudioDecoder;", ready: false });
  await page.route("**/decoders/bundle.js", (route) => route.abort());
  await page.goto(server.url);
  await page.waitForFunction(() => !document.querySelector("#bpm").disabled);
  const second = await listen(server.port);
  await page.waitForLoadState("networkidle");
  await page.click("#play");
  await playing(page);
  await heardFor(page, 2.5);
  assert.equal((await until("a report", () => lastReport(page))).codec, "pcm");
  await compare(t, page, second.pcm(), RATE, 2);
  await second.close();
  await page.context().close();
});

test("from the server to what leaves the player it takes less than 800 ms in the normal tier", async (t) => {
  const page = await openPage(browser, server.url);
  await page.click("#play");
  await playing(page);
  const reports = await until("reports", async () => {
    const all = (await page.evaluate(() => window.reports)).filter((report) => report.latencyMs !== null);
    return all.length >= 5 && all;
  }, 30000);
  const outputMs = await page.evaluate(() => 1000 * (tap.context.outputLatency || tap.context.baseLatency));
  assert.ok(reports.every(({ tier }) => tier === "normal"));
  const wayMs = median(reports.map(({ latencyMs }) => latencyMs));
  t.diagnostic(`${wayMs.toFixed(0)} ms to the player, ${outputMs.toFixed(0)} ms of output`);
  assert.ok(wayMs > 250, `${wayMs} ms is less than the cushion`);
  assert.ok(wayMs + outputMs < 800, `${wayMs} + ${outputMs} ms`);
  assert.equal(reports.at(-1).gaps, 0);
  await page.context().close();
});

test("a connection that breaks is taken up where it was: not a sample is missing or changed", async (t) => {
  const proxy = await startProxy(server.port);
  const page = await openPage(browser, proxy.url);
  const second = await listen(server.port);
  await page.click("#play");
  await playing(page);
  await heardFor(page, 1);
  for (let i = 1; i <= 3; i++) {
    const before = proxy.connections();
    proxy.cut();
    await until("it was connected anew", () => proxy.connections() > before);
    await heardFor(page, 1 + 1.3 * i);
  }
  const { splices, gaps, skips, exact } = await page.evaluate(() => window.players.at(-1));
  assert.deepEqual([splices, gaps, skips, exact], [0, 0, 0, true], await page.evaluate(() => window.errors.join("; ")));
  await compare(t, page, second.pcm(), RATE, 4);
  await second.close();
  await page.context().close();
  await proxy.close();
});

test("compact: Opus is decoded on across a break, without a seam", async () => {
  const proxy = await startProxy(server.port);
  const page = await openPage(browser, proxy.url);
  await page.selectOption("#quality", "compact");
  await page.click("#play");
  await playing(page);
  await heardFor(page, 1);
  const before = proxy.connections();
  proxy.cut(200);
  await until("it was connected anew", () => proxy.connections() > before);
  await heardFor(page, 3.5);
  const report = await nextReport(page);
  assert.deepEqual([report.codec, report.gaps, report.state], ["opus", 0, "playing"]);
  const player = await page.evaluate(() => window.players.at(-1));
  assert.deepEqual([player.splices, player.skips], [0, 0]);
  assert.deepEqual(silences(await heard(page), 48000), []);
  await page.context().close();
  await proxy.close();
});

test("a break that outlasts the cushion: fades out, comes back by itself, without a click", async () => {
  const proxy = await startProxy(server.port);
  const page = await openPage(browser, proxy.url);
  await page.click("#play");
  await playing(page);
  await heardFor(page, 1.8);
  const natural = largestStep(await heard(page));
  proxy.cut(2500);
  await until("silence", async () => (await page.getAttribute("body", "data-state")) === "waiting");
  await playing(page);
  const before = (await heard(page)).length / 2 / RATE;
  await heardFor(page, before + 1);
  const out = await heard(page);
  const gaps = silences(out);
  assert.equal(gaps.length, 1, `${gaps}`);
  assert.ok(gaps[0] > 1500 && gaps[0] < 6000, `${gaps}`);
  assert.ok(largestStep(out) < 2 * natural, `a step of ${largestStep(out)} where the music has ${natural}`);
  assert.equal((await nextReport(page)).gaps, 1);
  await page.context().close();
  await proxy.close();
});

test("a hidden page plays on, to the bit", async (t) => {
  const page = await openPage(browser, server.url);
  const second = await listen(server.port);
  await page.click("#play");
  await playing(page);
  const session = await page.context().newCDPSession(page);
  await page.evaluate(() => {
    // what a hidden page has left of its timers, at worst
    for (const name of ["setTimeout", "setInterval", "requestAnimationFrame"]) window[name] = () => 0;
    Object.defineProperty(document, "hidden", { value: true });
    Object.defineProperty(document, "visibilityState", { value: "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await heardFor(page, 5.5);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await compare(t, page, second.pcm(), RATE, 5);
  assert.equal((await nextReport(page)).gaps, 0);
  await second.close();
  await page.context().close();
});

test("compact: Opus at 48 kHz, the same music at the same place and level", async (t) => {
  const page = await openPage(browser, server.url);
  const second = await listen(server.port);
  await page.selectOption("#quality", "compact");
  await page.click("#play");
  await playing(page);
  await heardFor(page, 4, 48000);
  await until("the format", async () => (await page.textContent("#format")) === "Opus");
  assert.equal(await page.evaluate(() => tap.rate), 48000);
  const out = await heard(page);
  const pcm = second.pcm();
  const from = firstSound(out) + 48000;
  const begin = from - (from % 2);
  const step = RATE / 48000;
  const at = align(out, begin, pcm, step);
  const frames = 2 * 48000;
  assert.ok(out.length / 2 - begin / 2 > frames && pcm.length / 2 - at > 2 * RATE, "two seconds to compare");
  const decibels = 10 * Math.log10(mismatch(out, begin, pcm, at, step, frames, 1));
  t.diagnostic(`differs from the sent samples by ${decibels.toFixed(1)} dB`);
  assert.ok(decibels < -15, `differs by ${decibels.toFixed(1)} dB`);
  assert.deepEqual(page.problems, []);
  await page.reload();
  await until("the choice is remembered", async () => (await page.inputValue("#quality")) === "compact");
  await second.close();
  await page.context().close();
});

test("a listener that was moved forward is decoded on, flac to the bit", async () => {
  const page = await openPage(browser, server.url, { tap: false });
  const second = await listen(server.port);
  for (const [format, usual] of [["flac", 4410], ["opus", 4800]]) {
    const got = await page.evaluate(async (format) => {
      const [{ FrameDecoder }, { parseFrame }] = await Promise.all([import("./codec.js"), import("./formats.js")]);
      const chunks = [];
      const decoder = new FrameDecoder({
        samples: (index, rate, samples) => chunks.push({ index, rate, samples: [...samples] }),
        failed: (_, error) => chunks.push({ error: error.message }),
      });
      const socket = new WebSocket(`ws://${location.host}/ws/stream?format=${format}`);
      socket.binaryType = "arraybuffer";
      let n = 0;
      await new Promise((done) => {
        socket.onmessage = ({ data }) => {
          if (typeof data === "string") return;
          n++;
          if (n < 5 || n > 8) decoder.take(parseFrame(data)); // the header, three chunks, four lost
          if (n === 14) done();
        };
      });
      socket.close();
      await decoder.decoder.flush();
      return chunks;
    }, format);
    const first = got[0].index;
    assert.deepEqual(got.map(({ index }) => index - first), [0, 1, 2, 7, 8, 9, 10, 11, 12]);
    for (const { index, samples } of got) {
      const fresh = format === "opus" && [0, 7].includes(index - first) ? 312 : 0;
      assert.equal(samples.length / 2, usual - fresh, `chunk ${index - first}`);
    }
    if (format === "opus") continue;
    for (const { index, samples } of got) {
      const sent = second.chunk(index);
      if (sent) assert.deepEqual(samples.map((x) => x * 32768), [...sent]);
    }
    assert.ok(got.filter(({ index }) => second.chunk(index)).length >= 8, "chunks to compare");
  }
  await second.close();
  await page.context().close();
});

test("another quality while it plays: the music goes on", async () => {
  const page = await openPage(browser, server.url);
  await page.click("#play");
  await playing(page);
  for (const [quality, format] of [["compact", "Opus"], ["lossless", "FLAC"]]) {
    await page.selectOption("#quality", quality);
    await until(format, async () => (await page.textContent("#format")) === format);
    await playing(page);
    await page.evaluate(() => (tap.blocks = []));
    await until("sound", async () => firstSound(await heard(page)) >= 0);
  }
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a server at 48 kHz gets a context at 48 kHz, and the samples pass unchanged too", async (t) => {
  const own = await startServer({ env: { AURALIS_SAMPLE_RATE: "48000" } });
  const page = await openPage(browser, own.url);
  const second = await listen(own.port);
  await page.click("#play");
  await playing(page);
  await heardFor(page, 2.5, 48000);
  assert.equal(await page.evaluate(() => tap.rate), 48000);
  await compare(t, page, second.pcm(), 48000, 2);
  await second.close();
  await page.context().close();
  await own.stop();
});

test("Stop is silent and leaves the stream; Play again sounds again", async () => {
  const page = await openPage(browser, server.url);
  await page.click("#play");
  await playing(page);
  const before = (await server.status()).active_clients;
  await page.click("#play");
  await until("the listener has left", async () => (await server.status()).active_clients === before - 1);
  await until("the button's word", async () => (await page.textContent("#play-label")) === "Play");
  await sleep(500);
  await page.evaluate(() => (tap.blocks = []));
  await page.click("#play");
  await playing(page);
  await until("sound", async () => firstSound(await heard(page)) >= 0);
  await page.context().close();
});

/** Cubic interpolation of the left channel: an independent, good enough resampler for soft music. */
function leftAt(pcm, position) {
  const i = Math.floor(position);
  const t = position - i;
  const [a, b, c, d] = [-1, 0, 1, 2].map((k) => pcm[2 * (i + k)] / 32768);
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

function mismatch(out, begin, pcm, position, step, frames, stride) {
  let error = 0;
  let power = 0;
  for (let i = 0; i < frames; i += stride) {
    const x = out[begin + 2 * i];
    error += (x - leftAt(pcm, position + i * step)) ** 2;
    power += x * x;
  }
  return error / power;
}

/** The position in `pcm` that fits best: coarse over all frames, then ever finer around the best. */
function align(out, begin, pcm, step) {
  let best = { error: Infinity, at: 0 };
  const consider = (at, frames, stride) => {
    const error = mismatch(out, begin, pcm, at, step, frames, stride);
    if (error < best.error) best = { error, at };
  };
  for (let at = 1; at < pcm.length / 2 - 4800; at += 2) consider(at, 4000, 97);
  for (const width of [1, 0.25, 0.0625, 0.015625]) {
    const centre = best.at;
    best.error = Infinity;
    for (let k = -8; k <= 8; k++) consider(centre + (k * width) / 4, 4000, 3);
  }
  return best.at;
}

test("a context at another rate plays the same music at the same pitch", async (t) => {
  const init = `
    const Native = AudioContext;
    window.AudioContext = class extends Native {
      constructor(options) {
        if (options.sampleRate) throw new DOMException("refused", "NotSupportedError");
        super({ ...options, sampleRate: 48000 });
      }
    };`;
  const page = await openPage(browser, server.url, { init });
  const second = await listen(server.port);
  await page.click("#play");
  await playing(page);
  await heardFor(page, 4, 48000);
  assert.equal(await page.evaluate(() => tap.rate), 48000);
  const out = await heard(page);
  const pcm = second.pcm();
  await second.close();
  const from = firstSound(out) + 2 * Math.ceil(0.5 * 48000);
  const begin = from - (from % 2);
  const step = RATE / 48000;
  const at = align(out, begin, pcm, step);
  const frames = 2 * 48000;
  assert.ok(out.length / 2 - begin / 2 > frames && pcm.length / 2 - at > 2 * RATE, "two seconds to compare");
  const decibels = 10 * Math.log10(mismatch(out, begin, pcm, at, step, frames, 1));
  t.diagnostic(`differs from the sent samples by ${decibels.toFixed(1)} dB`);
  assert.ok(decibels < -40, `differs by ${decibels.toFixed(1)} dB`);
  await page.context().close();
});

test("without AudioWorklet (plain http on a network address) the page plays all the same", async () => {
  const init = `Object.defineProperty(BaseAudioContext.prototype, "audioWorklet", { value: undefined });
    window.peak = 0;
    const gain = GainNode.prototype.connect;
    GainNode.prototype.connect = function (...args) {
      const meter = new AnalyserNode(this.context, { fftSize: 2048 });
      gain.call(this, meter);
      const data = new Float32Array(2048);
      setInterval(() => {
        meter.getFloatTimeDomainData(data);
        window.peak = Math.max(window.peak, ...data.map(Math.abs));
      }, 100);
      return gain.apply(this, args);
    };`;
  const page = await openPage(browser, server.url, { init });
  await page.click("#play");
  await playing(page);
  await until("sound", () => page.evaluate(() => window.peak > 0.001));
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a restarted server is found again by itself, and sounds", async () => {
  const own = await startServer();
  const page = await openPage(browser, own.url);
  await page.click("#play");
  await playing(page);
  await heardFor(page, 1);
  await own.stop();
  await until("the page says so", async () => /again in \d+ s/.test(await page.textContent("#link")));
  await until("the buffer ran out", async () => (await page.getAttribute("body", "data-state")) === "waiting");
  const again = await startServer({ port: own.port });
  await playing(page, 30000);
  await page.evaluate(() => (tap.blocks = []));
  await until("sound", async () => firstSound(await heard(page)) >= 0);
  await until("the state", async () => (await page.textContent("#link")) === "Live");
  await page.context().close();
  await again.stop();
});

test("a full server is named as such, and tried again until there is a place", async () => {
  const own = await startServer({ env: { AURALIS_MAX_CLIENTS: "1" } });
  const other = await listen(own.port);
  const page = await openPage(browser, own.url);
  await page.click("#play");
  await until("the message", async () => /no free place/.test(await page.textContent("#toasts")));
  await until("the state", async () => /Server is full, again in \d+ s/.test(await page.textContent("#link")));
  await other.close();
  await playing(page, 20000);
  await page.context().close();
  await own.stop();
});
