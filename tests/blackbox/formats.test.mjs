// The binary stream formats against a running server: frames byte by byte, the same samples in all lossless ones and in an
// offline render, decoded by tools that are not ours.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { AMBIENT, Listener, readWav, refused, run, serve, tempDir } from "./support.mjs";

const FORMATS = { pcm: 1, flac: 2, opus: 3 };

/** The fields of a frame, all of them checked that can be. */
function parse(data, format) {
  assert.ok(Buffer.isBuffer(data) && data.length >= 24);
  assert.equal(data.toString("latin1", 0, 4), "AUR1");
  assert.equal(data[4], FORMATS[format]);
  assert.ok(data[5] <= 1, "no flag but the first");
  assert.equal(data.readUInt32LE(16), format === "opus" ? 48000 : 44100);
  assert.equal(data.readUInt32LE(20), data.length - 24);
  return { codec: data[5] === 1, frames: data.readUInt16LE(6), index: Number(data.readBigUInt64LE(8)), payload: data.subarray(24) };
}

/** n chunks as they come: { header, chunks }. */
async function record(t, server, format, n) {
  const listener = await Listener.open(t, `${server.ws}?format=${format}`);
  const status = await listener.next("status");
  assert.deepEqual(status.formats, ["json", "pcm", "flac", "opus"]);
  const frames = [];
  while (frames.length < n + (format === "pcm" ? 0 : 1)) frames.push(parse(await listener.next(Buffer.isBuffer), format));
  listener.socket.close();
  const header = frames[0].codec ? frames.shift() : null;
  assert.equal(header !== null, format !== "pcm", "who needs a header gets one, first");
  if (header) assert.deepEqual([header.frames, header.index], [0, frames[0].index]);
  frames.forEach((frame, i) => assert.deepEqual([frame.codec, frame.index], [false, frames[0].index + i]));
  return { header: header?.payload, chunks: frames };
}

const payloads = (chunks) => Buffer.concat(chunks.map((chunk) => chunk.payload));

/** The render's samples from the beginning of a chunk on. */
async function rendered(t, chunks) {
  const file = join(tempDir(t), "render.wav");
  const seconds = String((chunks.at(-1).index + 1) / 10);
  const { code, err } = await run(t, ["render", AMBIENT, "-o", file, "--seed", "7", "--bits", "16", "--duration", seconds]);
  assert.equal(code, 0, err);
  const wav = readFileSync(file);
  const at = wav.indexOf("data") + 8;
  return wav.subarray(at + chunks[0].index * 17640, at + (chunks.at(-1).index + 1) * 17640);
}

test("pcm and flac hold the samples of an offline render, to the bit", async (t) => {
  const server = await serve(t);
  const [pcm, flac] = await Promise.all([record(t, server, "pcm", 40), record(t, server, "flac", 40)]);
  for (const chunk of pcm.chunks) assert.deepEqual([chunk.frames, chunk.payload.length], [4410, 17640]);
  const samples = payloads(pcm.chunks);
  assert.ok(samples.some((byte) => byte !== 0), "it sounds");
  assert.ok(samples.equals(await rendered(t, pcm.chunks)), "pcm");

  const file = join(tempDir(t), "stream.flac");
  writeFileSync(file, Buffer.concat([flac.header, payloads(flac.chunks)]));
  const want = await rendered(t, flac.chunks);
  const decoded = execFileSync("flac", ["-d", "-s", "-c", "--force-raw-format", "--endian=little", "--sign=signed", file], { maxBuffer: 1 << 26 });
  assert.ok(decoded.equals(want), "flac");
  assert.ok(payloads(flac.chunks).length < 0.8 * want.length, "and takes less");
});

/** Packets in an Ogg file, as RFC 7845 has it, so that tools read it. */
function ogg(header, packets, preSkip) {
  const crc = (data) => {
    let value = 0;
    for (const byte of data) {
      value ^= byte << 24;
      for (let i = 0; i < 8; i++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
    }
    return value >>> 0;
  };
  let sequence = 0;
  const page = (packet, granule, type) => {
    const laces = Buffer.from([...Array(Math.floor(packet.length / 255)).fill(255), packet.length % 255]);
    const head = Buffer.alloc(27);
    head.write("OggS");
    head[5] = type;
    head.writeBigInt64LE(BigInt(granule), 6);
    head.writeUInt32LE(7, 14);
    head.writeUInt32LE(sequence++, 18);
    head[26] = laces.length;
    const whole = Buffer.concat([head, laces, packet]);
    whole.writeUInt32LE(crc(whole), 22);
    return whole;
  };
  const tags = Buffer.concat([Buffer.from("OpusTags"), Buffer.from([4, 0, 0, 0]), Buffer.from("test"), Buffer.alloc(4)]);
  const pages = packets.map((packet, i) => page(packet, 960 * (i + 1), i === packets.length - 1 ? 4 : 0));
  assert.ok(preSkip < 960);
  return Buffer.concat([page(header, 0, 2), page(tags, 0, 0), ...pages]);
}

const power = (samples) => samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
const samplesOf = (bytes) => new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));

test("opus: 20 ms packets without a gap, with the length and the level of what was played", async (t) => {
  const server = await serve(t);
  const opus = await record(t, server, "opus", 40);
  assert.equal(opus.header.toString("latin1", 0, 8), "OpusHead");
  const preSkip = opus.header.readUInt16LE(10);
  const packets = [];
  for (const { payload, frames } of opus.chunks) {
    const before = packets.length;
    for (let at = 0; at < payload.length; at += 2 + payload.readUInt16LE(at)) packets.push(payload.subarray(at + 2, at + 2 + payload.readUInt16LE(at)));
    assert.equal(frames, 960 * (packets.length - before));
  }
  assert.ok(packets.length >= 199 && packets.length <= 200, `${packets.length} packets`);
  const file = join(tempDir(t), "stream.opus");
  writeFileSync(file, ogg(opus.header, packets, preSkip));
  const decoded = join(tempDir(t), "stream.wav");
  execFileSync("opusdec", ["--quiet", "--no-dither", "--rate", "48000", file, decoded], { stdio: "ignore" });
  const bytes = readWav(decoded).samples;
  assert.equal(bytes.length / 4, 960 * packets.length - preSkip);
  const got = power(samplesOf(bytes));
  const want = power(samplesOf(await rendered(t, opus.chunks)));
  const decibels = 10 * Math.log10(got / want);
  t.diagnostic(`${(payloads(opus.chunks).length * 8) / 4000} kbit/s, level ${decibels.toFixed(2)} dB off`);
  assert.ok(Math.abs(decibels) < 0.5, `level ${decibels.toFixed(2)} dB off`);
});

test("two listeners of a format get the same bytes, whatever else is listened to", async (t) => {
  const server = await serve(t);
  for (const format of ["pcm", "flac", "opus"]) {
    const [one, two] = await Promise.all([record(t, server, format, 15), record(t, server, format, 15), record(t, server, "pcm", 5)]);
    const shared = one.chunks.filter((chunk) => two.chunks.some((other) => other.index === chunk.index));
    assert.ok(shared.length > 5, `${shared.length} chunks in common`);
    for (const chunk of shared) assert.ok(chunk.payload.equals(two.chunks.find((other) => other.index === chunk.index).payload), format);
  }
});

test("messages other than audio stay text in every format", async (t) => {
  const server = await serve(t);
  for (const format of Object.keys(FORMATS)) {
    const listener = await Listener.open(t, `${server.ws}?format=${format}`);
    assert.equal((await listener.next("status")).type, "status");
    listener.send({ type: "ping", client_time: 5 });
    assert.equal((await listener.next("pong")).client_time, 5);
    listener.send({ type: "control", bpm: 999 });
    assert.equal((await listener.next("error")).code, "INVALID_CONTROL");
  }
  const { channels } = await (await fetch(`${server.http}/api/v1/channels`)).json();
  assert.equal(channels[0].listeners, 3);
});

test("AURALIS_ENABLE_OPUS=false: not listed, refused with a reason; an unknown format names what there is", async (t) => {
  const server = await serve(t, { env: { AURALIS_ENABLE_OPUS: "false" } });
  const { channels } = await (await fetch(`${server.http}/api/v1/channels`)).json();
  assert.deepEqual(channels[0].formats, ["json", "pcm", "flac"]);
  const status = await (await fetch(`${server.http}/api/v1/status`)).json();
  assert.deepEqual(status.formats, ["json", "pcm", "flac"]);
  const opus = await refused(t, `${server.ws}?format=opus`);
  assert.deepEqual([opus.status, opus.body.error], [501, "NOT_IMPLEMENTED"]);
  assert.match(opus.body.message, /does not send opus; it sends json, pcm, flac/);
  const mp3 = await refused(t, `${server.ws}?format=mp3`);
  assert.deepEqual([mp3.status, mp3.body.error], [400, "BAD_REQUEST"]);
  assert.match(mp3.body.message, /mp3 is not allowed; allowed: json, pcm, flac$/);
});
