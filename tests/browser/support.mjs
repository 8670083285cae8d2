// Shared by the browser tests: a real server on a free port, Chromium, a tap behind the player, a second listener.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";
import WebSocket from "ws";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const BINARY = process.env.AURALIS_BIN ?? join(ROOT, "build/auralis");
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = `--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
  --disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required`.split(/\s+/);

export const RATE = 44100;
const CHUNK = RATE / 10; // frames

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until check() gives something true, and returns it. */
export async function until(what, check, timeoutMs = 15000) {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > end) assert.fail(`not within ${timeoutMs} ms: ${what}`);
    await sleep(50);
  }
}

const running = new Set(); // servers
const lines = new Set(); // proxies and listeners

/** The environment without settings of whoever runs the tests. */
function cleanEnv(env) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("AURALIS_"));
  return { ...Object.fromEntries(own), AURALIS_DATA_DIR: ROOT, ...env };
}

/**
 * A running server: { port, url, api(path, options), status(), control(changes), stop() }. args: further flags; enter: a command to run it
 * with, in another network namespace perhaps, where it is at another host.
 */
export async function startServer({ port, env = {}, args: more = [], enter = [], host = "127.0.0.1" } = {}) {
  const args = ["serve", "--host", host, "--port", String(port ?? 0), "--seed", "7", "--metrics-port", "0", ...more];
  const cwd = mkdtempSync(join(tmpdir(), "auralis-browser-"));
  const [command, ...first] = [...enter, BINARY];
  // A database is taken by one server at a time; a busy machine is no reason to refuse private streams here.
  const own = { AURALIS_DB: join(cwd, "auralis.db"), AURALIS_PRIVATE_MARGIN: "0", ...env };
  const child = spawn(command, [...first, ...args], { cwd, env: cleanEnv(own), stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  let said = "";
  child.stderr.on("data", (text) => (log += text));
  child.stdout.on("data", (text) => (said += text));
  const ended = once(child, "exit").then(() => rmSync(cwd, { recursive: true, force: true }));
  const at = await until("the server plays", () => {
    assert.equal(child.exitCode, null, `the server ended: ${log}`);
    return said.includes(" plays ") && Number(/https?:\/\/\S+?:(\d+)/.exec(said)?.[1]);
  });
  const url = `http://${host === "127.0.0.1" ? "localhost" : host}:${at}/`;
  const api = async (path, options) => (await fetch(`http://127.0.0.1:${at}/api/v1/${path}`, options)).json();
  const server = {
    port: at,
    url,
    api,
    status: () => api("status"),
    control: (changes) => api("control", { method: "POST", body: JSON.stringify(changes) }),
    async stop() {
      running.delete(server);
      child.kill("SIGTERM");
      await ended;
    },
  };
  running.add(server);
  return server;
}

/** Also those that a failed test left, and its proxies and listeners, which would keep this process alive. */
export async function stopServers() {
  await Promise.all([...running].map((server) => server.stop()));
  await Promise.all([...lines].map((line) => line.close()));
}

/** flags: further ones; program: instead of Chromium itself. */
export function launch({ flags = [], program = CHROMIUM } = {}) {
  return chromium.launch({ executablePath: program, headless: false, args: [...FLAGS, ...flags] });
}

const TAP_WORKLET = `
  registerProcessor("tap", class extends AudioWorkletProcessor {
    constructor() {
      super();
      this.data = new Float32Array(8192);
      this.n = 0;
    }
    process([input]) {
      const [left, right] = input.length > 1 ? input : [new Float32Array(128), new Float32Array(128)];
      for (let i = 0; i < left.length; i++) {
        this.data[this.n++] = left[i];
        this.data[this.n++] = right[i];
      }
      if (this.n === this.data.length) {
        this.port.postMessage(this.data);
        this.n = 0;
      }
      return true;
    }
  });
`;

// Runs in the page before anything else: whatever the player node is connected to first, a tap is connected too.
const TAP = `
  window.tap = { blocks: [], clickedAt: null, soundedAt: null };
  addEventListener("click", () => (tap.clickedAt ??= performance.now()), true);
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (...args) {
    if (this instanceof AudioWorkletNode && !this.tapped) {
      this.tapped = true;
      const code = new Blob([${JSON.stringify(TAP_WORKLET)}], { type: "text/javascript" });
      this.context.audioWorklet.addModule(URL.createObjectURL(code)).then(() => {
        const node = new AudioWorkletNode(this.context, "tap", { numberOfOutputs: 1 });
        node.tapped = true;
        node.port.onmessage = ({ data }) => {
          if (tap.soundedAt === null && data.some((x) => x !== 0)) tap.soundedAt = performance.now();
          tap.blocks.push(data);
        };
        connect.call(this, node);
        connect.call(node, this.context.destination);
        tap.rate = this.context.sampleRate;
        tap.context = this.context;
      });
    }
    return connect.apply(this, args);
  };
`;

// What the stream worker reports.
const REPORTS = `
  window.reports = [];
  window.players = [];
  window.errors = [];
  window.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        if (data.type === "report") window.reports.push(data.report);
        if (data.type === "player") window.players.push(data.player);
        if (data.type === "message" && data.message.type === "error") window.errors.push(data.message.message);
      });
    }
  };
`;

// How much the layout jumps without anybody touching it.
const SHIFT = `
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
`;

/** A page with the tap (unless tap is false), once it knows the server (unless ready is false); page.problems collects console errors and exceptions. */
export async function openPage(browser, url, { init = "", tap = true, ready = true, ...options } = {}) {
  // the tap's worklet is no file of the server's, so its page runs without the content security policy
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, bypassCSP: tap, ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  await page.addInitScript(SHIFT + REPORTS + (tap ? TAP : "") + init);
  await page.goto(url);
  if (ready) await page.waitForFunction(() => !document.querySelector("#bpm").disabled);
  return page;
}

export const pageState = (page) => page.evaluate(() => document.body.dataset.state);

export async function playing(page, timeoutMs = 15000) {
  await until("the page plays", async () => (await pageState(page)) === "playing", timeoutMs);
}

/** Everything the tap heard so far, interleaved. */
export async function heard(page) {
  const text = await page.evaluate(async () => {
    const blob = new Blob(tap.blocks);
    const reader = new FileReader();
    reader.readAsDataURL(blob);
    await new Promise((resolve) => (reader.onload = resolve));
    return reader.result.split(",")[1] ?? "";
  });
  const bytes = Buffer.from(text, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** Waits until so many seconds were heard since it first sounded. */
export async function heardFor(page, seconds, rate = RATE) {
  const frames = () => page.evaluate(() => {
    const first = tap.blocks.findIndex((block) => block.some((x) => x !== 0));
    return first < 0 ? 0 : (tap.blocks.length - first) * 4096;
  });
  await until(`${seconds} s were heard`, async () => (await frames()) >= seconds * rate, 15000 + 4000 * seconds);
}

/** The stretches of silence, in ms, in what was heard since it first sounded: music does not stop for 5 ms to the bit. */
export function silences(samples, rate = RATE) {
  const found = [];
  let run = 0;
  for (let i = Math.max(0, samples.findIndex((x) => x !== 0)); i < samples.length; i += 2) {
    if (samples[i] === 0 && samples[i + 1] === 0) run++;
    else {
      if (run > 0.005 * rate) found.push((1000 * run) / rate);
      run = 0;
    }
  }
  if (run > 0.005 * rate) found.push((1000 * run) / rate);
  return found;
}

/** The largest difference between neighbouring samples: a click is larger than music. */
export function largestStep(samples) {
  let largest = 0;
  for (let i = 2; i < samples.length; i++) largest = Math.max(largest, Math.abs(samples[i] - samples[i - 2]));
  return largest;
}

/** Something between the page and the server that can break: { url, cut(ms): all connections, and new ones for so long } */
export async function startProxy(port) {
  const sockets = new Set();
  let openAt = 0;
  let connections = 0;
  const server = createServer((near) => {
    if (performance.now() < openAt) return near.resetAndDestroy();
    connections++;
    const far = connect(port, "127.0.0.1");
    for (const [socket, other] of [[near, far], [far, near]]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("data", (data) => other.write(data));
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = {
    url: `http://localhost:${server.address().port}/`,
    connections: () => connections,
    cut(ms = 0) {
      openAt = performance.now() + ms;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      lines.delete(proxy);
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  lines.add(proxy);
  return proxy;
}

/** A second listener that keeps every chunk as the server sent it, and what it was told of scripts. */
export async function listen(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/stream`);
  const chunks = new Map();
  const updates = [];
  const end = () => (Math.max(...chunks.keys()) + 1) * CHUNK;
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.type === "audio") chunks.set(message.chunk_index, Buffer.from(message.data, "base64"));
    if (message.type === "script_update") updates.push({ message, frame: end() });
  });
  await once(socket, "open");
  const listener = {
    /** script_update messages, each with the frame that the recording had reached. */
    updates,
    /** The frames it goes from and to. */
    start: () => Math.min(...chunks.keys()) * CHUNK,
    end,
    /** One chunk's samples, if it was sent. */
    chunk(index) {
      const bytes = chunks.get(index);
      return bytes && new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    },
    /** The longest run of chunks without a gap, as one Int16Array. */
    pcm() {
      const indices = [...chunks.keys()].sort((a, b) => a - b);
      indices.forEach((index, i) => assert.equal(index, indices[0] + i, "the recording has no gap"));
      const bytes = Buffer.concat(indices.map((index) => chunks.get(index)));
      return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    },
    async close() {
      lines.delete(listener);
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close();
      await once(socket, "close");
    },
  };
  lines.add(listener);
  return listener;
}
