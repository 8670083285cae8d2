// Live streams and OpenCL devices.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { run, serve } from "./support.mjs";

const status = async (server) => (await fetch(server.http + "/api/v1/status")).json();

test("--device opencl plays the default piece and this CPU renders no voice", async (t) => {
  const listed = await run(t, ["devices", "--json"]);
  assert.equal(listed.code, 0, listed.err);
  const devices = JSON.parse(listed.out).devices.filter((each) => each.device === "opencl" && each.supported);
  if (devices.length === 0) return t.skip("no OpenCL device here");
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
