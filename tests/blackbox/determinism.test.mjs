// The same program live and offline: what is streamed and what is rendered are the same samples, on any CPU.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { AMBIENT, Listener, readWav, run, serve, tempDir } from "./support.mjs";

const CHUNK_BYTES = 4410 * 4;

async function render(t, dir, name, args, env) {
  const path = join(dir, name);
  const { code, err } = await run(t, ["render", AMBIENT, "-o", path, ...args], { env });
  assert.equal(code, 0, err);
  return path;
}

/** Listens for some chunks: [first index, bytes]. */
async function record(t, server, chunks) {
  const listener = await Listener.open(t, server.ws);
  const first = await listener.next("audio");
  const pieces = [Buffer.from(first.data, "base64")];
  while (pieces.length < chunks) {
    const message = await listener.next("audio");
    assert.equal(message.chunk_index, first.chunk_index + pieces.length);
    pieces.push(Buffer.from(message.data, "base64"));
  }
  return [first.chunk_index, Buffer.concat(pieces)];
}

function assertSame(streamed, first, wav) {
  const rendered = wav.samples.subarray(first * CHUNK_BYTES, first * CHUNK_BYTES + streamed.length);
  assert.equal(rendered.length, streamed.length);
  assert.ok(streamed.some((byte) => byte !== 0), "the stream is silent");
  for (let i = 0; i < streamed.length; i += 4)
    if (streamed.readUInt32LE(i) !== rendered.readUInt32LE(i)) assert.fail(`frame ${first * 4410 + i / 4} differs`);
}

test("20 s of stream are the render's samples", async (t) => {
  const server = await serve(t);
  const [first, streamed] = await record(t, server, 200);
  const path = await render(t, tempDir(t), "same.wav", ["--duration", String((first + 201) / 10), "--seed", "7", "--bits", "16"]);
  assertSame(streamed, first, readWav(path));
});

test("a listener across a phrase boundary hears the render's samples, with other settings too", async (t) => {
  const env = { AURALIS_DEFAULT_BPM: "200", AURALIS_DEFAULT_KEY: "F# dorian", AURALIS_DEFAULT_INTENSITY: "0.9" };
  const server = await serve(t, { args: ["--seed", "18446744073709551615"], env });
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const [first, streamed] = await record(t, server, 150); // 8 bars at 200 BPM last 9.6 s
  const path = await render(t, tempDir(t), "other.wav", [
    ...["--duration", String((first + 151) / 10), "--seed", "18446744073709551615", "--bits", "16"],
    ...["--bpm", "200", "--key", "F# dorian", "--intensity", "0.9"],
  ]);
  assertSame(streamed, first, readWav(path));
});

test("rendering twice gives the same bytes", async (t) => {
  const dir = tempDir(t);
  for (const type of ["wav", "flac"]) {
    const one = await render(t, dir, `one.${type}`, ["--duration", "20", "--seed", "7"]);
    const two = await render(t, dir, `two.${type}`, ["--duration", "20", "--seed", "7"]);
    assert.ok(readFileSync(one).equals(readFileSync(two)), type);
  }
});

test("another seed gives another piece", async (t) => {
  const dir = tempDir(t);
  const one = await render(t, dir, "one.wav", ["--duration", "20", "--seed", "7"]);
  const two = await render(t, dir, "two.wav", ["--duration", "20", "--seed", "8"]);
  assert.ok(!readFileSync(one).equals(readFileSync(two)));
});

test("every instruction set gives the same bytes", async (t) => {
  const dir = tempDir(t);
  const args = ["--duration", "30", "--seed", "7", "--intensity", "0.9", "--bits", "float"];
  const best = readFileSync(await render(t, dir, "best.wav", args));
  for (const isa of ["scalar", "sse2", "avx2", "avx512", "neon"]) {
    const path = join(dir, `${isa}.wav`);
    const { code, err } = await run(t, ["render", AMBIENT, "-o", path, ...args], { env: { AURALIS_ISA: isa } });
    if (code === 2 && /AURALIS_ISA/.test(err)) {
      assert.ok(isa !== "scalar", err);
      continue; // this CPU does not have it
    }
    assert.equal(code, 0, err);
    assert.ok(readFileSync(path).equals(best), isa);
  }
  const scalar = await render(t, dir, "device.wav", [...args, "--device", "scalar"]);
  assert.ok(readFileSync(scalar).equals(best), "--device scalar");
});

test("an OpenCL device gives the bytes of the CPU, which renders no voice", async (t) => {
  const listed = await run(t, ["devices", "--json"]);
  assert.equal(listed.code, 0, listed.err);
  const devices = JSON.parse(listed.out).devices.filter((each) => each.device === "opencl" && each.supported);
  if (devices.length === 0) return t.skip("no OpenCL device here");
  const dir = tempDir(t);
  const args = ["--duration", "60", "--seed", "7", "--bits", "float"];
  const cpu = readFileSync(await render(t, dir, "cpu.wav", args));
  const path = join(dir, "opencl.wav");
  const { code, out, err } = await run(t, ["render", AMBIENT, "-o", path, ...args, "--device", "opencl", "--json"]);
  assert.equal(code, 0, err);
  const done = JSON.parse(out.trim().split("\n").at(-1));
  assert.match(done.device, /^opencl/);
  assert.ok(done.device_blocks * 64 >= 60 * 44100, `${done.device_blocks} blocks`);
  assert.equal(done.cpu_blocks, 0);
  assert.equal(done.fallbacks, 0);
  assert.ok(readFileSync(path).equals(cpu));
});

test("a longer render begins with the shorter one", async (t) => {
  const dir = tempDir(t);
  const short = readWav(await render(t, dir, "short.wav", ["--duration", "7.5", "--bits", "16"]));
  const long = readWav(await render(t, dir, "long.wav", ["--duration", "40", "--bits", "16"]));
  assert.equal(short.samples.length, 7.5 * 44100 * 4);
  assert.ok(long.samples.subarray(0, short.samples.length).equals(short.samples));
});
