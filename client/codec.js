// Frames to samples, by WebCodecs where the format is a compressed one. Runs in the stream worker; decodable() in the page too.

import { pcmSamples } from "./decode.js";
import { OPUS_RATE, packetsOf } from "./formats.js";

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

/** @returns {Promise<Set<string>>} of "flac", "opus" what this browser decodes; none on plain http from another machine */
export async function decodable() {
  const found = new Set();
  if (!globalThis.AudioDecoder) return found;
  for (const config of PROBES) {
    const answer = await AudioDecoder.isConfigSupported(config).catch(() => null);
    if (answer?.supported) found.add(config.codec);
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

export class FrameDecoder {
  /** @param on { samples(index, rate, Float32Array), failed(format, error) } in the order of the chunks */
  constructor(on) {
    this.on = on;
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

  // ---- inside ----

  configure({ format, rate, payload }) {
    this.config = { codec: format, sampleRate: rate, numberOfChannels: 2, description: payload };
    this.next = null;
    this.restart();
  }

  /** Empty, as at the beginning of a stream. */
  restart() {
    const { config } = this;
    if (this.decoder && this.decoder.state !== "closed") this.decoder.close();
    this.waiting = [];
    this.parts = [];
    const decoder = new AudioDecoder({
      output: (audio) => this.decoder === decoder && this.came(audio),
      error: (error) => this.decoder === decoder && this.on.failed(config.codec, error),
    });
    this.decoder = decoder;
    decoder.configure(config);
  }

  decode(frame) {
    if (this.decoder === null || this.decoder.state === "closed") return;
    if (this.next !== null && frame.index !== this.next) this.restart(); // skipped: what comes does not follow what was
    this.next = frame.index + 1;
    const packets = packetsOf(frame);
    const duration = (1e6 * frame.frames) / frame.rate / Math.max(1, packets.length);
    packets.forEach((data, i) => {
      const timestamp = Math.round((frame.index * packets.length + i) * duration);
      this.waiting.push({ index: frame.index, last: i === packets.length - 1 });
      this.decoder.decode(new EncodedAudioChunk({ type: "key", timestamp, duration, data }));
    });
  }

  came(audio) {
    const { index, last } = this.waiting.shift();
    const { sampleRate } = audio;
    this.parts.push(samplesOf(audio));
    audio.close();
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
