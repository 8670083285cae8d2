// The worker that owns the WebSocket: audio is decoded here and handed straight to the audio thread, everything else
// goes to the page. So neither a busy page nor a hidden tab disturbs the sound.
//
// It also knows the line: how deep a cushion it needs (tiers.js), how long sound is under way (clock.js), and with which
// chunk a connection that breaks is to be taken up again.

import { ServerClock } from "./clock.js";
import { FrameDecoder } from "./codec.js";
import { Connection } from "./connection.js";
import { decodePcm } from "./decode.js";
import { parseFrame } from "./formats.js";
import { Tiers } from "./tiers.js";

const REPORT_MS = 1000;

const tiers = new Tiers();
const clock = new ServerClock();
let port = null; // to the player
let player = null; // its last report, and
let playerAt = 0; // when it came
let reportedAt = 0;
let latencyMs = null; // from the server to what leaves the player
let codec = null; // of what comes
let chunkMs = 100;
let place = null; // what is listened to: the address without the format
let run = null; // of the channel there
let next = null; // the chunk that follows the last one that came

const connection = new Connection(
  {
    WebSocket,
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (timer) => clearTimeout(timer),
    now: () => performance.now(),
    random: Math.random,
  },
  { state: onState, message: onMessage, audio: onFrame, stats: clientStats, address, cushionMs },
);

const decoder = new FrameDecoder({
  samples: play,
  failed: (format, error) => postMessage({ type: "undecodable", format, means: decoder.means, reason: error.message }),
});

// ---- the connection ----

/** As much as the player wants at once; after a break, from where it broke off. */
function address(url) {
  const full = new URL(url);
  full.searchParams.set("depth_ms", tiers.targetMs);
  if (next !== null) full.searchParams.set("from", next);
  return full.href;
}

/** What is left to play, at most. */
function cushionMs() {
  return player?.state === "playing" ? Math.max(0, player.depthMs - (performance.now() - playerAt)) : 0;
}

function onState(link) {
  if (link.state === "connecting") tiers.connected(performance.now());
  port?.postMessage({ type: "link", up: link.state === "live" });
  postMessage({ type: "link", ...link });
}

function onMessage(message) {
  if (message.type === "audio") return onAudio(message);
  if (message.type === "pong") onPong(message);
  else {
    if (message.type === "status") onStatus(message);
    postMessage({ type: "message", message });
  }
}

function onPong({ client_time: sentAt, server_time: serverTime }) {
  const wall = Date.now() - performance.now(); // the audio thread has only the wall clock
  clock.pong(sentAt + wall, Date.now(), serverTime);
}

function onStatus(status) {
  if (status.run !== run && run !== null) {
    clock.reset();
    decoder.forget();
    port?.postMessage({ type: "break" });
  }
  run = status.run;
  chunkMs = (1000 * status.chunk_frames) / status.sample_rate;
  clock.status(status);
}

// ---- audio ----

function onAudio({ data, chunk_index: index, sample_rate: rate }) {
  came(index, "json");
  play(index, rate, decodePcm(data));
}

function onFrame(buffer) {
  const frame = parseFrame(buffer);
  if (frame === null) return;
  if (!frame.codec) came(frame.index, frame.format);
  decoder.take(frame);
}

function came(index, format) {
  next = index + 1;
  codec = format;
  tiers.arrived(performance.now(), index, chunkMs);
  aim();
}

function aim() {
  port?.postMessage({ type: "target", ms: tiers.targetMs });
}

function play(index, rate, samples) {
  port?.postMessage({ type: "chunk", index, rate, samples }, [samples.buffer]);
}

// ---- reports ----

function clientStats() {
  if (player === null) return null;
  return {
    jitter_ms: Math.round(tiers.jitterMs * 10) / 10,
    underruns: player.underruns,
    buffer_ms: Math.round(player.depthMs),
    tier: tiers.name,
  };
}

function onPlayer(now) {
  const dryMs = player && now.dryMs > player.dryMs ? now.dryMs - player.dryMs : 0;
  player = now;
  playerAt = performance.now();
  tiers.played(playerAt, dryMs);
  if (dryMs > 0) aim();
  if (now.nextIndex !== null && now.state === "playing") {
    latencyMs = clock.latencyMs(now.at, now.nextIndex - now.depthMs / chunkMs, chunkMs);
  }
  postMessage({ type: "player", player, rttMs: connection.rttMs, jitterMs: tiers.jitterMs });
  if (playerAt - reportedAt >= REPORT_MS) report();
}

function report() {
  reportedAt = playerAt;
  postMessage({
    type: "report",
    report: {
      state: player.state,
      tier: tiers.name,
      targetMs: tiers.targetMs,
      bufferMs: player.depthMs,
      jitterMs: tiers.jitterMs,
      underruns: player.underruns,
      gaps: player.gaps,
      latencyMs,
      rate: 1 + player.slew,
      codec,
      decoder: codec === "flac" || codec === "opus" ? decoder.means : "plain",
    },
  });
}

// ---- from the page ----

function connect({ url, means }) {
  const wanted = new URL(url);
  wanted.searchParams.delete("format");
  if (wanted.href !== place) {
    next = null;
    run = null;
    clock.reset();
  }
  place = wanted.href;
  if (means) decoder.means = means;
  connection.connect(url);
}

/** The same stream under another name, for when it connects again. */
function readdress({ url }) {
  const wanted = new URL(url);
  wanted.searchParams.delete("format");
  place = wanted.href;
  connection.url = url;
}

function disconnect() {
  next = null;
  latencyMs = null;
  connection.disconnect();
}

const commands = {
  port: (message) => {
    port = message.port;
    port.onmessage = (event) => onPlayer(event.data);
  },
  connect,
  address: readdress,
  disconnect,
  retry: () => connection.retry(),
  send: (message) => connection.send(message.message),
};

onmessage = (event) => commands[event.data.type](event.data);
