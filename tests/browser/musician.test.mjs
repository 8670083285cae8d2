// A musician's quarter of an hour in half a minute: in the page an edit is mistyped, taken back, saved, heard, and undone, while
// another listener records the stream. What is recorded is compared, sample by sample, with a file of the text that plays.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";

import { realtime } from "../realtime.mjs";
import { readWav, run } from "../blackbox/support.mjs";
import { launch, listen, openPage, playing, RATE, startServer, stopServers, until } from "./support.mjs";

const BARS = 4;
const PHRASE_MS = BARS * 2000; // of 4/4 at 120 BPM
const HOME = 57; // A3, 220 Hz
const AWAY = 64; // E4, 329.6 Hz
const SECONDS = 120; // of the file to compare with

const piece = (pitch) => `return {
  title = "Pitch ${pitch}",
  defaults = { bpm = 120 },
  patches = { tone = { voice = "lead", release = 0.2, vibrato_depth = 0, delay = 0 } },
  effects = { reverb = { decay = 0.5 } },
  phrase = function(ctx)
    for beat = 0, ${4 * BARS - 1} do
      ctx:note { patch = "tone", at = beat, beats = 0.9, pitch = ${pitch} }
    end
    return ${BARS}
  end,
}
`;
const BROKEN = piece(AWAY).replace("ctx:note {", "ctx:note { patch = ,");
const BROKEN_LINE = 8;

let browser;
let server;
const folder = mkdtempSync(join(tmpdir(), "auralis-musician-"));
const file = join(folder, "play.lua");

before(async () => {
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await stopServers();
  rmSync(folder, { recursive: true, force: true });
});

/** How much of the frequency a mono view of interleaved samples has. */
function strength(samples, hz) {
  let re = 0, im = 0;
  for (let i = 0; i < samples.length / 2; i++) {
    const angle = (2 * Math.PI * hz * i) / RATE;
    re += samples[2 * i] * Math.cos(angle);
    im += samples[2 * i] * Math.sin(angle);
  }
  return Math.hypot(re, im);
}

class Musician {
  constructor(page, recording) {
    Object.assign(this, { page, recording, headlines: [] });
  }

  state() {
    return this.page.textContent("#script-state");
  }

  says(pattern, timeoutMs) {
    return until(`the page says ${pattern}`, async () => {
      const text = await this.state();
      if (this.headlines.at(-1) !== text) this.headlines.push(text);
      return pattern.test(text);
    }, timeoutMs);
  }

  async type(script) {
    await this.page.locator("#code .cm-content").click();
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.insertText(script);
  }

  async shown() {
    return `${(await this.page.locator("#code .cm-content").innerText()).trimEnd()}\n`;
  }

  /** Saves (by the key, or the button) when so much of the phrase is left that nothing is decided meanwhile. */
  async save(button = false) {
    await until("the first half of a phrase", async () => (await server.status()).next_phrase_in_ms > PHRASE_MS / 2);
    await (button ? this.page.click("#script-save") : this.page.keyboard.press("Control+s"));
  }

  /** The frame of the stream at which the edit that is armed now was announced to sound. */
  announced() {
    const { message, frame } = this.recording.updates.findLast((each) => each.message.state === "armed");
    return Math.round((frame + (message.sounds_in_ms * RATE) / 1000) / 64) * 64;
  }

  async plays(frame, seconds = 1) {
    await until("the recording goes on", () => this.recording.end() > frame + seconds * RATE, PHRASE_MS + 5000);
  }
}

const leave = async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await stopServers();
};

realtime("errors at their line, a countdown, edits heard where announced, mistakes never", {}, async (t) => {
  writeFileSync(file, piece(HOME));
  server = await startServer({ args: ["--script", file] });
  const wav = join(folder, "home.wav");
  const render = ["render", file, "-o", wav, "--seed", "7", "--duration", String(SECONDS), "--bits", "16"];
  assert.equal((await run(t, render)).code, 0);
  const home = new Int16Array(Uint8Array.from(readWav(wav).samples).buffer);

  const page = await openPage(browser, `${server.url}#script`, { tap: false });
  const recording = await listen(server.port);
  const me = new Musician(page, recording);
  await me.says(/This is what plays/);
  await page.click("#play");
  await playing(page);

  // a mistake, typed: marked at its line within a second
  await me.type(BROKEN);
  const typed = performance.now();
  const mark = page.locator("#code .cm-lintRange-error");
  await until("the mark", () => mark.count(), 5000);
  const took = performance.now() - typed;
  t.diagnostic(`marked after ${Math.round(took)} ms`);
  assert.ok(took < 1000, `the mistake is marked after ${Math.round(took)} ms`);
  const line = await mark.first().evaluate((element) => element.closest(".cm-line").textContent);
  assert.equal(line, BROKEN.split("\n")[BROKEN_LINE - 1]);
  await me.says(new RegExp(`^line ${BROKEN_LINE}: .*What played plays on$`));
  await page.keyboard.press("Control+s");
  await me.says(new RegExp(`^line ${BROKEN_LINE}: `));
  assert.equal(readFileSync(file, "utf8"), piece(HOME), "a refused text is not written");

  // the same mistake saved by another editor: told within a second, too
  await page.click("#script-revert");
  await me.says(/This is what plays/);
  writeFileSync(file, BROKEN);
  const saved = performance.now();
  await me.says(new RegExp(`line ${BROKEN_LINE}: `), 5000);
  const told = performance.now() - saved;
  t.diagnostic(`told after ${Math.round(told)} ms`);
  assert.ok(told < 1000, `the mistake is told after ${Math.round(told)} ms`);
  await until("the mark", () => mark.count());
  await page.click("#script-revert");
  await me.says(/This is what plays/);
  assert.equal(await me.shown(), piece(HOME));
  assert.equal(readFileSync(file, "utf8"), piece(HOME));

  // an edit that waits is taken back: text and sound stay
  await me.type(piece(AWAY));
  await me.save();
  await me.says(/^Armed, sounds in \d bars?$/);
  const takenBack = me.announced();
  await page.click("#script-revert");
  await me.says(/This is what plays/);
  assert.equal(await me.shown(), piece(HOME));
  assert.equal(readFileSync(file, "utf8"), piece(HOME));
  await me.plays(takenBack);

  // and now it may sound: it is counted down, and heard where it was announced
  await me.type(piece(AWAY));
  await me.save();
  await me.says(/^Armed, sounds in \d bars?$/);
  const away = me.announced();
  me.headlines = [];
  await me.says(/This is what plays/, PHRASE_MS + 5000);
  const bars = me.headlines.filter((text) => /^Armed/.test(text)).map((text) => Number(/\d+/.exec(text)?.[0] ?? 0));
  t.diagnostic(`counted down: ${bars}`);
  assert.ok(bars.length >= 2 && bars.every((n, i) => i === 0 || n < bars[i - 1]), `counted down: ${bars}`);
  await me.plays(away, 2);

  // back to the version before: text and sound together
  await page.locator("#script-version").focus();
  await until("the versions", async () => (await page.locator("#script-version option").count()) > 2);
  const former = await page.locator("#script-version option").evaluateAll((options) =>
    options.filter((each) => each.value && !/on disk|plays/.test(each.textContent)).map((each) => each.value));
  await page.selectOption("#script-version", former[0]);
  await until("the former text", async () => (await me.shown()) === piece(HOME));
  await me.save(true);
  await me.says(/^Armed/);
  const back = me.announced();
  await me.says(/This is what plays/, PHRASE_MS + 5000);
  await me.plays(back, 2);
  assert.equal(readFileSync(file, "utf8"), piece(HOME));
  assert.equal((await server.status()).title, `Pitch ${HOME}`);
  const problems = page.problems.filter((text) => !/status of 422/.test(text)); // the refused save
  assert.deepEqual(problems, []);

  // what was recorded of all this
  await recording.close();
  const pcm = recording.pcm();
  const first = recording.start();
  const differs = pcm.findIndex((sample, i) => sample !== home[2 * first + i]);
  const heard = first + Math.floor(differs / 2);
  t.diagnostic(`announced at frame ${away}, the first other sample at ${heard}`);
  assert.ok(differs >= 0, "the edit is heard");
  assert.ok(heard >= away, `what plays is not touched before frame ${away}: ${heard}`);
  assert.ok(heard < away + RATE / 50, `the edit is heard at frame ${away}: ${heard}`);
  const second = (frame) => pcm.subarray(2 * (frame - first), 2 * (frame - first + RATE));
  const pitches = (frame) => [220, 440 * 2 ** ((AWAY - 69) / 12)].map((hz) => strength(second(frame), hz));
  const [prior, during, later] = [away - 2 * RATE, away + RATE / 2, back + RATE / 2].map(pitches);
  assert.ok(prior[0] > 10 * prior[1] && during[1] > 10 * during[0] && later[0] > 10 * later[1],
    `strength of both pitches before, during and after: ${prior}; ${during}; ${later}`);
  await page.context().close();
}, leave);
