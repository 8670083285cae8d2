// Live streams and OpenCL devices.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { AMBIENT, Listener, readWav, run, serve, tempDir } from "./support.mjs";

const status = async (server) => (await fetch(server.http + "/api/v1/status")).json();

async function openclDevices(t) {
  const listed = await run(t, ["devices", "--json"]);
  assert.equal(listed.code, 0, listed.err);
  return JSON.parse(listed.out).devices.filter((each) => each.device === "opencl" && each.supported);
}

test("--device opencl plays the default piece and this CPU renders no voice", async (t) => {
  if ((await openclDevices(t)).length === 0) return t.skip("no OpenCL device here");
  const server = await serve(t, { args: ["--seed", "7", "--device", "opencl"] });
  let now = await status(server);
  for (let i = 0; i < 200 && now.voices.device_blocks < 700; i++) {
    await sleep(50);
    now = await status(server);
  }
  assert.match(now.device, /^opencl/);
  assert.equal(now.exact, true);
  assert.ok(now.voices.device_blocks >= 700, JSON.stringify(now.voices));
  assert.equal(now.voices.cpu_blocks, 0);
  assert.equal(now.voices.replaced, 0);
  assert.ok(now.voices.launches > 0 && now.voices.launches <= now.voices.jobs);
});

test("status tells the CPU's blocks where there is no device", async (t) => {
  const server = await serve(t, { args: ["--seed", "7", "--device", "simd"] });
  const { device, exact, voices } = await status(server);
  assert.match(device, /^(simd|scalar)/);
  assert.equal(exact, true);
  assert.equal(voices.device_blocks, 0);
  assert.equal(voices.jobs, 0);
});

test("auto loads no OpenCL driver that is for CPUs alone", async (t) => {
  const server = await serve(t, { args: ["--seed", "7", "--device", "auto"], env: { OCL_ICD_VENDORS: "/nowhere/pocl.icd" } });
  await sleep(500);
  assert.match((await status(server)).device, /^(simd|scalar)/);
  const maps = `/proc/${server.child.pid}/maps`;
  if (existsSync(maps)) assert.doesNotMatch(readFileSync(maps, "utf8"), /pocl/);
});

// A driver that does as told while the server runs: a file named by FAULT holds "fail" or "hang".
const SHIM = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int told(void)
{
    FILE *f = fopen(getenv("FAULT"), "r");
    int c = f ? getc(f) : 0;
    if (f)
        fclose(f);
    return c;
}

int clFinish(void *queue)
{
    int (*real)(void *) = (int (*)(void *))dlsym(RTLD_NEXT, "clFinish");
    int code = real(queue);
    while (told() == 'h')
        usleep(10000);
    return told() == 'f' ? -5 : code;
}
`;

for (const [fault, reason] of [["fail", /clFinish/], ["hang", /too late/]])
  test(`a device that begins to ${fault}: listeners are told once, no sample is missing or another`, async (t) => {
    if ((await openclDevices(t)).length === 0) return t.skip("no OpenCL device here");
    const dir = tempDir(t);
    const [source, shim, file] = [join(dir, "shim.c"), join(dir, "shim.so"), join(dir, "fault")];
    writeFileSync(source, SHIM);
    execFileSync("gcc", ["-shared", "-fPIC", "-o", shim, source, "-ldl"]);
    const server = await serve(t, { args: ["--seed", "7", "--device", "opencl"], env: { LD_PRELOAD: shim, FAULT: file } });
    const listener = await Listener.open(t, server.ws);
    const first = await listener.next("audio");
    const pieces = [Buffer.from(first.data, "base64")];
    const told = [];
    while (pieces.length < 40) {
      if (pieces.length === 5) writeFileSync(file, fault);
      const message = await listener.next((each) => each.type === "audio" || each.type === "error");
      if (message.type === "error") told.push(message);
      else {
        assert.equal(message.chunk_index, first.chunk_index + pieces.length);
        pieces.push(Buffer.from(message.data, "base64"));
      }
    }
    const now = await status(server);
    rmSync(file);
    assert.deepEqual(told.map(({ code, severity }) => [code, severity]), [["SYNTHESIS_FAILED", "warning"]]);
    assert.match(told[0].message, /this CPU rendered it/);
    assert.match(now.device, /^(simd|scalar)/);
    assert.ok(now.voices.device_blocks > 0 && now.voices.cpu_blocks > 0 && now.voices.replaced > 0, JSON.stringify(now.voices));
    const notUsed = () => server.err().split("\n").filter((line) => /not used any more/.test(line));
    for (let i = 0; i < 100 && notUsed().length === 0; i++) await sleep(50);
    assert.equal(notUsed().length, 1, server.err());
    assert.match(notUsed()[0], reason);
    const path = join(dir, "r.wav");
    const seconds = (first.chunk_index + pieces.length + 1) / 10;
    const rendered = await run(t, ["render", AMBIENT, "-o", path, "--duration", String(seconds), "--seed", "7", "--bits", "16"]);
    assert.equal(rendered.code, 0, rendered.err);
    const streamed = Buffer.concat(pieces);
    const from = first.chunk_index * 4410 * 4;
    assert.ok(streamed.equals(readWav(path).samples.subarray(from, from + streamed.length)));
  });
