// 16-bit little-endian samples, or their base64 text, to floats. Pure; runs in the stream worker.
//
// The scale is 1/32768, a power of two: every sample is represented exactly, so what the player puts out can be
// compared with what the server sent, to the bit.

const SCALE = 1 / 32768;
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** @returns {Uint8Array} the bytes of a base64 text; throws on text that is not base64 */
export function base64Bytes(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** @returns {Float32Array} as many floats as whole 16-bit samples, interleaved as they came */
export function decodePcm(text) {
  return pcmSamples(base64Bytes(text));
}

/** The same of the bytes themselves. */
export function pcmSamples(bytes) {
  const n = bytes.length >> 1;
  const out = new Float32Array(n);
  if (littleEndian && bytes.byteOffset % 2 === 0) {
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset, n);
    for (let i = 0; i < n; i++) out[i] = samples[i] * SCALE;
  } else {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < n; i++) out[i] = view.getInt16(2 * i, true) * SCALE;
  }
  return out;
}

/** @param {Float32Array[]} channels two, equally long */
export function interleave([left, right]) {
  const out = new Float32Array(2 * left.length);
  for (let i = 0; i < left.length; i++) {
    out[2 * i] = left[i];
    out[2 * i + 1] = right[i];
  }
  return out;
}
