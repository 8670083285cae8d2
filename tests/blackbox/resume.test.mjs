// A connection that broke is taken up where it was: ?from=, and as deep as asked for: ?depth_ms=.

import assert from "node:assert/strict";
import test from "node:test";

import { realtime } from "../realtime.mjs";
import { Listener, refused, serve } from "./support.mjs";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** { run, indices, overruns } of a listener that stays for n chunks. */
async function listen(t, server, query, n) {
  const listener = await Listener.open(t, `${server.ws}?${query}`);
  const { run } = await listener.next("status");
  const indices = [];
  let overruns = 0;
  while (indices.length < n) {
    const message = await listener.next((m) => Buffer.isBuffer(m) || m.type === "error");
    if (!Buffer.isBuffer(message)) overruns++;
    else if (message[5] === 0) indices.push(Number(message.readBigUInt64LE(8)));
  }
  listener.socket.terminate();
  return { run, indices, overruns };
}

const following = (from, n) => Array.from({ length: n }, (_, i) => from + i);

for (const format of ["pcm", "flac", "opus"]) {
  realtime(`${format}: whoever was away for a while misses nothing; after too long it begins as any other`, {}, async (t) => {
    const server = await serve(t);
    let { run, indices } = await listen(t, server, `format=${format}&depth_ms=500`, 12);
    for (const away of [0, 400, 1100]) {
      await sleep(away);
      const from = indices.at(-1) + 1;
      const again = await listen(t, server, `format=${format}&depth_ms=500&from=${from}`, 14);
      assert.deepEqual(again, { run, indices: following(from, 14), overruns: 0 }, `after ${away} ms`);
      ({ indices } = again);
    }
    await sleep(2500);
    const late = await listen(t, server, `format=${format}&depth_ms=500&from=${indices.at(-1) + 1}`, 6);
    assert.ok(late.indices[0] > indices.at(-1) + 1);
    assert.deepEqual(late.indices, following(late.indices[0], 6));
    const never = await listen(t, server, `format=${format}&from=${late.indices.at(-1) + 1000}`, 6);
    assert.ok(never.indices[0] < late.indices.at(-1) + 100, "an index that is not there yet is none of this run's");
  });
}

realtime("the burst is as deep as asked for, as far as it is kept", {}, async (t) => {
  const server = await serve(t);
  await sleep(2500);
  const depths = [];
  for (const [query, chunks] of [["", 5], ["&depth_ms=300", 3], ["&depth_ms=1200", 12], ["&depth_ms=60000", 16]]) {
    const listener = await Listener.open(t, `${server.ws}?format=pcm${query}`);
    const status = await listener.next("status");
    const first = Number((await listener.next(Buffer.isBuffer)).readBigUInt64LE(8));
    depths.push(Math.abs(status.chunk_index + 1 - first - chunks) <= 1 ? "ok" : `${query}: ${status.chunk_index + 1 - first}`);
    listener.socket.terminate();
  }
  assert.deepEqual(depths, ["ok", "ok", "ok", "ok"]);
});

test("what is no index and no time is refused", async (t) => {
  const server = await serve(t);
  for (const query of ["from=-1", "from=x", "from=", "from=99999999999999999999", "depth_ms=1.5", "depth_ms=60001", "depth_ms=-5"]) {
    const { status, body } = await refused(t, `${server.ws}?${query}`);
    assert.equal(status, 400, query);
    assert.match(JSON.stringify(body), new RegExp(query.split("=")[0]));
  }
});
