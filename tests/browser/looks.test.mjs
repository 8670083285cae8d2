// What the page shows and offers beside the sound: moods, links that carry them, the sleep timer, media keys, the drawer
// of statistics, the light. In Chromium, against real servers.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { realtime } from "../realtime.mjs";
import { launch, openPage, pageState, playing, sleep, startServer, stopServers, until } from "./support.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "auralis-looks-"));
let browser;
let server; // with private streams, one channel
let several; // several channels, no private streams

before(async () => {
  const file = join(folder, "channels.json");
  const channels = [{ name: "work", script: "focus.lua" }, { name: "night", script: "sleep.lua", key: "C minor" }];
  writeFileSync(file, JSON.stringify({ channels }));
  [browser, server, several] = await Promise.all([
    launch(),
    startServer({ env: { AURALIS_PRIVATE_CHANNELS: "32" } }), // the tests leave theirs behind for a while
    startServer({ env: { AURALIS_CHANNELS: file, AURALIS_PRIVATE_CHANNELS: "0" } }),
  ]);
});

after(async () => {
  await browser?.close();
  await stopServers();
  rmSync(folder, { recursive: true });
});

const open = (options, at = server.url) => openPage(browser, at, { tap: false, ...options });
const text = (page, id) => page.textContent(`#${id}`);
const shows = (page, id, pattern) => until(`#${id} shows ${pattern}`, async () => pattern.test(await text(page, id)));
const holds = (page, id, value) => until(`#${id} holds ${value}`, async () => (await page.inputValue(`#${id}`)) === value);
const stopped = (page) => until("it has stopped", async () => (await pageState(page)) === "stopped");
const focused = (page, id) => until(`#${id} has the focus`, () => page.evaluate((it) => document.activeElement.id === it, id));
/** What opens, closes or fades has done so. */
const settled = (page) => until("nothing moves", () => page.evaluate(() =>
  document.getAnimations().every(({ playState, effect }) => playState !== "running" || effect.getComputedTiming().endTime === Infinity)));
const api = async (where, path) => (await fetch(`http://127.0.0.1:${where.port}/api/v1/${path}`)).json();
const openPrivate = async () => (await api(server, "channels")).private.open;
const listeners = async (where, name) => (await api(where, "channels")).channels.find((each) => each.name === name).listeners;

async function chooseMood(page, name) {
  await page.click("#moods-open");
  await page.click(`#moods [data-mood="${name}"]`);
}

async function titled(page, title) {
  await until(`the page shows ${title}`, async () => (await text(page, "title")) === title);
}

async function arrived(page) {
  await playing(page);
  await until("live", async () => (await text(page, "link")) === "Live");
}

// ---- moods ----

test("a mood is a stream of one's own with its settings; its controls touch nobody else", async () => {
  const page = await open();
  const before = await openPrivate();
  await chooseMood(page, "focus");
  await titled(page, "Focus");
  await arrived(page);
  await until("one more stream", async () => (await openPrivate()) === before + 1);
  await shows(page, "place", /^Your own stream$/);
  await shows(page, "whose", /yours alone/);
  await shows(page, "now", /D dorian · 66 BPM/);
  await until("the piece's own controls are there", () => page.locator("#control-drift").isEnabled());
  const shared = (await server.status()).pending.bpm;
  await page.locator("#bpm").fill("81");
  await until("the change is announced", async () => /81 BPM sounds in/.test(await text(page, "next")));
  assert.equal((await server.status()).pending.bpm, shared);
  await until("the shared stream was left", async () => (await server.status()).active_clients === 0);
  await page.click("#moods-open");
  await until("it is marked", () => page.locator('#moods [data-mood="focus"][aria-pressed="true"]').count());
  await page.click('#moods [data-mood="ambient"]');
  await titled(page, "Ambient");
  await until("the shared stream plays that mood", async () => (await server.status()).active_clients === 1);
  await shows(page, "place", /Shared stream/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("another mood while one plays: the old stream is left, the sound comes again", async () => {
  const page = await open();
  const before = await openPrivate();
  await chooseMood(page, "rain");
  await arrived(page);
  await chooseMood(page, "sleep");
  await titled(page, "Sleep");
  await until("the light is of the new mood", () => page.evaluate(() => document.documentElement.style.getPropertyValue("--hue") === "236"));
  await until("its settings sound", async () => /E phrygian · 44 BPM/.test(await text(page, "now")));
  await arrived(page);
  await until("a stream of its own", async () => (await openPrivate()) >= before + 1);
  assert.ok((await page.evaluate(() => window.shift)) < 0.02, "nothing jumped");
  await page.context().close();
});

test("a private stream whose connection breaks is found again; one that is gone is made anew", async () => {
  const own = await startServer();
  const page = await openPage(browser, own.url, { tap: false });
  await chooseMood(page, "rain");
  await arrived(page);
  await page.locator("#bpm").fill("64");
  await until("the change is known", async () => /64 BPM/.test(await text(page, "next")));
  await own.stop();
  const again = await startServer({ port: own.port });
  await until("a private stream again", async () => (await api(again, "channels")).private.open === 1, 30000);
  await until("with what was set", async () => /64 BPM/.test(await text(page, "now")), 20000);
  await titled(page, "Rain");
  await page.context().close();
  await again.stop();
});

test("several shared streams can be chosen from; a mood that one of them plays is heard there", async () => {
  const page = await open({}, several.url);
  await page.click("#moods-open");
  const rows = () => page.$$eval("#moods-channels .row", (all) => all.map((row) => row.dataset.channel).join());
  await until("the shared streams", async () => (await rows()) === "main,work,night");
  await until("why only those", async () => /No stream of your own/.test(await text(page, "moods-notice")));
  await page.click('#moods [data-mood="focus"]');
  await titled(page, "Focus");
  await arrived(page);
  await until("it listens to it", async () => (await listeners(several, "work")) === 1);
  await page.click("#moods-open");
  await page.click('#moods [data-channel="night"]');
  await titled(page, "Sleep");
  await until("it listens there", async () => (await listeners(several, "night")) === 1);
  await until("and nowhere else", async () => (await listeners(several, "work")) === 0);
  await page.click("#stats");
  await until("the drawer names it", async () => (await text(page, "channel")) === "night");
  await page.locator("#intensity").fill("0.9");
  await until("controls go there", async () => (await api(several, "status?channel=night")).pending.intensity === 0.9);
  assert.notEqual((await several.status()).pending.intensity, 0.9);
  await page.context().close();
});

test("where there is no stream of one's own the page says why, and offers the shared ones", async () => {
  const page = await open({}, several.url);
  await page.click("#moods-open");
  await until("it is marked as away", () => page.locator('#moods [data-mood="rain"][data-away]').count());
  await page.click('#moods [data-mood="rain"]');
  await shows(page, "moods-notice", /No stream of your own just now: .+ The shared streams are open/);
  assert.equal(await pageState(page), "stopped");
  await page.context().close();
});

test("a place that was taken in the meantime: told, and back to the shared stream", async () => {
  const full = await startServer({ env: { AURALIS_PRIVATE_CHANNELS: "0" } });
  const other = await openPage(browser, full.url, { tap: false });
  await other.route("**/api/v1/channels", async (route) => {
    const body = await (await fetch(route.request().url().replace("//localhost", "//127.0.0.1"))).json();
    route.fulfill({ json: { ...body, private: { max: 8, open: 0, available: true, reason: "" } } });
  });
  await other.click("#moods-open");
  await other.click('#moods [data-mood="rain"]:not([data-away])');
  await until("told", async () => /Back to the shared stream/.test(await text(other, "toasts")));
  await titled(other, "Ambient");
  await other.keyboard.press("Escape");
  await arrived(other);
  await other.context().close();
  await full.stop();
});

test("moods of one's own: kept over a reload, played, renamed, deleted and taken back", async () => {
  const page = await open();
  await chooseMood(page, "rain");
  await arrived(page);
  await page.locator("#bpm").fill("58");
  await page.locator("#control-wet").fill("0.9");
  await page.click("#moods-open");
  await page.fill("#moods-name", "Slow rain");
  await page.keyboard.press("Enter");
  await until("kept", async () => /“Slow rain” is kept/.test(await text(page, "moods-notice")));
  await shows(page, "moods-own", /Slow rain\s*G major · 58 BPM/);
  await page.reload();
  await page.waitForFunction(() => !document.querySelector("#bpm").disabled);
  await titled(page, "Ambient");
  await page.click("#moods-open");
  await page.getByRole("button", { name: "Slow rain", exact: false }).first().click();
  await titled(page, "Slow rain");
  await arrived(page);
  await shows(page, "now", /G major · 58 BPM/);
  await holds(page, "control-wet", "0.9");
  await page.click("#moods-open");
  await page.getByRole("button", { name: "Rename Slow rain" }).click();
  await page.keyboard.type("Rain at night");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Delete Rain at night" }).click();
  await until("it is gone", async () => (await page.locator("#moods-own li").count()) === 0);
  await shows(page, "moods-notice", /“Rain at night” is gone/);
  await page.getByRole("button", { name: "Undo" }).click();
  await until("it is back", async () => (await page.locator("#moods-own li").count()) === 1);
  await page.context().close();
});

test("a shared link shows the mood at once and plays it after Play", async () => {
  const page = await open();
  await chooseMood(page, "rain");
  await arrived(page);
  await page.locator("#bpm").fill("59");
  await page.locator("#control-hush").fill("0.8");
  await page.locator("#brightness").fill("0.3");
  await page.click("#share-open");
  const link = await until("the link", async () => {
    const now = await page.inputValue("#share-link");
    return /#mood=rain&.*bpm=59/.test(now) && now;
  });
  await page.context().close();

  const other = await open({}, link);
  await titled(other, "Rain");
  assert.equal(await pageState(other), "stopped");
  await holds(other, "bpm", "59");
  const before = await openPrivate();
  await other.click("#play");
  await arrived(other);
  assert.ok((await openPrivate()) >= before, "a stream of its own");
  await shows(other, "place", /^Your own stream$/);
  await shows(other, "now", /G major · 59 BPM/);
  await holds(other, "control-hush", "0.8");
  await until("the brightness too", async () => (await other.inputValue("#brightness")) === "0.3");
  assert.deepEqual(other.problems, []);
  await other.context().close();
});

test("a control turned before Play is part of what Play asks for", async () => {
  const page = await open({}, `${server.url}#mood=focus&bpm=71`);
  await titled(page, "Focus");
  await holds(page, "bpm", "71");
  await page.locator("#bpm").fill("90");
  await page.click("#play");
  await arrived(page);
  await shows(page, "now", /D dorian · 90 BPM/);
  await page.context().close();
});

test("a malformed link is told, and the page plays the shared stream", async () => {
  for (const [hash, expected] of [
    ["#mood=focus&bpm=900", /cannot be played: bpm: “900” is not allowed; allowed: a whole number from 40 to 200/],
    ["#mood=nothere", /no mood “nothere”/],
    ["#mood=%ff%fe&&&=&key", /cannot be played/],
  ]) {
    const page = await open({}, server.url + hash);
    await until("told", async () => expected.test(await text(page, "toasts")));
    await until("the address is the page's", () => new URL(page.url()).hash === "");
    await titled(page, "Ambient");
    await page.click("#play");
    await arrived(page);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  }
  const page = await open({}, `${server.url}#mood=focus&set.nothing=0.5`);
  await titled(page, "Focus");
  await page.click("#play");
  await until("the server's word", async () => /nothing.*Back to the shared stream/s.test(await text(page, "toasts")));
  await page.context().close();
});

// ---- sleep timer, media keys ----

const FADES = `
  window.fades = [];
  const ramp = AudioParam.prototype.setValueCurveAtTime;
  AudioParam.prototype.setValueCurveAtTime = function (curve, at, seconds) {
    fades.push({ from: curve[0], to: curve.at(-1), seconds });
    return ramp.call(this, curve, at, seconds);
  };
`;

test("the sleep timer counts down, fades for minutes, stops, and can be cancelled", async () => {
  const page = await open({ init: FADES });
  await page.clock.install();
  await page.reload();
  await page.waitForFunction(() => !document.querySelector("#bpm").disabled);
  await page.click("#sleep-open");
  await page.click('#sleep [data-minutes="30"]');
  await until("it plays", async () => (await pageState(page)) !== "stopped");
  await until("it says so", async () => /Sleep timer, 30 minutes left/.test(await page.getAttribute("#sleep-open", "aria-label")));
  await page.clock.fastForward(10 * 60000);
  await shows(page, "sleep-left", /^(20:00|19:\d\d)$/);
  await page.click("#sleep-open");
  await page.click("#sleep-cancel");
  await shows(page, "sleep-left", /^Sleep$/);
  await page.click("#sleep-open");
  await page.fill("#sleep-minutes", "20");
  await page.click("#sleep-custom button");
  await page.evaluate(() => (fades.length = 0));
  for (let minute = 0; minute < 17; minute++) await page.clock.fastForward(60000);
  const [fade] = await until("it fades", async () => {
    const all = await page.evaluate(() => fades);
    return all.length > 0 && all;
  });
  assert.ok(fade.from > 0.9 && fade.to === 0 && fade.seconds > 170 && fade.seconds <= 240, JSON.stringify(fade));
  assert.notEqual(await pageState(page), "stopped");
  for (let minute = 0; minute < 4; minute++) await page.clock.fastForward(61000);
  await until("silence", async () => (await pageState(page)) === "stopped");
  await shows(page, "sleep-left", /^Sleep$/);
  await page.context().close();
});

for (const width of [320, 390, 1440]) {
  test(`at ${width} pixels a timer of hours takes no more room than the word Sleep`, async () => {
    const page = await open({ viewport: { width, height: 900 } });
    const places = () => page.$$eval(".tools button", (all) => all.map((each) => JSON.stringify(each.getBoundingClientRect())));
    const before = await places();
    for (const [minutes, shown] of [[90, /^1h (30|29)$/], [30, /^(30:00|29:\d\d)$/], [720, /^1[12] h$/]]) {
      await page.click("#sleep-open");
      if (await page.isVisible("#sleep-cancel")) {
        await page.click("#sleep-cancel");
        await page.click("#sleep-open");
      }
      await page.fill("#sleep-minutes", String(minutes));
      await page.click("#sleep-custom button");
      await shows(page, "sleep-left", shown);
      assert.deepEqual(await places(), before, `${minutes} minutes`);
    }
    await page.context().close();
  });
}

const MEDIA = `
  window.keys = {};
  const set = MediaSession.prototype.setActionHandler;
  MediaSession.prototype.setActionHandler = function (action, run) {
    keys[action] = run;
    return set.call(this, action, run);
  };
`;

test("the system's media keys play and stop, and it is told what plays", async () => {
  const page = await open({ init: MEDIA });
  const session = () => page.evaluate(() => {
    const { metadata, playbackState } = navigator.mediaSession;
    return { playbackState, title: metadata?.title, artist: metadata?.artist, artwork: metadata?.artwork.map(({ src, sizes, type }) => ({ src: src.slice(0, 22), sizes, type })) };
  });
  await page.evaluate(() => keys.play());
  await arrived(page);
  const told = await until("the artwork", async () => {
    const now = await session();
    return now.artwork?.length > 0 && now;
  });
  assert.deepEqual(told, {
    playbackState: "playing", title: "Ambient", artist: "Auralis",
    artwork: [{ src: "data:image/png;base64,", sizes: "512x512", type: "image/png" }],
  });
  await page.evaluate(() => keys.pause());
  await stopped(page);
  await until("the system knows", async () => (await session()).playbackState === "paused");
  await page.evaluate(() => keys.play());
  await arrived(page);
  await page.evaluate(() => keys.stop());
  await stopped(page);
  await chooseMood(page, "rain");
  await until("the mood's name", async () => (await session()).title === "Rain");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

for (const width of [320, 1440]) {
  test(`at ${width} pixels a long name takes no more room than a short one`, async () => {
    const name = "Donaudampfschifffahrtsgesellschaft, spät";
    const tall = (page) => page.evaluate(() => document.querySelector("h1").getBoundingClientRect().height);
    const short = await open({ viewport: { width, height: 900 } });
    await titled(short, "Ambient");
    const page = await open({ viewport: { width, height: 900 } }, `${server.url}#mood=focus&title=${encodeURIComponent(name)}`);
    await titled(page, name);
    assert.equal(await tall(page), await tall(short));
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "no sideways scroll");
    const seen = await page.evaluate(() => {
      const { clientWidth, clientHeight, scrollWidth, scrollHeight } = document.querySelector("#title");
      return scrollWidth <= clientWidth && scrollHeight <= clientHeight;
    });
    assert.ok(seen, "all of it is seen");
    assert.ok((await page.evaluate(() => window.shift)) < 0.02, "nothing jumped");
    for (const each of [short, page]) await each.context().close();
  });
}

// ---- statistics ----

test("the drawer shows what the player and the stream report, and moves nothing", async () => {
  const page = await open();
  await page.click("#stats");
  await until("it is open", async () => (await page.getAttribute("#stats", "aria-expanded")) === "true");
  await shows(page, "tier", /^–$/);
  await page.click("#play");
  await arrived(page);
  const status = await server.status();
  const expected = {
    tier: /^(Minimal|Normal|Stable|Defensive)$/, jitter: /^\d+(\.\d)? ms$/, underruns: /^\d+$/, buffer: /^\d+ ms of \d+ ms$/,
    latency: /^\d+ ms$/, rtt: /^\d+(\.\d)? ms$/, format: /^FLAC$/, rate: /^(Exact|[+−]0\.\d\d %)$/, listeners: /^1$/,
    channel: /^main$/, seed: /^7$/, "sample-rate": /^44\.1 kHz$/,
  };
  for (const [id, pattern] of Object.entries(expected)) {
    await until(`${id}: ${pattern}`, async () => pattern.test(await text(page, id)));
  }
  await until("the device", async () => (await text(page, "device")) === status.device);
  await until("the curve grows", async () => ((await page.getAttribute("#depth-line", "points")) ?? "").split(" ").length >= 3);
  assert.ok((await page.evaluate(() => window.shift)) < 0.02, "nothing jumped");
  await page.keyboard.press("Escape");
  await until("it is closed", () => page.isHidden("#drawer"));
  await focused(page, "stats");
  await page.context().close();
});

// ---- the light ----

const FRAMES = `
  window.drawn = 0;
  const request = requestAnimationFrame;
  window.requestAnimationFrame = (run) => request((now) => { drawn++; run(now); });
`;

/** How much the light changes from one look to the next, over two seconds: the mean of absolute differences. */
function motion(page) {
  return page.evaluate(async () => {
    const canvas = document.querySelector("#aurora");
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    const look = () => {
      copy.clearRect(0, 0, canvas.width, canvas.height);
      copy.drawImage(canvas, 0, 0);
      return copy.getImageData(0, 0, canvas.width, canvas.height).data;
    };
    let [sum, last] = [0, look()];
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const now = look();
      for (let k = 0; k < now.length; k += 4) sum += Math.abs(now[k + 3] - last[k + 3]) + Math.abs(now[k + 1] - last[k + 1]);
      last = now;
    }
    return sum / (20 * last.length);
  });
}

realtime("the light moves with what sounds, not by itself", {}, async (t) => {
  const own = await startServer();
  const page = await openPage(browser, own.url, { tap: false, init: FRAMES });
  assert.equal(await motion(page), 0, "nothing moves before there is sound");
  await page.click("#play");
  await arrived(page);
  await sleep(2500);
  const loud = await motion(page);
  await own.control({ level: 0 });
  assert.ok(loud > 0.05, `it moves: ${loud}`);
  let silent;
  await until("in silence it rests", async () => (silent = await motion(page)) < loud / 100, 40000);
  t.diagnostic(`motion ${loud.toFixed(3)} with sound, ${silent.toFixed(4)} in silence`);
  await own.control({ level: 1 });
  await until("it wakes", async () => (await motion(page)) > loud / 4);
  await page.click("#play");
  await until("it sinks and no frame is drawn", async () => {
    const before = await page.evaluate(() => drawn);
    await sleep(500);
    return (await page.evaluate(() => drawn)) === before;
  });
  assert.deepEqual(page.problems, []);
  await page.context().close();
  await own.stop();
});

test("no frame is drawn while the light is out of sight", async () => {
  const page = await open({ init: FRAMES, viewport: { width: 360, height: 740 } });
  await page.click("#play");
  await arrived(page);
  const rate = async () => {
    const before = await page.evaluate(() => drawn);
    await sleep(600);
    return (await page.evaluate(() => drawn)) - before;
  };
  await until("frames", async () => (await rate()) > 5);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await until("none out of sight", async () => (await rate()) === 0);
  await page.evaluate(() => scrollTo(0, 0));
  await until("frames again", async () => (await rate()) > 5);
  await page.context().close();
});

// ---- for everyone ----

/** What axe finds that is serious, in the page as it stands. */
async function violations(page) {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing serious on the ${colorScheme} page, its sheets and its drawer`, async () => {
    const page = await open({ colorScheme, viewport: { width: 390, height: 844 } });
    assert.deepEqual(await violations(page), [], "at first");
    await page.click("#play");
    await arrived(page);
    assert.deepEqual(await violations(page), [], "playing");
    await page.click("#stats");
    await settled(page);
    assert.deepEqual(await violations(page), [], "statistics");
    await page.keyboard.press("Escape");
    for (const name of ["moods", "sleep", "share"]) {
      await page.click(`#${name}-open`);
      if (name === "moods") await page.fill("#moods-name", "Mine");
      if (name === "moods") await page.keyboard.press("Enter");
      await settled(page);
      assert.deepEqual(await violations(page), [], name);
      await page.keyboard.press("Escape");
    }
    await page.context().close();
  });
}

test("sheets hold the focus, close with Escape and give it back; at 320 pixels everything in them can be touched", async () => {
  const page = await open({ viewport: { width: 320, height: 568 } });
  for (const name of ["moods", "sleep", "share"]) {
    await page.focus(`#${name}-open`);
    await page.keyboard.press("Enter");
    await until(`${name} has the focus`, () => page.evaluate((id) => document.getElementById(id).contains(document.activeElement), name));
    const small = await page.$$eval(`#${name} button, #${name} input:not([readonly])`, (all) =>
      all.filter((each) => each.checkVisibility() && Math.round(each.getBoundingClientRect().height) < 44).map((each) => each.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(small, [], name);
    assert.ok(await page.evaluate((id) => document.getElementById(id).scrollWidth <= document.getElementById(id).clientWidth, name), `${name} is not too wide`);
    await page.keyboard.press("Escape");
    await focused(page, `${name}-open`);
  }
  await page.context().close();
});
