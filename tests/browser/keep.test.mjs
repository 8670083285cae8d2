// What was heard is kept, found again, gone back to: the page's keep button, its sheets of takes, sessions and branches,
// and moods on the server. In Chromium, against real servers.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { launch, listen, openPage, pageState, playing, RATE, sleep, startServer, stopServers, until } from "./support.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const CHUNK = RATE / 10; // frames

// Two bars of 4/4 at 120 BPM: a boundary every 4 s. The pitches are the seed's.
const PIECE = `return {
  title = "Bench",
  patches = { pad = { voice = "pad", attack = 0.05, release = 0.2 } },
  phrase = function(ctx)
    local random = ctx.random "line"
    for beat = 0, 7 do
      ctx:note { patch = "pad", at = beat, beats = 1, pitch = random:int(50, 74) }
    end
    return 2
  end,
}
`;

const folder = mkdtempSync(join(tmpdir(), "auralis-keep-"));
let browser;
let server;
let page; // plays from the first test on

before(async () => {
  const script = join(folder, "bench.lua");
  writeFileSync(script, PIECE);
  [browser, server] = await Promise.all([launch(), startServer({ args: ["--script", script] })]);
  await server.control({ bpm: 120 });
  page = await openPage(browser, server.url, { tap: false, acceptDownloads: true });
});

after(async () => {
  await browser?.close();
  await stopServers();
  rmSync(folder, { recursive: true, force: true });
});

const text = (id) => page.textContent(`#${id}`);
const named = (name, role = "button") => page.getByRole(role, { name });
const oneTake = async () => (await server.api("takes")).takes[0];
/** Takes are rendered with what the machine has to spare, so a busy one needs its time. */
const done = (name) => until(`the take is done`, async () => {
  const take = await oneTake();
  assert.notEqual(take.state, "failed", take.error);
  return take.state === "done" && (name === undefined || take.name === name) && take;
}, 60000);

/** What a press that downloads something brings: { name, bytes }. */
async function downloaded(run) {
  const [download] = await Promise.all([page.waitForEvent("download"), run()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

/** Frames of a FLAC file, from its STREAMINFO. */
const flacFrames = (bytes) => Number(bytes.readBigUInt64BE(18) & 0xfffffffffn);

function decodeFlac(bytes) {
  const { stdout, status } = spawnSync("flac", ["-dcs", "--force-raw-format", "--endian=little", "--sign=signed", "-"], { input: bytes, maxBuffer: 1 << 26 });
  assert.equal(status, 0);
  return new Int16Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
}

/** What K keeps beside the sound. */
const kept = () => page.evaluate(async () => (await import("/preferences.js")).keptExtras());

/** How much of a picture is drawn on, 0 to 1. */
const painted = (canvas) => canvas.evaluate((each) => {
  const { data } = each.getContext("2d").getImageData(0, 0, each.width, each.height);
  return data.filter((value, i) => i % 4 === 3 && value > 0).length / (data.length / 4);
});

async function open(name) {
  if (await page.evaluate((id) => document.getElementById(id)?.open, name)) return;
  await page.click(`#${name}-open`);
  await until(`${name} is open`, () => page.evaluate((id) => document.getElementById(id)?.open, name));
}

// ---- takes ----

test("K keeps what was heard, to the bit, and nobody's listening is disturbed", async () => {
  const other = await listen(server.port);
  await page.click("#play");
  await playing(page);
  await sleep(8000);
  const place = () => page.evaluate(() => ({ ...window.players.at(-1) }));
  const before = await place();
  const [request] = await Promise.all([page.waitForRequest("**/api/v1/keep"), page.keyboard.press("k")]);
  const { until_chunk: chunk, minutes, stems, midi } = request.postDataJSON();
  assert.deepEqual({ stems, midi }, { stems: true, midi: true });
  const now = await place();
  assert.equal(minutes, 10);
  assert.ok(chunk >= Math.floor(before.nextIndex - before.depthMs / 100) - 3, `what was heard: ${chunk}, ${JSON.stringify(before)}`);
  assert.ok(chunk < now.nextIndex - now.depthMs / 200, `not what only came: ${chunk}, ${JSON.stringify(now)}`);
  await until("it is told at once", async () => /^Keeping \d+:\d\d …/.test(await text("toasts")));
  await done();
  await until("and when it is done", async () => /Kept 0:\d\d/.test(await text("toasts")), 60000);
  const take = await oneTake();
  assert.equal(take.to_frame, (chunk + 1) * CHUNK);
  const file = await downloaded(() => page.click(".kept-links a"));
  assert.equal(flacFrames(file.bytes), take.to_frame - take.from_frame);
  const samples = decodeFlac(file.bytes);
  const shared = { from: Math.max(other.start(), take.from_frame), to: take.to_frame };
  assert.ok(shared.to - shared.from > 5 * RATE, "both heard some of it");
  const streamed = other.pcm().subarray(2 * (shared.from - other.start()), 2 * (shared.to - other.start()));
  assert.deepEqual(Buffer.from(samples.subarray(2 * (shared.from - take.from_frame))).equals(Buffer.from(streamed)), true);
  assert.equal(await pageState(page), "playing");
  assert.ok((await page.evaluate(() => window.shift)) < 0.02, "nothing jumped");
  await other.close();
});

test("the sheet shows the take: picture, name, files; it plays instead of the stream", async () => {
  await page.click(".kept-links button");
  const row = page.locator("#panel-takes .entry");
  await until("one take", async () => (await row.count()) === 1);
  assert.match(await row.locator("canvas").getAttribute("aria-label"), /^Waveform of Bench, \d+ seconds$/);
  await until("the waveform", async () => (await painted(row.locator("canvas"))) > 0.02);
  const labels = await row.locator(".files a").evaluateAll((all) => all.map((each) => each.firstChild.textContent.trim() || each.textContent.trim()));
  assert.ok((await row.locator(".files a").first().textContent()).includes("FLAC"), labels.join());

  await named("Rename Bench").click();
  await page.keyboard.type("Morning");
  await page.keyboard.press("Enter");
  await done("Morning");
  await until("it is named so here too", async () => (await row.locator("h3").textContent()) === "Morning");
  await named("Rename Morning").click();
  await page.keyboard.press("Escape");
  assert.ok(await page.evaluate(() => document.getElementById("takes").open), "Escape leaves the name alone, not the sheet");

  await named("Play Morning").click();
  await until("it plays", () => named("Pause Morning").count());
  assert.equal(await pageState(page), "stopped");
  const place = page.getByRole("slider", { name: "Position in Morning" });
  await until("it moves", async () => Number(await place.inputValue()) > 0.2);
  await place.fill("5");
  await until("another place", async () => /^0:0[56] of 0:/.test(await place.getAttribute("aria-valuetext")));
  await page.keyboard.press("Escape");
  assert.equal(await named("Pause Morning").count(), 0, "closed, it is silent");
  await page.click("#play");
  await playing(page);
});

test("the menu keeps a minute with stems and notes under a name; deletion asks first", async () => {
  await page.click("#keep-more");
  await page.locator("#keep-sheet").getByText("1 min").click();
  await page.fill("#keep-name", "With everything");
  await page.uncheck("#keep-stems");
  assert.deepEqual(await kept(), { stems: false, midi: true }, "and K keeps to it");
  await page.check("#keep-stems");
  await named("Keep the last minute").click();
  await done("With everything");
  await open("takes");
  await until("both takes", async () => (await page.locator("#panel-takes .entry").count()) === 2);
  const row = page.locator("#panel-takes .entry").first();
  await until("its files", async () => (await row.locator(".files a").count()) > 4);
  assert.match(await row.locator(".files").first().textContent(), /MIDI/);
  assert.ok((await row.locator(".stems a").count()) >= 2, "stems");
  await row.locator("summary").click();
  const stem = await downloaded(() => row.locator(".stems a").first().click());
  assert.equal(flacFrames(stem.bytes), (await oneTake()).to_frame - (await oneTake()).from_frame);
  await named("Delete With everything").click();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#panel-takes .entry").count(), 2);
  await named("Delete With everything").click();
  await named("Delete", "button").and(page.locator(".asked button")).first().click();
  await until("gone", async () => (await page.locator("#panel-takes .entry").count()) === 1);
  assert.equal((await server.api("takes")).takes.length, 1);
});

// ---- sessions ----

test("sessions: the one that is recorded, a part of it kept, exported, and taken in elsewhere", async () => {
  await open("takes");
  await page.getByRole("tab", { name: "Takes" }).focus();
  await page.keyboard.press("ArrowRight");
  const row = page.locator("#panel-sessions .entry");
  await until("the session", async () => (await row.count()) === 1);
  assert.ok(await row.getByText("Recording now").isVisible());
  assert.match(await row.locator(".row-line").first().textContent(), /main/);
  assert.match(await row.locator("canvas").getAttribute("aria-label"), /^Waveform of the session Bench, \d.* seconds?$/);
  await until("its picture", async () => (await painted(row.locator("canvas"))) > 0.02);
  await page.keyboard.press("Escape");
  await Promise.all([page.waitForRequest("**/sessions/*/waveform"), page.click("#takes-open")]); // it went on meanwhile
  await named("Keep a part of the session Bench").click();
  await page.getByLabel("From").fill("0:05");
  await page.getByLabel("To", { exact: true }).fill("0:03");
  await row.getByRole("button", { name: "Keep", exact: true }).click();
  assert.match(await row.locator(".wrong").textContent(), /after the beginning/);
  await page.getByLabel("From").fill("0:01");
  await row.getByRole("button", { name: "Keep", exact: true }).click();
  await until("two seconds", async () => (await oneTake()).seconds === 2);
  await done();
  await until("the take in its tab", async () => (await page.locator("#panel-takes .entry").count()) === 2);
  await page.click("#tab-sessions");
  const file = await downloaded(() => page.getByRole("link", { name: "Export the session Bench" }).click());
  assert.match(file.name, /\.auralis$/);
  await page.keyboard.press("Escape");

  const elsewhere = await startServer();
  const there = await openPage(browser, elsewhere.url, { tap: false });
  await there.click("#takes-open");
  await there.click("#tab-sessions");
  await until("its own session", async () => (await there.locator("#panel-sessions .entry").count()) === 1);
  await there.setInputFiles("#session-file", { name: "bench.auralis", mimeType: "application/octet-stream", buffer: file.bytes });
  await until("taken in", async () => (await there.locator("#panel-sessions .entry").count()) === 2);
  const taken = there.locator("#panel-sessions .entry", { hasText: "Bench" });
  await until("its picture came with it", async () => (await painted(taken.locator("canvas"))) > 0.02);
  await there.setInputFiles("#session-file", { name: "no.auralis", mimeType: "application/octet-stream", buffer: Buffer.from("nothing") });
  await until("what is none is told", async () => /^(?!.*Taking in).+/.test(await there.textContent("#takes .notice")));
  await there.context().close();
  await elsewhere.stop();
});

// ---- branches ----

test("two phrases back with another seed is a branch that sounds, and the first can be gone back to", async () => {
  await until("phrases to go back to", async () => Number((await server.status()).current_phrase_id.split("_")[1]) >= 3);
  await open("rewind");
  const lane = page.locator("#rewind .lane");
  await until("the first branch", async () => (await lane.count()) === 1);
  assert.match(await lane.first().textContent(), /The first.*Sounds now/s);
  await page.fill("#rewind-seed", "4711");
  await named("Go back").click();
  const state = () => page.textContent("#rewind .headline");
  await until("the countdown", async () => /^2 phrases back, sounds (in \d bars?|now)$/.test(await state()));
  await until("a second lane", async () => (await lane.count()) === 2);
  await until("it sounds", async () => /^Sounds now: 2 phrases back$/.test(await state()));
  await until("and is marked", async () => /Branch 2.*Sounds now/s.test(await lane.nth(1).textContent()));
  assert.match(await lane.nth(1).textContent(), /seed 4711/);
  assert.equal((await server.api("channels/main/branches")).branches.find((each) => each.current).seed, 4711);
  const [from, to] = await lane.nth(1).evaluate((each) => [each.style.getPropertyValue("--from"), each.style.getPropertyValue("--to")].map(Number));
  assert.ok(from > 0 && to > from && to <= 1, `${from} ${to}`);
  await lane.first().click();
  await until("announced", async () => /^The first, sounds/.test(await state()));
  await until("back", async () => /The first.*Sounds now/s.test(await lane.first().textContent()));
  assert.equal((await server.api("channels/main/branches")).branches.find((each) => each.current).id, 0);
  await page.fill("#rewind-phrases", "60");
  await named("Go back").click();
  await until("what is too far is told", async () => /60.*allowed/.test(await state()));
  await page.keyboard.press("Escape");
  assert.equal(await pageState(page), "playing");
});

// ---- moods on the server ----

test("a mood that is saved on the server is everybody's; as a file it is carried on", async () => {
  const own = await startServer();
  page = await openPage(browser, own.url, { tap: false });
  const guest = await openPage(browser, own.url, { tap: false });
  await page.locator("#bpm").fill("58");
  await until("set", async () => (await own.status()).pending.bpm === 58);
  await page.click("#moods-open");
  await page.fill("#moods-name", "Slow one");
  await page.keyboard.press("Enter");
  await named("Save Slow one on the server").click();
  await until("told", async () => /“Slow one” is on the server/.test(await text("moods-notice")));
  await guest.click("#moods-open");
  await until("there", async () => /Slow one.*58 BPM/s.test(await guest.textContent("#moods-server")));
  const { bytes } = await downloaded(() => page.getByRole("link", { name: "Export" }).click());
  assert.equal(JSON.parse(bytes).presets[0].title, "Slow one");
  await named("Delete Slow one from the server").click();
  await page.locator(".asked .danger").click();
  await until("gone", async () => (await page.locator("#moods-server .own-row").count()) === 0);
  assert.ok(!(await own.api("presets")).presets.some(({ name }) => name === "slow-one"));
  await page.setInputFiles("#moods-file", { name: "presets.json", mimeType: "application/json", buffer: bytes });
  await until("back", async () => (await page.locator("#moods-server .own-row").count()) === 1);
  await page.setInputFiles("#moods-file", { name: "no.json", mimeType: "application/json", buffer: Buffer.from("[") });
  await until("what is none is told", async () => /holds no moods/.test(await text("moods-notice")));
  await guest.context().close();
  await page.context().close();
  await own.stop();
});

// ---- where it cannot be had ----

test("without a journal, and without the token, the page says so calmly", async () => {
  const none = await startServer({ args: ["--db", "none"] });
  page = await openPage(browser, none.url, { tap: false });
  await page.keyboard.press("k");
  await until("told", async () => /keeps no journal/.test(await text("toasts")));
  await open("takes");
  await until("told there", async () => /keeps no journal/.test(await page.textContent("#takes .notice")));
  await page.context().close();
  await none.stop();

  const locked = await startServer({ env: { AURALIS_EDIT_TOKEN: "sesame" } });
  page = await openPage(browser, locked.url, { tap: false, extraHTTPHeaders: { "X-Forwarded-For": "192.0.2.7" } }); // as behind a proxy
  await page.keyboard.press("k");
  await until("the token is asked for", async () => /needs this server's edit token/.test(await page.textContent("#keep-sheet")));
  await page.fill("#keep-token", "sesame");
  await page.keyboard.press("Enter");
  await until("kept", async () => (await locked.api("takes")).takes.length === 1);
  await page.context().close();
  await locked.stop();
});

// ---- for everyone ----

async function violations(where) {
  await where.evaluate(AXE);
  const { violations: found } = await where.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.filter(({ impact }) => impact !== "minor").map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

for (const [colorScheme, width] of [["light", 320], ["dark", 390]]) {
  test(`axe finds nothing on the ${colorScheme} sheets at ${width} pixels, nothing is too wide, all can be touched`, async () => {
    page = await openPage(browser, server.url, { tap: false, colorScheme, viewport: { width, height: 740 } });
    const look = async (id) => {
      await sleep(500);
      assert.deepEqual(await violations(page), [], id);
      assert.ok(await page.evaluate((sheet) => document.getElementById(sheet).scrollWidth <= document.getElementById(sheet).clientWidth, id), `${id} is not too wide`);
      const small = await page.$$eval(`#${id} :is(button, a, input:not(.unseen, .seek, [type=checkbox]), summary)`, (all) =>
        all.filter((each) => each.checkVisibility() && Math.round(each.getBoundingClientRect().height) < 44).map((each) => each.outerHTML.slice(0, 80)));
      assert.deepEqual(small, [], id);
    };
    await page.click("#keep-more");
    await look("keep-sheet");
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate(() => document.activeElement.id), "keep-more");
    await open("takes");
    await until("takes", async () => (await page.locator("#panel-takes .entry").count()) > 0);
    await look("takes");
    await page.click("#tab-sessions");
    await page.locator("#panel-sessions .part").first().click();
    await look("takes");
    await page.keyboard.press("Escape");
    await open("rewind");
    await until("branches", async () => (await page.locator("#rewind .lane").count()) === 2);
    await look("rewind");
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
    await page.context().close();
  });
}
