// FLAC and Opus by WebAssembly, behind the little of AudioDecoder that codec.js uses. For browsers without WebCodecs, and
// for pages on plain http from another machine, where browsers do not offer it. Runs in the stream worker.
//
// The decoders are a bundle beside the page, loaded when first needed (client/decoders). It may be missing.

import { interleave } from "./decode.js";

const BUNDLE = new URL("decoders/bundle.js", import.meta.url);

/** Whether the server has the bundle. */
export async function wasmOffered() {
  const answer = await fetch(BUNDLE, { method: "HEAD" }).catch(() => null);
  return answer !== null && answer.ok && typeof WebAssembly === "object";
}

async function open({ codec, sampleRate, description }) {
  const { FLACDecoder, OpusDecoder } = await import(BUNDLE);
  const preSkip = description ? description[10] + 256 * description[11] : 0; // of an OpusHead
  const decoder = codec === "flac" ? new FLACDecoder() : new OpusDecoder({ sampleRate, channels: 2, preSkip });
  await decoder.ready;
  return decoder;
}

// The FLAC decoder divides 16-bit samples by 32767; what the server sent are whole 32768ths.
const toExact = (x) => Math.round(x * 32767) / 32768;

export class WasmDecoder {
  /** @param on { output({ sampleRate, samples }), error(error) } one output a packet, in order */
  constructor(on) {
    this.on = on;
    this.state = "unconfigured";
    this.queue = Promise.resolve();
    this.decoder = null;
  }

  configure(config) {
    this.config = config;
    this.state = "configured";
    this.then(async () => (this.decoder = await open(config)));
  }

  /** @param {Uint8Array} packet */
  decode(packet) {
    this.then(async () => {
      const { channelData, sampleRate, errors } = await this.decoder.decodeFrames([packet]);
      if (errors.length > 0) throw new Error(errors[0].message);
      const samples = interleave(channelData);
      if (this.config.codec === "flac") for (let i = 0; i < samples.length; i++) samples[i] = toExact(samples[i]);
      if (this.state !== "closed") this.on.output({ sampleRate, samples });
    });
  }

  flush() {
    return this.queue;
  }

  close() {
    this.state = "closed";
    this.queue.then(() => this.decoder?.free());
  }

  // ---- inside ----

  then(step) {
    this.queue = this.queue
      .then(() => (this.state === "closed" ? undefined : step()))
      .catch((error) => {
        if (this.state === "closed") return;
        this.state = "closed";
        this.on.error(error);
      });
  }
}
