// Frames to samples: compressed formats by WebCodecs, or by WebAssembly where that is missing. Runs in the stream worker;
// decodable() in the page too.

import { pcmSamples } from "./decode.js";
import { OPUS_RATE, packetsOf } from "./formats.js";
import { wasmOffered, WasmDecoder } from "./wasm.js";

const SCALE = 1 / 32768;

/** A FLAC stream's header as the server sends it, to ask whether the browser decodes such a stream. */
function flacHeader(rate, frames) {
  const header = new Uint8Array(42);
  header.set([0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34, frames >> 8, frames & 255, frames >> 8, frames & 255]);
  header.set([rate >> 12, (rate >> 4) & 255, ((rate & 15) << 4) | 2, 0xf0], 18);
  return header;
}

const PROBES = [
  { codec: "flac", sampleRate: 44100, numberOfChannels: 2, description: flacHeader(44100, 4410) },
  { codec: "opus", sampleRate: OPUS_RATE, numberOfChannels: 2 },
];

/**
 * What there is to decode each compressed format with, the best first: "webcodecs" (none on plain http from another
 * machine), "wasm".
 * @returns {Promise<Map<string, string[]>>} by "flac", "opus"; empty lists are left out
 */
export async function decodable() {
  const found = new Map();
  for (const config of PROBES) {
    const answer = await globalThis.AudioDecoder?.isConfigSupported(config).catch(() => null);
    if (answer?.supported) found.set(config.codec, ["webcodecs"]);
  }
  if (found.size < PROBES.length && (await wasmOffered())) {
    for (const { codec } of PROBES) found.set(codec, [...(found.get(codec) ?? []), "wasm"]);
  }
  return found;
}

/** Interleaved floats; 16-bit samples by the scale that represents each exactly. */
function samplesOf(audio) {
  const frames = audio.numberOfFrames;
  const samples = new Float32Array(2 * frames);
  if (audio.format === "s16") {
    const whole = new Int16Array(2 * frames);
    audio.copyTo(whole, { planeIndex: 0 });
    for (let i = 0; i < whole.length; i++) samples[i] = whole[i] * SCALE;
    return samples;
  }
  const exact = audio.format === "s16-planar";
  const plane = exact ? new Int16Array(frames) : new Float32Array(frames);
  for (let channel = 0; channel < 2; channel++) {
    audio.copyTo(plane, { planeIndex: channel, ...(exact ? {} : { format: "f32-planar" }) });
    for (let i = 0; i < frames; i++) samples[2 * i + channel] = exact ? plane[i] * SCALE : plane[i];
  }
  return samples;
}

/** AudioDecoder as codec.js uses it: packets in, samples out. */
class WebDecoder {
  constructor(on) {
    this.decoder = new AudioDecoder({
      output: (audio) => {
        const { sampleRate } = audio;
        const samples = samplesOf(audio);
        audio.close();
        on.output({ sampleRate, samples });
      },
      error: on.error,
    });
  }

  get state() {
    return this.decoder.state;
  }

  configure(config) {
    this.decoder.configure(config);
  }

  decode(data, timestamp, duration) {
    this.decoder.decode(new EncodedAudioChunk({ type: "key", timestamp, duration, data }));
  }

  flush() {
    return this.decoder.flush();
  }

  close() {
    if (this.state !== "closed") this.decoder.close();
  }
}

const sameBytes = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

export class FrameDecoder {
  /** @param on { samples(index, rate, Float32Array), failed(format, error) } in the order of the chunks */
  constructor(on) {
    this.on = on;
    this.means = "webcodecs"; // or "wasm"
    this.decoder = null;
    this.config = null;
    this.next = null;
    this.waiting = []; // one entry a packet that the decoder has: { index, last }
    this.parts = []; // samples of the chunk that comes out
  }

  take(frame) {
    if (frame.codec) this.configure(frame);
    else if (frame.format === "pcm") this.on.samples(frame.index, frame.rate, pcmSamples(frame.payload));
    else this.decode(frame);
  }

  /** What comes is another stream. */
  forget() {
    this.next = null;
  }

  /** Everything that was taken has come out. */
  async flush() {
    await this.decoder?.flush();
  }

  // ---- inside ----

  /** A stream that is taken up again where it broke off is decoded on as if nothing had happened. */
  configure({ format, rate, payload, index }) {
    const { config } = this;
    if (index === this.next && config.codec === format && sameBytes(config.description, payload)) return;
    this.config = { codec: format, sampleRate: rate, numberOfChannels: 2, description: payload };
    this.next = null;
    this.restart();
  }

  /** Empty, as at the beginning of a stream. */
  restart() {
    const { config } = this;
    this.decoder?.close();
    this.waiting = [];
    this.parts = [];
    const decoder = new (this.means === "wasm" ? WasmDecoder : WebDecoder)({
      output: (audio) => this.decoder === decoder && this.came(audio),
      error: (error) => this.decoder === decoder && this.on.failed(config.codec, error),
    });
    this.decoder = decoder;
    decoder.configure(config);
  }

  decode(frame) {
    if (this.decoder === null || this.decoder.state === "closed") return;
    const packets = packetsOf(frame);
    if (packets.length === 0) return; // could not be encoded: missing
    if (this.next !== null && frame.index !== this.next) this.restart(); // skipped: what comes does not follow what was
    this.next = frame.index + 1;
    const duration = (1e6 * frame.frames) / frame.rate / packets.length;
    packets.forEach((data, i) => {
      const timestamp = Math.round((frame.index * packets.length + i) * duration);
      this.waiting.push({ index: frame.index, last: i === packets.length - 1 });
      this.decoder.decode(data, timestamp, duration);
    });
  }

  came({ sampleRate, samples }) {
    const { index, last } = this.waiting.shift();
    this.parts.push(samples);
    if (!last) return;
    const whole = new Float32Array(this.parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.parts = [];
    this.on.samples(index, sampleRate, whole);
  }
}
