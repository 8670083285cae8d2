// The page: wires the server link, the sound output, the controls and what is shown.

import { Controls, prettyKey } from "./controls.js";
import { isNearby, OPUS_RATE } from "./formats.js";
import { Link } from "./link.js";
import { Outbox } from "./outbox.js";
import { Output } from "./output.js";
import { Timeline, currentValues, phraseValues } from "./timeline.js";
import { Toasts } from "./toast.js";
import { Visual } from "./visual.js";

const TICK_MS = 100;
const VOLUME_KEY = "auralis.volume";
const QUALITY_KEY = "auralis.quality";
const byId = (id) => document.getElementById(id);

const toasts = new Toasts(byId("toasts"));
const visual = new Visual(byId("aurora"));
const timeline = new Timeline();
const output = new Output({ state: onPlayerState });
const clock = { setTimeout: (run, ms) => setTimeout(run, ms), now: () => performance.now() };
const outbox = new Outbox((changes) => link.sendControls(changes), clock);
const controls = new Controls(byId("panel"), (name, value) => outbox.set(name, value));

let streamRate = 44100;
let playing = false; // what the listener asked for
let linkState = { state: "connecting", reason: null };
let retryAt = 0;
let report = null; // the player's last
let announced = "";
let workbench = null; // once somebody has opened it
let lastStatus = null;

const link = new Link({ link: onLink, message: onMessage, player: onPlayer });

// ---- play and stop ----

function toggle() {
  if (playing) stop();
  else play();
}

function play() {
  playing = true;
  const quality = byId("quality").value;
  const port = output.start(link.choose(quality) === "opus" ? OPUS_RATE : streamRate);
  if (port) {
    link.attach(port);
    output.ready.catch((error) => {
      toasts.show(`Sound could not be started: ${error.message}`, "error");
      stop();
    });
  }
  link.play(quality);
  setState("starting");
}

function stop() {
  playing = false;
  report = null;
  output.stop();
  link.stop();
  visual.stop();
  setState("stopped");
}

function setState(state) {
  document.body.dataset.state = state;
  setText("play-label", playing ? "Stop" : "Play");
  render();
}

function onPlayerState(state) {
  if (!playing) return;
  if (state === "playing") {
    visual.play(output.analyser);
    setState("playing");
  } else if (state === "filling" && document.body.dataset.state === "playing") setState("waiting");
}

// ---- from the server ----

function onLink(now) {
  const was = linkState.state;
  linkState = now;
  retryAt = performance.now() + (now.retryInMs ?? 0);
  document.body.dataset.link = now.state;
  if (now.state === "waiting" && now.reason === "overload") {
    toasts.show("The server has no free place just now. Trying again by itself.", "warning");
  } else if (now.state === "waiting" && was === "live") setText("spoken", "Connection lost. Trying again.");
  else if (now.state === "live") setText("spoken", "Connected.");
  render();
}

const handlers = {
  status(message) {
    const now = performance.now();
    streamRate = message.sample_rate;
    timeline.status(message, now);
    controls.describe(message.controls, message.keys);
    controls.apply({ ...currentValues(message), ...phraseValues(message.pending ?? {}) });
    setText("title", message.title);
    setText("listeners", String(message.active_clients));
    lastStatus = message;
    workbench?.status(message);
    document.title = `${message.title} · Auralis`;
    render();
  },
  generation_update(message) {
    timeline.update(message, performance.now());
    controls.apply(phraseValues(message));
    if (message.title) setText("title", message.title);
    workbench?.phrase();
    render();
  },
  script_update(message) {
    if (workbench) workbench.update(message);
    else if (message.diagnostics.length > 0) toasts.show(message.diagnostics[0].message, "error");
  },
  error(message) {
    if (message.code === "INVALID_CONTROL" || message.code === "OFFLINE") controls.revert();
    if (message.code === "SERVER_OVERLOAD" || message.severity === "info") return;
    toasts.show(message.message, message.severity);
  },
};

function onMessage(message) {
  handlers[message.type]?.(message);
}

function onPlayer(message) {
  if (playing) report = message;
}

// ---- what is shown ----

/** From the server's now to the ear. */
function latencyMs() {
  return report ? report.player.depthMs + (report.rttMs ?? 0) / 2 + output.latencyMs() : 0;
}

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const millis = (ms) => `${Math.round(ms / 10) * 10} ms`;

function linkText() {
  if (linkState.state === "live") return "Live";
  if (linkState.state === "ready" || linkState.state === "idle") return "Ready";
  if (linkState.state === "offline") return "Server not reachable";
  if (linkState.state === "connecting") return playing ? "Connecting" : "Looking for the server";
  const reasons = { overload: "Server is full", restart: "Server is restarting", lost: "Connection lost" };
  const left = Math.max(0, Math.ceil((retryAt - performance.now()) / 1000));
  return `${reasons[linkState.reason]}, again in ${left} s`;
}

function changesText({ values, changed }) {
  const named = changed.slice(0, 2).map((name) => controls.describeValue(name, values[name]));
  if (changed.length > 2) named.push(`${changed.length - 2} more`);
  return named.join(", ");
}

function renderPhrase() {
  const view = timeline.view(performance.now(), latencyMs());
  if (editing()) workbench?.render(view, document.body.dataset.state === "playing");
  if (!view) return;
  const { values, pending } = view;
  controls.sounding(values);
  setText("now", `${prettyKey(values.key)} · ${values.bpm} BPM`);
  byId("play").style.setProperty("--progress", view.progress.toFixed(4));
  const change = pending ? changesText(pending) : "";
  const cut = linkState.state === "offline" || (playing && linkState.state !== "live");
  byId("next").toggleAttribute("data-pending", pending !== null && !cut);
  if (cut) setText("next", linkText());
  else if (pending) setText("next", `${change} sounds in ${seconds(pending.inMs)}`);
  else if (playing) setText("next", `Phrase ${view.number} · next in ${Math.ceil(view.nextInMs / 1000)} s`);
  else setText("next", "Press play, or the space bar");
  announce(change, pending);
}

/** Screen readers hear a change once when it is set and once when it sounds, not every tick of the countdown. */
function announce(change, pending) {
  if (change === announced) return;
  const arrived = announced !== "" && !pending;
  setText("spoken", arrived ? `Now: ${announced}` : `${change} sounds in ${Math.round(pending.inMs / 1000)} seconds`);
  announced = change;
}

function renderVitals() {
  setText("link", linkText());
  setText("buffer", report ? millis(report.player.depthMs) : "–");
  setText("latency", report ? millis(latencyMs()) : "–");
  const names = { json: "PCM", pcm: "PCM", flac: "FLAC", opus: "Opus" };
  setText("format", names[link.format] ?? "–");
  setText("rtt", report?.rttMs != null ? `${report.rttMs.toFixed(report.rttMs < 10 ? 1 : 0)} ms` : "–");
}

let vitalsAt = -Infinity;

function render() {
  if (document.hidden) return;
  renderPhrase();
  if (performance.now() - vitalsAt < 500 && linkText() === byId("link").textContent) return;
  vitalsAt = performance.now();
  renderVitals();
}

// ---- the script ----

const editing = () => !byId("workbench").hidden;

async function edit(open) {
  byId("workbench").hidden = !open;
  document.body.toggleAttribute("data-editing", open);
  byId("edit").setAttribute("aria-expanded", String(open));
  setText("edit", open ? "Close the script" : "Edit the script");
  history.replaceState(null, "", open ? "#script" : location.pathname + location.search);
  if (!open) return;
  if (!workbench) {
    const { Workbench } = await import("./workbench.js");
    workbench = new Workbench(byId("workbench"), { error: (text) => toasts.show(text, "error") });
    if (lastStatus) workbench.status(lastStatus);
  }
  await workbench.start();
  render();
}

byId("edit").addEventListener("click", () => edit(!editing()));
if (location.hash === "#script") edit(true);

// ---- volume and keys ----

function setVolume(value) {
  const volume = byId("volume");
  volume.value = value;
  volume.parentElement.parentElement.style.setProperty("--value", value);
  volume.setAttribute("aria-valuetext", `${Math.round(value * 100)}%`);
  setText("volume-value", `${Math.round(value * 100)}%`);
  output.setVolume(Number(value));
}

function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be forbidden
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // not remembered, then
  }
}

function rememberedVolume() {
  const value = Number.parseFloat(remembered(VOLUME_KEY));
  return value >= 0 && value <= 1 ? value : 0.8;
}

/** At home lossless, which costs nobody anything there; over the internet Opus, a fraction of the bytes. */
function rememberedQuality() {
  const value = remembered(QUALITY_KEY);
  if (value === "lossless" || value === "compact") return value;
  return isNearby(location.hostname) ? "lossless" : "compact";
}

byId("volume").addEventListener("input", (event) => {
  setVolume(event.target.value);
  remember(VOLUME_KEY, event.target.value);
});

byId("quality").value = rememberedQuality();
byId("quality").addEventListener("change", (event) => {
  remember(QUALITY_KEY, event.target.value);
  if (playing) link.play(event.target.value);
});

byId("play").addEventListener("click", toggle);
document.addEventListener("keydown", (event) => {
  const plain = !(event.ctrlKey || event.altKey || event.metaKey || event.repeat);
  if (event.code !== "Space" || !plain || event.target.closest("button, input, select, textarea, a, #code")) return;
  event.preventDefault();
  toggle();
});
document.addEventListener("visibilitychange", render);

setVolume(rememberedVolume());
setInterval(render, TICK_MS);
