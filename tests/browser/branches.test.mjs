// The rewind sheet shows the branches there are: after somebody else went back, after the page is loaded anew, after the server was
// restarted. In Chromium, against a real server.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { launch, openPage, startServer, stopServers, until } from "./support.mjs";

// Phrases of 0.6 s.
const PIECE = `return {
  title = "Bench",
  meter = { 2, 4 },
  patches = { pad = { voice = "pad", attack = 0.05, release = 0.2 } },
  phrase = function(ctx)
    ctx:note { patch = "pad", at = 0, beats = 2, pitch = ctx.random("line"):int(50, 74) }
    return 1
  end,
}
`;

const folder = mkdtempSync(join(tmpdir(), "auralis-branches-"));
let browser;

after(async () => {
  await browser?.close();
  await stopServers();
  rmSync(folder, { recursive: true, force: true });
});

test("branches are in the sheet, whoever made them, also after a reload and a restart", async () => {
  const script = join(folder, "bench.lua");
  const env = { AURALIS_DB: join(folder, "sessions.db"), AURALIS_DEFAULT_BPM: "200" };
  writeFileSync(script, PIECE);
  let server;
  [browser, server] = await Promise.all([launch(), startServer({ args: ["--script", script], env })]);
  const page = await openPage(browser, server.url, { tap: false });
  const lanes = page.locator("#rewind .lane");
  const count = (n) => until(`${n} branches`, async () => (await lanes.count()) === n);
  const current = () => page.locator("#rewind .lane[data-state=now]").getAttribute("data-branch");
  const open = () => page.click("#rewind-open");

  await open();
  await count(1);
  const rewind = { method: "POST", body: JSON.stringify({ phrases: 1, seed: 4711 }) };
  assert.equal((await server.api("channels/main/rewind", rewind)).branch, 1);
  await count(2);
  await until("it sounds", async () => (await current()) === "1");
  await page.reload();
  await open();
  await count(2);
  assert.match(await lanes.nth(1).textContent(), /Branch 2.*Sounds now.*seed 4711/s);

  await server.stop();
  await until("the server is missed", async () => (await lanes.count()) === 0);
  server = await startServer({ port: server.port, args: ["--script", script, "--resume"], env });
  await count(2);
  assert.equal(await current(), "1");
  assert.match(await lanes.nth(1).textContent(), /Branch 2.*Sounds now.*seed 4711/s);
  await lanes.first().click();
  await until("the first goes on", async () => (await current()) === "0");
  const [first] = (await server.api("channels/main/branches")).branches;
  assert.deepEqual([first.current, first.seed], [true, 7]);
});
