// Decoders in WebAssembly for browsers without WebCodecs, bundled by deployment/decoders. See client/wasm.js.

export { FLACDecoder } from "@wasm-audio-decoders/flac";
export { OpusDecoder } from "opus-decoder";
