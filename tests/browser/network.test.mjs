// What is heard over a bad line, in Chromium: jitter, loss, stalls, resets. Gaps are counted in the sound itself, by a tap
// behind the player, and in what the page reports; both must agree.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { realtime } from "../realtime.mjs";
import { openLine, whyNoLine } from "./line.mjs";
import {
  heard,
  largestStep,
  launch,
  openPage,
  pageState,
  playing,
  silences,
  sleep,
  startServer,
  stopServers,
  until,
} from "./support.mjs";

const SEED = Number(process.env.AURALIS_TEST_SEED ?? 1);
const skip = whyNoLine() ?? false;
const GOOD = "line 10 2 0";

let line;
let server;
let browser;

before(async () => {
  if (skip) return;
  line = await openLine(SEED);
  server = await startServer(line.server);
  browser = await launch(line.browser(server.url));
});

after(async () => {
  await browser?.close();
  await stopServers();
  await line?.close();
});

const test = (name, options, body) =>
  realtime(name, options, body, () => Promise.all(browser.contexts().map((context) => context.close())));

async function play(condition) {
  line.say(condition);
  const page = await openPage(browser, server.url);
  await page.click("#play");
  await playing(page);
  return page;
}

const reports = (page) => page.evaluate(() => window.reports);
const lastReport = async (page) => (await reports(page)).at(-1);
const player = (page) => page.evaluate(() => window.players.at(-1));
const forget = (page) => page.evaluate(() => void (tap.blocks = []));

/** The gaps that were heard, which must be as many as the page reports; and a line about them. */
async function gapsOf(t, page) {
  const reported = (await reports(page)).length;
  await until("a report of all of it", async () => (await reports(page)).length >= reported + 2);
  const found = silences(await heard(page));
  const { gaps, tier, jitterMs, underruns, bufferMs } = await lastReport(page);
  const list = found.map((ms) => `${ms.toFixed(0)} ms`).join(", ") || "none";
  t.diagnostic(`gaps: ${list}; ${tier}, jitter ${jitterMs.toFixed(0)} ms, ${underruns} underruns, ${bufferMs.toFixed(0)} ms buffered`);
  assert.equal(found.length, gaps, "what is reported is what was heard");
  return found;
}

test("a good line: no gap, normal tier, exact", { skip }, async (t) => {
  const page = await play(GOOD);
  await sleep(4000);
  assert.deepEqual(await gapsOf(t, page), []);
  assert.equal((await lastReport(page)).tier, "normal");
  const { exact, splices } = await player(page);
  assert.deepEqual([exact, splices], [true, 0]);
  await page.context().close();
});

test("stalls of 300 ms every two seconds: no gap", { skip }, async (t) => {
  const page = await play(GOOD);
  for (let i = 0; i < 4; i++) {
    await sleep(1700);
    line.say("stall 300");
  }
  await sleep(1000);
  assert.deepEqual(await gapsOf(t, page), []);
  await page.context().close();
});

test("2 % of packets lost: no gap", { skip }, async (t) => {
  const page = await play("line 15 5 0.02");
  await sleep(9000);
  assert.deepEqual(await gapsOf(t, page), []);
  await page.context().close();
});

test("resets for 100 ms: the stream is taken up where it was, without a gap, in the normal tier", { skip }, async (t) => {
  const page = await play(GOOD);
  await sleep(1000);
  line.say("reset 100");
  await sleep(2500);
  assert.deepEqual(await gapsOf(t, page), []);
  const { exact, splices, skips } = await player(page);
  assert.deepEqual([exact, splices, skips], [true, 0, 0]);
  await page.context().close();
});

test("jitter of 80 ms raises the tier, up to defensive, and then resets for a second leave no gap", { skip }, async (t) => {
  const page = await play("line 10 260 0"); // evenly up to 260 ms: intervals are off by 80 ms on average
  await until("a deeper tier", async () => (await lastReport(page))?.tier === "stable", 20000);
  const before = (await lastReport(page)).gaps;
  await sleep(5000);
  await gapsOf(t, page);
  assert.equal((await lastReport(page)).gaps, before, "no gap once the tier was raised");
  await until("the deepest tier", async () => (await lastReport(page)).tier === "defensive", 20000);
  line.say(GOOD);
  await page.click("#play");
  await sleep(500);
  await forget(page);
  const gaps = (await lastReport(page)).gaps;
  await page.click("#play");
  await until("a deep buffer at once", async () => (await player(page)).depthMs > 1000, 3000);
  await playing(page);
  await sleep(500);
  const calm = await player(page);
  await page.evaluate(() => void (window.errors = []));
  line.say("reset 1000");
  await sleep(3500);
  const found = silences(await heard(page));
  const { splices, skips, depthMs } = await player(page);
  const errors = await page.evaluate(() => window.errors.join("; "));
  t.diagnostic(`after resets: ${depthMs.toFixed(0)} ms buffered, ${splices} splices, ${skips} skips; ${errors || "no errors"}`);
  assert.deepEqual(found, []);
  assert.deepEqual([splices, skips], [calm.splices, calm.skips]);
  assert.equal((await lastReport(page)).gaps, gaps);
  await page.context().close();
});

test("no line for four seconds: one gap, faded at both ends, and it comes back by itself", { skip }, async (t) => {
  const page = await play(GOOD);
  await sleep(1500);
  const natural = largestStep(await heard(page));
  line.say("reset 4000");
  await until("the gap", async () => (await pageState(page)) === "waiting", 5000);
  await playing(page);
  await sleep(1000);
  const found = await gapsOf(t, page);
  assert.equal(found.length, 1);
  assert.ok(found[0] < 9000);
  assert.ok(largestStep(await heard(page)) < 2 * natural, "no click");
  await page.context().close();
});
