// Shared by the black-box tests: the program as a process, a WebSocket that remembers, WAV files.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import WebSocket from "ws";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const BINARY = process.env.AURALIS_BIN ?? join(ROOT, "build/auralis");
export const AMBIENT = join(ROOT, "scripts/ambient.lua");

const WAIT_MS = 20000;

/** What the programs keep goes here. */
const STATE = mkdtempSync(join(tmpdir(), "auralis-blackbox-state-"));
process.on("exit", () => rmSync(STATE, { recursive: true, force: true }));

/** The environment without settings of whoever runs the tests. */
export function cleanEnv(env) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("AURALIS_"));
  // A busy machine is no reason to refuse private streams, but where that is what is tested.
  const always = { AURALIS_DATA_DIR: ROOT, XDG_STATE_HOME: STATE, AURALIS_PRIVATE_MARGIN: "0" };
  return { ...Object.fromEntries(own), ...always, ...env };
}

/** A folder that is gone after the test. */
export function tempDir(t) {
  const dir = mkdtempSync(join(tmpdir(), "auralis-blackbox-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Promise p, or a failure after a while. */
export async function within(what, p, ms = WAIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  });
  try {
    return await Promise.race([p, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Starts the program: { child, out(), err(), exit } with exit a promise of { code, signal }. through: a command that runs it. */
export function launch(t, args, { env = {}, cwd, through = [] } = {}) {
  const [command, ...rest] = [...through, BINARY, ...args];
  const child = spawn(command, rest, { cwd: cwd ?? tempDir(t), env: cleanEnv(env), stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (text) => (out += text));
  child.stderr.on("data", (text) => (err += text));
  const exit = once(child, "close").then(([code, signal]) => ({ code, signal }));
  t.after(() => child.exitCode === null && child.signalCode === null && child.kill("SIGKILL"));
  return { child, out: () => out, err: () => err, exit };
}

/** Runs the program to its end: { code, out, err }. */
export async function run(t, args, { ms = 120000, ...options } = {}) {
  const program = launch(t, args, options);
  const { code } = await within(`auralis ${args.join(" ")}`, program.exit, ms);
  return { code, out: program.out(), err: program.err() };
}

/** Databases are taken by one server at a time, so each has its own unless it is told which. */
let databases = 0;
function database(args, env) {
  if (env.AURALIS_DB || args.includes("--db")) return [];
  return ["--db", join(STATE, `${process.pid}-${(databases += 1)}.db`)];
}

/** A running server: { port, http, ws, child, err(), exit }. */
export async function serve(t, { args = [], env = {}, secure = false, through } = {}) {
  const own = ["serve", "--port", "0", "--seed", "7", "--metrics-port", "0", ...database(args, env), ...args];
  const program = launch(t, own, { env, through });
  const announced = new Promise((resolve) => {
    program.child.stdout.on("data", () => {
      const match = /https?:\/\/\S+?:(\d+)/.exec(program.out());
      if (match) resolve(Number(match[1]));
    });
  });
  const ended = program.exit.then(({ code }) => assert.fail(`the server ended with ${code}: ${program.err()}`));
  ended.catch(() => {});
  const port = await within("the server says where it is", Promise.race([announced, ended]));
  const s = secure ? "s" : "";
  return { ...program, port, http: `http${s}://127.0.0.1:${port}`, ws: `ws${s}://127.0.0.1:${port}/ws/stream` };
}

/** What health complains of, but for what a busy machine brings about. */
export const ills = ({ reasons }) => reasons.filter((reason) => !/late chunk|of its time left/.test(reason));

/** A listener that keeps every message until it is asked for. */
export class Listener {
  constructor(t, url, options = {}) {
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.messages = [];
    this.waiting = [];
    this.closed = new Promise((resolve) => this.socket.on("close", (code, reason) => resolve({ code, reason: String(reason) })));
    this.socket.on("error", () => {});
    this.socket.on("message", (data, binary) => {
      this.messages.push(binary ? data : JSON.parse(data));
      this.waiting.splice(0).forEach((wake) => wake());
    });
    t.after(() => this.socket.terminate());
  }

  static async open(t, url, options) {
    const listener = new Listener(t, url, options);
    await within("the WebSocket opens", once(listener.socket, "open"));
    return listener;
  }

  /** The next message that passes the test; those before it are dropped. */
  async next(wanted) {
    const test = typeof wanted === "string" ? (message) => message.type === wanted : wanted;
    const find = async () => {
      for (;;) {
        while (this.messages.length) {
          const message = this.messages.shift();
          if (test(message)) return message;
        }
        await new Promise((resolve) => this.waiting.push(resolve));
      }
    };
    return within(`a message: ${wanted}`, find());
  }

  send(message) {
    this.socket.send(typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }
}

/** The HTTP response that refuses an upgrade: { status, body }. */
export async function refused(t, url, options = {}) {
  const socket = new WebSocket(url, options);
  socket.on("error", () => {});
  t.after(() => socket.terminate());
  const [, response] = await within("the upgrade is refused", once(socket, "unexpected-response"));
  let body = "";
  for await (const piece of response) body += piece;
  return { status: response.statusCode, body: JSON.parse(body) };
}

/** Sends raw bytes and returns all that comes back until the other end closes, or for a while from when it began. */
export async function raw(port, text, ms = 1500) {
  const socket = connect(port, "127.0.0.1");
  let got = "";
  let timer;
  const said = new Promise((resolve) => {
    socket.on("data", (data) => {
      got += data;
      timer ??= setTimeout(resolve, ms);
    });
    socket.on("close", resolve);
  });
  socket.on("error", () => {});
  socket.write(text);
  await within("an answer, or the end", said);
  clearTimeout(timer);
  socket.destroy();
  return got;
}

/** A 16-bit WAV file: { rate, channels, samples }. */
export function readWav(path) {
  const file = readFileSync(path);
  assert.equal(file.toString("latin1", 0, 4) + file.toString("latin1", 8, 12), "RIFFWAVE");
  const wav = {};
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString("latin1", at, at + 4);
    const size = file.readUInt32LE(at + 4);
    if (name === "fmt ") {
      assert.equal(file.readUInt16LE(at + 22), 16);
      wav.channels = file.readUInt16LE(at + 10);
      wav.rate = file.readUInt32LE(at + 12);
    } else if (name === "data") {
      wav.samples = file.subarray(at + 8, at + 8 + size);
    }
    at += 8 + size + (size % 2);
  }
  return wav;
}

/** What ffprobe reads of a sound file: { sound, picture, tags, seconds }, the first two streams, tags by names in lower case. */
export function probe(path) {
  const args = ["-v", "error", "-show_streams", "-show_format", "-of", "json", path];
  const { streams, format } = JSON.parse(execFileSync("ffprobe", args, { encoding: "utf8" }));
  const sound = streams.find((stream) => stream.codec_type === "audio");
  const tags = Object.entries({ ...format.tags, ...sound.tags }).map(([name, text]) => [name.toLowerCase(), text]);
  const picture = streams.find((stream) => stream.disposition.attached_pic === 1);
  return { sound, picture, tags: Object.fromEntries(tags), seconds: Number(format.duration) };
}
