// The worker that owns the WebSocket: audio is decoded here and handed straight to the audio thread, everything else
// goes to the page. So neither a busy page nor a hidden tab disturbs the sound.

import { FrameDecoder } from "./codec.js";
import { Connection } from "./connection.js";
import { decodePcm } from "./decode.js";
import { parseFrame } from "./formats.js";

const JITTER_ALPHA = 0.1;
const BURST_MS = 1000; // the first second after connecting brings a burst, which is not jitter

let port = null; // to the player
let player = null; // its last report
let jitterMs = 0;
let lastTransit = null;
let connectedAt = 0;

const connection = new Connection(
  {
    WebSocket,
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (timer) => clearTimeout(timer),
    now: () => performance.now(),
    random: Math.random,
  },
  { state: onState, message: onMessage, audio: onFrame, stats: clientStats },
);

const decoder = new FrameDecoder({
  samples: play,
  failed: (format, error) => postMessage({ type: "undecodable", format, reason: error.message }),
});

function onState(link) {
  if (link.state === "connecting") {
    lastTransit = null;
    connectedAt = performance.now();
  }
  port?.postMessage({ type: "link", up: link.state === "live" });
  postMessage({ type: "link", ...link });
}

function onMessage(message) {
  if (message.type === "audio") onAudio(message);
  else if (message.type !== "pong") postMessage({ type: "message", message });
}

function onAudio({ data, chunk_index: index, sample_rate: rate }) {
  const samples = decodePcm(data);
  measureJitter(index, (1000 * samples.length) / 2 / rate);
  play(index, rate, samples);
}

function onFrame(buffer) {
  const frame = parseFrame(buffer);
  if (frame === null) return;
  if (!frame.codec) measureJitter(frame.index, (1000 * frame.frames) / frame.rate);
  decoder.take(frame);
}

function play(index, rate, samples) {
  port?.postMessage({ type: "chunk", index, rate, samples }, [samples.buffer]);
}

/** How much the time in transit varies between chunks, smoothed. */
function measureJitter(index, chunkMs) {
  const now = performance.now();
  const transit = now - index * chunkMs;
  if (lastTransit !== null && now - connectedAt > BURST_MS) {
    jitterMs += JITTER_ALPHA * (Math.abs(transit - lastTransit) - jitterMs);
  }
  lastTransit = transit;
}

function clientStats() {
  if (player === null) return null;
  return {
    jitter_ms: Math.round(jitterMs * 10) / 10,
    underruns: player.underruns,
    buffer_ms: Math.round(player.depthMs),
    tier: player.tier,
  };
}

function onPlayer(report) {
  player = report;
  postMessage({ type: "player", player, rttMs: connection.rttMs, jitterMs });
}

const commands = {
  port: (message) => {
    port = message.port;
    port.onmessage = (event) => onPlayer(event.data);
  },
  connect: (message) => connection.connect(message.url),
  address: (message) => (connection.url = message.url), // for when it connects again
  disconnect: () => connection.disconnect(),
  retry: () => connection.retry(),
  send: (message) => connection.send(message.message),
};

onmessage = (event) => commands[event.data.type](event.data);
