// Tests in real time say something about the product only where the machine runs them: a server, a player or a listener
// that stands ready and is not run is late whatever it is made of. Linux tells how long each thread stood so.

import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const TRIES = 3;
const STARVED = 0.5; // seconds that all processes of a test together stood ready and were not run, per second

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it has ended, or the system does not tell
  }
}

/** This process and all below it: servers, browsers, their renderers. */
function family() {
  const children = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = Number(read(`/proc/${pid}/stat`).split(") ").at(-1).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  const found = [process.pid];
  for (const pid of found) found.push(...(children.get(pid) ?? [])); // grows while it is walked
  return found;
}

/** How many milliseconds their threads stood ready and were not run, in all. */
function waitedMs() {
  let sum = 0;
  for (const pid of family()) {
    const threads = read(`/proc/${pid}/stat`) ? readdirSync(`/proc/${pid}/task`) : [];
    for (const thread of threads) sum += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[1] ?? 0) / 1e6;
  }
  return sum;
}

/**
 * A test in real time. When it fails and its processes were kept from running meanwhile it is tried again, up to three times;
 * it fails when they were not, or when the last try fails. between: what to clear away after a try that failed.
 */
export function realtime(name, options, body, between = async () => {}) {
  test(name, options, async (t) => {
    for (let tries = 1; ; tries++) {
      const [began, before] = [performance.now(), waitedMs()];
      try {
        return await body(t);
      } catch (error) {
        const share = (waitedMs() - before) / (performance.now() - began);
        if (tries === TRIES || !(share > STARVED)) throw error;
        t.diagnostic(`tried again, as its processes waited ${share.toFixed(1)} s a second for a processor: ${error.message}`);
        await between();
      }
    }
  });
}
