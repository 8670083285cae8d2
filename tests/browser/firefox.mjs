// Firefox, driven over WebDriver BiDi, which it speaks by itself: a WebSocket and a few commands are all it takes. Unlike
// Chromium it lets no time pass in an AudioContext without a sound card; a PulseAudio of our own, with a sink that leads
// nowhere, stands in for one.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import WebSocket from "ws";

import { freePort } from "../port.mjs";

const PREFERENCES = {
  "media.autoplay.default": 0, // sound without a gesture
  "media.autoplay.blocking_policy": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
  "browser.shell.checkDefaultBrowser": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "app.normandy.enabled": false,
  "browser.safebrowsing.update.enabled": false,
  "extensions.update.enabled": false,
};

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of a program that has one of these names, or null. */
function find(...names) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram) ?? null;
}

const FIREFOX = process.env.FIREFOX ?? find("firefox-esr", "firefox");
const PULSEAUDIO = find("pulseaudio");

/** Why Firefox cannot be tested here; null: it can. */
export function whyNoFirefox() {
  if (!FIREFOX || !isProgram(FIREFOX)) return "there is no Firefox (FIREFOX may name one)";
  if (!PULSEAUDIO) return "there is no pulseaudio, and Firefox needs something to play to";
  return null;
}

/** In `folder`, which is home and run-time folder too. */
function startPulse(folder) {
  const socket = join(folder, "sound");
  const args = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-L", "module-null-sink"];
  args.push("-L", `module-native-protocol-unix socket=${socket} auth-anonymous=1`);
  const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder };
  return { child: spawn(PULSEAUDIO, args, { stdio: "ignore", env }), server: `unix:${socket}` };
}

class Session {
  constructor(socket) {
    this.socket = socket;
    this.waiting = new Map();
    socket.on("message", (text) => {
      const { id, type, result, error, message } = JSON.parse(text);
      const wait = this.waiting.get(id);
      if (!wait) return;
      this.waiting.delete(id);
      if (type === "success") wait.resolve(result);
      else wait.reject(new Error(`${error}: ${message}`));
    });
  }

  send(method, params) {
    const id = this.waiting.size + Math.floor(Math.random() * 2 ** 40);
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }
}

async function connect(url) {
  for (let tries = 0; ; tries++) {
    const socket = new WebSocket(url);
    try {
      await once(socket, "open");
      return new Session(socket);
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** { open(url, preload), evaluate(expression) -> what it gives, as JSON does; close() } */
export async function launchFirefox() {
  const home = mkdtempSync(join(tmpdir(), "auralis-firefox-"));
  const profile = join(home, "profile");
  mkdirSync(profile);
  const pulse = startPulse(home);
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
  writeFileSync(join(profile, "user.js"), lines.join(""));
  const port = await freePort();
  const args = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", String(port), "about:blank"];
  const env = { ...process.env, HOME: profile, PULSE_SERVER: pulse.server };
  const child = spawn(FIREFOX, args, { stdio: "ignore", env });
  const ended = Promise.all([once(child, "exit"), once(pulse.child, "exit")]);
  const session = await connect(`ws://127.0.0.1:${port}/session`);
  await session.send("session.new", { capabilities: {} });
  const { contexts } = await session.send("browsingContext.getTree", {});
  const { context } = contexts[0];
  return {
    async open(url, preload) {
      await session.send("script.addPreloadScript", { functionDeclaration: `() => { ${preload} }` });
      await session.send("browsingContext.navigate", { context, url, wait: "complete" });
    },
    async evaluate(expression) {
      const wrapped = `(async () => JSON.stringify(await (${expression})) ?? "null")()`;
      const params = { expression: wrapped, target: { context }, awaitPromise: true, userActivation: true };
      const answer = await session.send("script.evaluate", params);
      if (answer.type !== "success") throw new Error(answer.exceptionDetails.text);
      return JSON.parse(answer.result.value);
    },
    async close() {
      await session.send("browser.close", {}).catch(() => {});
      child.kill();
      pulse.child.kill();
      await ended;
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
