// A bad line for the browser tests: two network namespaces, tests/line/bad_line between them. Needs root, ip and
// /dev/net/tun; where one is missing the tests say so and are skipped.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, chmodSync, constants, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { BINARY, CHROMIUM } from "./support.mjs";

const PROGRAM = process.env.AURALIS_BAD_LINE ?? join(dirname(BINARY), "tests/bad_line");
const NEAR = "10.79.0.1"; // the server's end
const FAR = "10.79.0.2"; // the browser's

const ip = (...args) => execFileSync("ip", args, { stdio: "pipe" });
const enter = (space) => ["nsenter", `--net=/run/netns/${space}`];
/** `ip -n` would mount things besides, which not every root lets it do. */
function ipIn(space, ...args) {
  const [program, net] = enter(space);
  execFileSync(program, [net, "ip", ...args], { stdio: "pipe" });
}

/** Why there can be no bad line here; null: there can. */
export function whyNoLine() {
  if (process.getuid() !== 0) return "network namespaces need root";
  if (!existsSync(PROGRAM)) return `${PROGRAM} is not built`;
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
    const probe = `aur-probe-${process.pid}`;
    ip("netns", "add", probe);
    try {
      ipIn(probe, "link", "set", "lo", "up");
    } finally {
      ip("netns", "del", probe);
    }
  } catch (error) {
    return `no network namespaces or no /dev/net/tun: ${error.message.split("\n")[0]}`;
  }
  return null;
}

/** { say(command), server: options for startServer, browser(url): options for launch, close() } */
export async function openLine(seed) {
  const spaces = [`aur-near-${process.pid}`, `aur-far-${process.pid}`];
  for (const space of spaces) ip("netns", "add", space);
  const folder = mkdtempSync(join(tmpdir(), "auralis-line-"));
  const child = spawn(PROGRAM, [...spaces, String(seed)], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), ended]);
  spaces.forEach((space, i) => {
    ipIn(space, "addr", "add", `${[NEAR, FAR][i]}/30`, "dev", "line");
    for (const device of ["lo", "line"]) ipIn(space, "link", "set", device, "up");
  });
  return {
    say: (command) => child.stdin.write(`${command}\n`),
    server: { enter: enter(spaces[0]), host: NEAR },
    /** Worklets and WebCodecs are there only for origins that are called secure. */
    browser(url) {
      const program = join(folder, "chromium");
      writeFileSync(program, `#!/bin/sh\nexec ${enter(spaces[1]).join(" ")} ${CHROMIUM} "$@"\n`);
      chmodSync(program, 0o755);
      return { program, flags: [`--unsafely-treat-insecure-origin-as-secure=${new URL(url).origin}`] };
    },
    async close() {
      child.stdin.end();
      await ended;
      for (const space of spaces) ip("netns", "del", space);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
