// The page: wires the server link, the sound output, the controls and what is shown.

import { Controls, prettyKey } from "./controls.js";
import { Drawer } from "./drawer.js";
import { OPUS_RATE } from "./formats.js";
import { Journal } from "./journal.js";
import { Link } from "./link.js";
import { listening } from "./listening.js";
import { Media } from "./media.js";
import { heardChunk } from "./moments.js";
import { MoodSheet } from "./mood-sheet.js";
import { fromHash, hueOf, MoodStore, placeOf, secondHue } from "./moods.js";
import { Outbox } from "./outbox.js";
import { Output } from "./output.js";
import { Places } from "./places.js";
import { preferences } from "./preferences.js";
import { Score } from "./score.js";
import { Scripts } from "./scripts.js";
import { ShareSheet } from "./share-sheet.js";
import { SleepSheet } from "./sleep-sheet.js";
import { Timeline, currentValues, phraseValues } from "./timeline.js";
import { Toasts } from "./toast.js";
import { Visual } from "./visual.js";

const TICK_MS = 100;
const IDLE_TICKS = 4; // so many ticks are one while nothing plays
const VITALS_MS = 500;
const LEAVE_S = 0.7; // the fade before another place
const ARRIVE_S = 1.5;
const BLIP_MS = 1000; // a break that is mended sooner is nothing to tell; no longer a pause is counted down
const CODECS = { json: "PCM", pcm: "PCM", flac: "FLAC", opus: "Opus" };
const SHARED_NOTE =
  "Everyone on this stream hears these changes. Brightness and level act at once; key, tempo and notes follow with the next phrase.";
const OWN_NOTE =
  "This stream is yours alone. Brightness and level act at once; key, tempo and notes follow with the next phrase.";
const byId = (id) => document.getElementById(id);
const say = (text, severity) => toasts.show(text, severity);

const clock = {
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  now: () => performance.now(),
};

let timeline = new Timeline();
let streamRate = 44100;
let playing = false; // what the listener asked for
let linkState = { state: "connecting", reason: null };
let retryAt = 0;
let brokenAt = null; // when the connection broke that is not back yet
let report = null; // the player's last
let heard = null; // the link's last account of it
let announced = "";
let workbench = null; // once somebody has opened it
let lastStatus = null;
let mood = null; // that was chosen; null: whatever the shared stream plays
let moves = 0; // to other places
let left = null; // the last chunk that was heard before Stop, and of which run

const toasts = new Toasts(byId("toasts"));
const places = new Places();
const output = new Output({ state: onPlayerState });
const outbox = new Outbox((changes) => link.sendControls(changes), clock);
const controls = new Controls(byId("panel"), (name, value) => outbox.set(name, value));
const drawer = new Drawer();
const store = new MoodStore(preferences);
const media = new Media({ play: () => !playing && play(), stop: () => playing && stop() });
const scripts = new Scripts();
const score = new Score(() => scripts.phrases(link.name));
const visual = new Visual(byId("aurora"), {
  where: () => timeline.view(performance.now(), latencyMs()),
  phrase: (number) => score.phrase(number),
});
const link = new Link({ link: onLink, message: onMessage, player: onPlayer, report: onReport, refused: onRefused });
const moodSheet = new MoodSheet(store, {
  open() {
    showMoods();
    loadPlaces();
    loadServerMoods();
  },
  mood: (chosen) => choose(chosen),
  channel: (name) => choose(null, name),
  keep: keepMood,
  share: (chosen) => share.open(chosen),
});
const share = new ShareSheet({ mood: () => moodOfNow(), say });
const sleep = new SleepSheet(
  { begin: () => !playing && play(), fade: (s) => output.fadeOut(s), unfade: () => output.fadeIn(2), end: stop, say },
  { ...clock, now: () => Date.now() },
);
const stage = { channel: () => link.channel(lastStatus), heard: chunkHeard, quiet: () => playing && stop(), say, latencyMs, bpm: () => lastStatus?.current_bpm };
new Journal(stage);

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
  output.fadeIn(0.01);
  link.play(quality);
  media.playing(true);
  setState("starting");
}

function stop() {
  left = { chunk: chunkHeard(), run: lastStatus?.run };
  playing = false;
  report = heard = null;
  output.stop();
  link.stop();
  visual.stop();
  media.playing(false);
  sleep.cancel();
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
    score.refresh();
    setState("playing");
  } else if (state === "filling" && document.body.dataset.state === "playing") setState("waiting");
}

// ---- places and moods ----

async function loadPlaces() {
  const there = await places.load();
  showMoods();
  if (!there) moodSheet.say("The server cannot be reached.");
  else if (!places.private.available) moodSheet.say(noPrivateText());
  return there;
}

/** Those that were saved on the server; their part of the sheet comes when it is opened first. */
async function loadServerMoods() {
  if (moodSheet.server) return;
  const { ServerMoods } = await import("./mood-server.js");
  if (!moodSheet.server) new ServerMoods(moodSheet, places, loadPlaces);
}

const noPrivateText = () => `No stream of your own just now: ${places.private.reason}. The shared streams are open.`;

function showMoods() {
  moodSheet.show({
    presets: places.moods(),
    channels: places.channels,
    chosen: mood?.title ?? places.moods().find((each) => places.shared(each)?.name === here())?.title ?? null,
    channel: link.isPrivate() ? null : here(),
    keepable: moodOfNow() !== null,
    reach: (each) => places.reach(each),
  });
}

const here = () => link.name ?? lastStatus?.channel ?? null;

/** A mood, or with a name only a shared stream, that the listener pressed. */
function choose(chosen, name = null) {
  const shared = chosen && places.shared(chosen);
  if (chosen && !shared && !places.private.available) {
    moodSheet.say(noPrivateText());
    return;
  }
  moodSheet.close();
  goTo(chosen, shared?.name ?? name);
  if (!playing) play();
}

/** Leaves for another place; what plays fades out first. */
async function goTo(chosen, sharedName) {
  const move = ++moves;
  forgetLink();
  if (playing) {
    output.fadeOut(LEAVE_S);
    await new Promise((resolve) => setTimeout(resolve, LEAVE_S * 1000));
    if (move !== moves) return;
  }
  mood = chosen;
  timeline = new Timeline();
  score.forget();
  outbox.flush();
  link.go(sharedName === null ? placeOf(chosen) : { channel: sharedName });
  if (sharedName === null) preview(chosen);
  showPlace();
  if (!playing) return;
  output.restart();
  setState("starting");
  link.play(byId("quality").value);
  output.fadeIn(ARRIVE_S);
}

/** What a private stream will play, before there is one. */
function preview(chosen) {
  const { key, bpm, intensity, melody_complexity, brightness } = chosen;
  const known = Object.entries({ key, bpm, intensity, melody_complexity, brightness }).filter(([, value]) => value !== undefined);
  if (lastStatus) controls.describe(lastStatus.controls.filter(({ name }) => controls.builtins.has(name)), lastStatus.keys);
  controls.apply(Object.fromEntries(known));
  controls.sounding(Object.fromEntries(known));
  showTitle(chosen.title);
  setText("now", [key && prettyKey(key), bpm && `${bpm} BPM`].filter(Boolean).join(" · ") || "\u00a0");
}

function onRefused(text) {
  if (!link.isPrivate()) return;
  toasts.show(`${text} Back to the shared stream.`, "warning");
  loadPlaces().then(() => {
    goTo(null, places.channels[0]?.name ?? "main");
    moodSheet.open();
  });
}

/** What sounds, or will with the next phrase, as a mood; null where it is a piece that no mood can have. */
function moodOfNow() {
  if (!lastStatus) return mood;
  const values = controls.shown();
  const preset = link.isPrivate() ? (mood?.preset ?? null) : places.presetOf(lastStatus.script);
  if (preset === undefined) return null;
  const own = Object.keys(lastStatus.current_piece).filter((name) => values[name] !== undefined);
  const set = link.isPrivate() && link.name === null ? mood.set : Object.fromEntries(own.map((name) => [name, values[name]]));
  const { key, bpm, intensity, melody_complexity, brightness } = values;
  const title = mood?.title ?? lastStatus.title;
  return { title, about: mood?.about ?? "", preset, key, bpm, intensity, melody_complexity, brightness, set };
}

function keepMood(title) {
  const kept = store.add({ ...moodOfNow(), title });
  moodSheet.say(kept ? `“${kept.title}” is kept in this browser.` : "This browser keeps nothing, so the mood was not kept.");
  return kept !== null;
}

/** A link that carries a mood: shown at once, heard after Play. */
async function openLink() {
  if (!location.hash.startsWith("#mood=")) return;
  await known;
  const found = fromHash(location.hash, places.presets);
  if (found.error) {
    toasts.show(`The mood in this link cannot be played: ${found.error}.`, "error");
    forgetLink();
    return;
  }
  const shared = places.shared(found.mood);
  if (!shared && !places.private.available) {
    toasts.show(`“${found.mood.title}” cannot be played. ${noPrivateText()}`, "warning");
    return;
  }
  const kept = location.hash;
  await goTo(found.mood, shared?.name ?? null);
  history.replaceState(null, "", kept);
}

/** The address names a mood only while that is what plays. */
function forgetLink() {
  if (location.hash.startsWith("#mood=")) history.replaceState(null, "", location.pathname + location.search);
}

function showTitle(title) {
  setText("title", title);
  fitTitle();
  document.title = `${title} · Auralis`;
  media.show(title);
}

/** What does not fit on one line takes two that are as high. */
function fitTitle() {
  const title = byId("title");
  title.removeAttribute("data-long");
  title.toggleAttribute("data-long", title.scrollWidth > title.clientWidth);
  title.title = title.hasAttribute("data-long") ? title.textContent : "";
}

function showPlace() {
  const own = link.isPrivate();
  const n = lastStatus?.active_clients ?? 0;
  const many = places.channels.length > 1 && lastStatus ? ` ${lastStatus.channel}` : "";
  setText("place", own ? "Your own stream" : `Shared stream${many}${n > 1 ? ` · ${n} listening` : ""}`);
  setText("whose", own ? OWN_NOTE : SHARED_NOTE);
  const hue = String(hueOf(mood ?? { preset: lastStatus?.script?.replace(/\.lua$/, "") ?? null }));
  const root = document.documentElement;
  if (root.style.getPropertyValue("--hue") === hue) return;
  root.style.setProperty("--hue", hue);
  root.style.setProperty("--hue-2", String(secondHue(Number(hue))));
  visual.setHue(Number(hue));
}

// ---- from the server ----

function onLink(now) {
  const was = linkState.state;
  linkState = now;
  retryAt = performance.now() + (now.retryInMs ?? 0);
  if (now.state === "waiting") brokenAt ??= performance.now();
  else if (now.state !== "connecting") brokenAt = null;
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
    const arrived = lastStatus?.channel !== message.channel;
    streamRate = message.sample_rate;
    lastStatus = message;
    timeline.status(message, now);
    controls.describe(message.controls, message.keys);
    controls.apply({ ...currentValues(message), ...phraseValues(message.pending ?? {}) });
    showTitle(mood?.title ?? message.title);
    showPlace();
    if (arrived && link.isPrivate() && mood?.brightness !== undefined) outbox.set("brightness", mood.brightness);
    if (arrived && playing) score.refresh();
    workbench?.status(message);
    render();
  },
  generation_update(message) {
    timeline.update(message, performance.now());
    controls.apply(phraseValues(message));
    if (message.title && !mood) showTitle(message.title);
    if (playing && !document.hidden) score.refresh();
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

/** Once a second. */
function onReport(message) {
  if (!playing) return;
  heard = message;
  drawer.note(heardNow());
}

// ---- what is shown ----

/** From the server's now to the ear. */
function latencyMs() {
  return report ? report.player.depthMs + (report.rttMs ?? 0) / 2 + output.latencyMs() : 0;
}

/** The chunk that leaves the loudspeaker, or was the last to; null: nothing was heard of what plays. */
function chunkHeard() {
  if (!lastStatus) return null;
  if (!playing) return left?.run === lastStatus.run ? left.chunk : null;
  return heardChunk(report?.player, Date.now(), output.latencyMs(), (1000 * lastStatus.chunk_frames) / lastStatus.sample_rate);
}

/** What the drawer shows of the player: the link's account, what moves faster from the player itself. */
function heardNow() {
  if (!report) return null;
  const { player, rttMs, jitterMs } = report;
  const now = { bufferMs: player.depthMs, latencyMs: latencyMs(), rttMs, codec: CODECS[link.format] };
  return { jitterMs, rate: 1 + (player.slew ?? 0), ...player, ...heard, ...now };
}

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

function linkText() {
  if (linkState.state === "live") return "Live";
  if (linkState.state === "ready" || linkState.state === "idle") return "Ready";
  if (linkState.state === "offline") return "Server not reachable";
  if (linkState.state === "connecting" && brokenAt === null) return playing ? "Connecting" : "Looking for the server";
  const left = Math.ceil((retryAt - performance.now()) / 1000);
  if (linkState.state === "connecting" || linkState.retryInMs < BLIP_MS || left < 1) return "Connecting again";
  const reasons = { overload: "Server is full", restart: "Server is restarting", lost: "Connection lost" };
  return `${reasons[linkState.reason]}, again in ${left} s`;
}

function changesText({ values, changed }) {
  const named = changed.slice(0, 2).map((name) => controls.describeValue(name, values[name]));
  if (changed.length > 2) named.push(`${changed.length - 2} more`);
  return named.join(", ");
}

function nextText(view, change, cut) {
  if (cut) return linkText();
  if (view?.pending) return `${change} sounds in ${seconds(view.pending.inMs)}`;
  if (playing && view) return `Phrase ${view.number} · next in ${Math.ceil(view.nextInMs / 1000)} s`;
  return playing ? "Your stream is being composed" : "Press play, or the space bar";
}

function renderPhrase() {
  const view = timeline.view(performance.now(), latencyMs());
  if (editing()) workbench?.render(view, document.body.dataset.state === "playing");
  const broken = playing && brokenAt !== null && performance.now() - brokenAt > BLIP_MS;
  const cut = linkState.state === "offline" || broken;
  const change = view?.pending ? changesText(view.pending) : "";
  byId("next").toggleAttribute("data-pending", change !== "" && !cut);
  setText("next", nextText(view, change, cut));
  byId("play").style.setProperty("--progress", (view?.progress ?? 0).toFixed(4));
  if (!view) return;
  controls.sounding(view.values);
  setText("now", `${prettyKey(view.values.key)} · ${view.values.bpm} BPM`);
  announce(change, view.pending);
}

/** Screen readers hear a change once when it is set and once when it sounds, not every tick of the countdown. */
function announce(change, pending) {
  if (change === announced) return;
  const arrived = announced !== "" && !pending;
  setText("spoken", arrived ? `Now: ${announced}` : `${change} sounds in ${Math.round(pending.inMs / 1000)} seconds`);
  announced = change;
}

let vitalsAt = -Infinity;

function render() {
  if (document.hidden) return;
  renderPhrase();
  if (performance.now() - vitalsAt < VITALS_MS && linkText() === byId("link").textContent) return;
  vitalsAt = performance.now();
  setText("link", linkText());
  drawer.show(heardNow(), lastStatus);
}

// ---- the script ----

const editing = () => !byId("workbench").hidden;

async function edit(open) {
  byId("workbench").hidden = !open;
  document.body.toggleAttribute("data-editing", open);
  byId("edit").setAttribute("aria-expanded", String(open));
  setText("edit-label", open ? "Close the script" : "Edit the script");
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

/** On a narrow page the script stands below everything else. */
function showEditor() {
  const { top } = byId("workbench").getBoundingClientRect();
  if (top < innerHeight / 2) return;
  byId("workbench").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

const known = places.load().then(showPlace); // not until somebody asks: they name the streams, and what a link means

byId("edit").addEventListener("click", () => edit(!editing()).then(() => editing() && showEditor()));
if (location.hash === "#script") edit(true);
else openLink();
addEventListener("hashchange", openLink);

// ---- keys ----

byId("play").addEventListener("click", toggle);
document.addEventListener("keydown", (event) => {
  const plain = !(event.ctrlKey || event.altKey || event.metaKey || event.repeat);
  const taken = "button, input, select, textarea, a, dialog, #code";
  if (event.code !== "Space" || !plain || event.target.closest(taken)) return;
  event.preventDefault();
  toggle();
});
document.addEventListener("visibilitychange", () => {
  if (playing && !document.hidden) score.refresh();
  render();
});

listening({ volume: (value) => output.setVolume(value), quality: (name) => playing && link.play(name) });

new ResizeObserver(fitTitle).observe(byId("title").parentElement);

let ticks = 0;

setInterval(() => (playing || ticks++ % IDLE_TICKS === 0) && render(), TICK_MS);
