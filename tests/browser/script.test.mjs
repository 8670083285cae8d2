// The workbench in the page: a script is opened, edited, saved, heard; mistakes are shown at their line; other editors
// write the same file.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { launch, openPage, playing, startServer, stopServers, until } from "./support.mjs";

// Two bars of 4/4 at 120 BPM: a boundary every 4 s.
const piece = (pitch, title = "Bench") => `return {
  title = "${title}",
  patches = { pad = { voice = "pad", attack = 0.05, release = 0.2 } },
  phrase = function(ctx)
    for beat = 0, 7 do
      ctx:note { patch = "pad", at = beat, beats = 1, pitch = ${pitch} }
    end
    return 2
  end,
}
`;

let browser;
let server;
const folder = mkdtempSync(join(tmpdir(), "auralis-scripts-"));
const file = join(folder, "bench.lua");

before(async () => {
  writeFileSync(file, piece(57));
  [browser, server] = await Promise.all([launch(), startServer({ args: ["--script", file] })]);
  await server.control({ bpm: 120 });
});

after(async () => {
  await browser?.close();
  await stopServers();
  rmSync(folder, { recursive: true, force: true });
});

const text = (page, id) => page.textContent(`#${id}`);
const says = (page, pattern, timeoutMs = 15000) =>
  until(`the page says ${pattern}`, async () => pattern.test(await text(page, "script-state")), timeoutMs);

async function workbench(options) {
  const page = await openPage(browser, `${server.url}#script`, { tap: false, ...options });
  await says(page, /This is what plays/);
  return page;
}

/** Puts a text in the editor as somebody who types does: select all, insert. */
async function type(page, script) {
  await page.locator("#code .cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(script);
}

const shown = (page) => page.locator("#code .cm-content").innerText();

test("an edit is saved, armed, and heard at the boundary", async () => {
  const page = await workbench();
  await until("the text", async () => /title = "Bench"/.test(await shown(page)));
  await page.click("#play");
  await playing(page);
  await type(page, piece(60, "Changed"));
  await says(page, /Not saved yet/);
  await page.keyboard.press("Control+s");
  await says(page, /Armed, sounds (in \d bars?|now)/);
  assert.equal(readFileSync(file, "utf8"), piece(60, "Changed"));
  await says(page, /This is what plays/);
  await until("the title follows", async () => (await text(page, "title")) === "Changed");
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("a mistake is shown at its line while it is typed, refused, and mended", async () => {
  const page = await workbench();
  await type(page, piece(60, "Changed").replace("return 2", "return 2 two"));
  await says(page, /^line 8: .*What played plays on$/);
  await until("the mark at the line", () => page.locator("#code .cm-lintRange-error").count());
  await until("the list", async () => /^line 8: /.test(await page.locator("#diagnostics li button").first().innerText()));
  const before = readFileSync(file, "utf8");
  await page.keyboard.press("Control+s");
  await says(page, /^line 8: /);
  assert.equal(readFileSync(file, "utf8"), before, "a refused text is not written");
  assert.equal((await server.status()).title, "Changed");
  await page.click("#script-revert");
  await says(page, /This is what plays/);
  await until("no mark", async () => (await page.locator("#code .cm-lintRange-error").count()) === 0);
  await page.context().close();
});

test("the piano roll shows both phrases and leads to the line of a note", async () => {
  const page = await workbench();
  await until("notes", async () => /then phrase/.test(await text(page, "roll-note")));
  const label = () => page.getAttribute("#roll", "aria-label");
  await until("both phrases", async () => /Now: 8 notes in A minor, 2 bars; next: 8 notes/.test(await label()));
  const box = await page.locator("#roll").boundingBox();
  const found = await until("a note under the pointer", async () => {
    for (let y = 4; y < box.height; y += 4) {
      await page.mouse.move(box.x + 12, box.y + y);
      if (/pad C4 at beat/.test(await text(page, "roll-note"))) return y;
    }
    return 0;
  });
  assert.match(await text(page, "roll-note"), /line 6$/);
  await page.mouse.click(box.x + 12, box.y + found);
  await until("the cursor at the line", async () =>
    /ctx:note/.test(await page.locator("#code .cm-activeLine").first().innerText()));
  await page.context().close();
});

test("what another editor saves is taken over; an edit of one's own is not lost", async () => {
  const page = await workbench();
  await page.click("#play");
  await playing(page);
  writeFileSync(file, piece(62, "Outside"));
  await until("the text follows", async () => /title = "Outside"/.test(await shown(page)));
  await says(page, /This is what plays/);
  await type(page, piece(64, "Mine"));
  writeFileSync(file, piece(65, "Theirs"));
  await says(page, /^Changed on disk/);
  await until("the text is one's own", async () => /title = "Mine"/.test(await shown(page)));
  await page.click("#script-save");
  await until("it is saved", () => readFileSync(file, "utf8") === piece(64, "Mine"));
  await says(page, /Armed|This is what plays/);
  await page.context().close();
});

test("versions: an earlier text comes back", async () => {
  const page = await workbench();
  await page.locator("#script-version").focus();
  await until("the versions", async () => (await page.locator("#script-version option").count()) > 2);
  const options = page.locator("#script-version option");
  await page.selectOption("#script-version", await options.last().getAttribute("value"));
  await until("an earlier text", async () => !/title = "Mine"/.test(await shown(page)));
  await says(page, /Not saved yet/);
  await page.context().close();
});

test("completion knows the library", async () => {
  const page = await workbench();
  await page.locator("#code .cm-content").click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("theory.cho", { delay: 20 });
  await until("a list", () => page.locator("#code .cm-tooltip-autocomplete li").count());
  await until("the chord", async () => /theory\.chord/.test(await page.locator("#code .cm-tooltip-autocomplete").innerText()));
  await page.context().close();
});

test("completion knows the voices, and what each can be set to", async () => {
  const page = await workbench();
  const list = page.locator("#code .cm-tooltip-autocomplete");
  await page.locator("#code .cm-content").click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type('local patches = { star = { voice = "', { delay: 20 });
  await until("the voices", async () => (await list.count()) > 0 && /modular/.test(await list.innerText()));
  await page.keyboard.type('bell", rat', { delay: 20 });
  await until("the bell's own", async () => (await list.count()) > 0 && /ratio/.test(await list.innerText()));
  const bell = (await (await fetch(`http://127.0.0.1:${server.port}/api/v1/voices`)).json()).voices.find(({ name }) => name === "bell");
  const { min, max } = bell.params.find(({ name }) => name === "ratio");
  assert.ok((await list.innerText()).includes(`${min} to ${max}`), await list.innerText());
  await page.context().close();
});

test("without the bundle a plain field edits the same", async () => {
  const context = await browser.newContext();
  const plain = await context.newPage();
  await plain.route("**/editor/bundle.js", (route) => route.abort());
  await plain.goto(`${server.url}#script`);
  const field = plain.locator("#code textarea");
  await until("the text", async () => (await field.count()) > 0 && (await field.inputValue()).includes("phrase = function"));
  await field.fill(piece(67, "Plain"));
  await field.press("Control+s");
  await until("it is saved", () => readFileSync(file, "utf8") === piece(67, "Plain"));
  await says(plain, /Armed|This is what plays/);
  await context.close();
});

test("a phone: nothing is wider than the screen, and everything can be touched", async () => {
  const page = await workbench({ viewport: { width: 360, height: 740 }, hasTouch: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `the page is ${wide} px wide`);
  for (const id of ["script-save", "script-revert", "script-name", "edit"]) {
    const { height } = await page.locator(`#${id}`).boundingBox();
    assert.ok(height >= 40, `${id} is ${height} px high`);
  }
  await page.click("#edit");
  await until("closed", () => page.isHidden("#workbench"));
  await page.evaluate(() => scrollTo(0, 0));
  await page.click("#edit");
  await until("the script comes into sight", async () => (await page.locator("#script-save").boundingBox())?.y < 370);
  await page.context().close();
});
