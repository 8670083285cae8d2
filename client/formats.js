// Stream formats: the binary frame, and which format a listener gets. Pure; runs in the page and in the stream worker.

const HEAD = 24;
const MAGIC = 0x41555231; // "AUR1"
const NAMES = [null, "pcm", "flac", "opus"];
export const OPUS_RATE = 48000;

// What is asked for, the best first; json is there on every server and in every browser.
const WISHES = { lossless: ["flac", "pcm", "json"], compact: ["opus", "flac", "pcm", "json"] };
const PLAIN = ["pcm", "json"]; // decoded without help from the browser

/** @returns {{format, codec, frames, index, rate, payload} | null} null: not a frame that this page knows */
export function parseFrame(buffer) {
  if (buffer.byteLength < HEAD) return null;
  const view = new DataView(buffer);
  const format = NAMES[view.getUint8(4)];
  if (view.getUint32(0) !== MAGIC || !format || view.getUint32(20, true) !== buffer.byteLength - HEAD) return null;
  return {
    format,
    codec: (view.getUint8(5) & 1) === 1,
    frames: view.getUint16(6, true),
    index: Number(view.getBigUint64(8, true)),
    rate: view.getUint32(16, true),
    payload: new Uint8Array(buffer, HEAD),
  };
}

/** The packets of a frame of Opus, each behind its length; of any other format the payload is the only one. */
export function packetsOf({ format, payload }) {
  if (format !== "opus") return payload.length > 0 ? [payload] : [];
  const packets = [];
  for (let at = 0; at + 2 <= payload.length; ) {
    const end = at + 2 + payload[at] + 256 * payload[at + 1];
    packets.push(payload.subarray(at + 2, end));
    at = end;
  }
  return packets;
}

/** @param {string} quality  @param {string[]} offered by the server  @param {{has(string)}} decodes what can be decoded here */
export function chooseFormat(quality, offered, decodes) {
  return WISHES[quality].find((f) => offered.includes(f) && (PLAIN.includes(f) || decodes.has(f))) ?? "json";
}

/** Whether a host is on this machine or in this house: there lossless sound costs nobody anything. */
export function isNearby(hostname) {
  const name = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (name.includes(":")) return name === "::1" || /^f[cd]|^fe[89ab]/.test(name);
  if (/^\d+(\.\d+){3}$/.test(name)) return /^(127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\./.test(name);
  return !name.includes(".") || /\.(local|lan|home|internal|localhost|home\.arpa)$/.test(name);
}
