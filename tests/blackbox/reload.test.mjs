// Editing a script while it plays, as editors save: in place, by rename, with sed, a whole folder; what the listeners are
// told and hear of it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { realtime } from "../realtime.mjs";
import { Listener, serve, tempDir } from "./support.mjs";

/** A piece whose phrases are so many bars long, of 1.2 s each at 200 BPM. */
const piece = (title, { bars = 1, body = "", top = "" } = {}) => `${top}
return {
  title = "${title}",
  patches = { pad = { voice = "pad", attack = 0.1 } },
  state = { n = 0 },
  phrase = function(ctx, state)
    state.n = state.n + 1
    ${body}
    ctx:note { patch = "pad", at = 0, beats = 4 * ${bars}, pitch = 57, velocity = 0.5 }
    return ${bars}
  end,
}
`;

/** A server on a folder of its own, and a listener to it. */
async function start(t, { text = piece("First"), args = [] } = {}) {
  const folder = join(tempDir(t), "scripts");
  const script = join(folder, "play.lua");
  mkdirSync(folder);
  writeFileSync(script, text);
  const server = await serve(t, { args: ["--script", script, ...args], env: { AURALIS_DEFAULT_BPM: "200" } });
  const listener = await Listener.open(t, server.ws);
  await listener.next("status");
  return { ...server, folder, script, listener, save: (now) => writeFileSync(script, now) };
}

const update = (listener, state, version) =>
  listener.next((m) => m.type === "script_update" && m.state === state && (!version || m.version === version));
const status = async (server) => (await fetch(`${server.http}/api/v1/status`)).json();

/** Saves, and expects the new title to sound. */
async function becomes(server, title, saving) {
  saving();
  const armed = await update(server.listener, "armed");
  assert.equal(armed.name, "play.lua");
  const playing = await update(server.listener, "playing", armed.version);
  assert.equal(playing.phrase_id, armed.phrase_id, "it begins with the phrase that was announced");
  assert.equal((await status(server)).title, title);
}

test("every way of saving is seen", async (t) => {
  const server = await start(t);
  await becomes(server, "In place", () => server.save(piece("In place")));
  await becomes(server, "Renamed", () => {
    writeFileSync(`${server.script}.tmp`, piece("Renamed"));
    renameSync(`${server.script}.tmp`, server.script);
  });
  await becomes(server, "Stream editor", () => execFileSync("sed", ["-i", "s/Renamed/Stream editor/", server.script]));
  await becomes(server, "Backup kept", () => {
    renameSync(server.script, `${server.script}~`);
    server.save(piece("Backup kept"));
  });
  await becomes(server, "Linked", () => {
    writeFileSync(join(server.folder, "..", "elsewhere.lua"), piece("Linked"));
    unlinkSync(server.script);
    symlinkSync("../elsewhere.lua", server.script);
  });
  await becomes(server, "Behind the link", () =>
    writeFileSync(join(server.folder, "..", "elsewhere.lua"), piece("Behind the link")));
  await becomes(server, "Another folder", () => {
    mkdirSync(`${server.folder}.new`);
    writeFileSync(join(`${server.folder}.new`, "play.lua"), piece("Another folder"));
    renameSync(server.folder, `${server.folder}.old`);
    renameSync(`${server.folder}.new`, server.folder);
  });
  await becomes(server, "Back again", () => {
    unlinkSync(server.script);
    server.save(piece("Back again"));
  });
});

realtime("a mistake is told with its place within a second, once, and never heard", {}, async (t) => {
  const server = await start(t);
  const before = (await status(server)).chunk_index;
  server.save(`${piece("Broken")}\nlocal x = = 1\n`);
  const refused = await update(server.listener, "refused");
  const chunks = (await status(server)).chunk_index - before;
  assert.ok(chunks <= 11, `within a second of the stream, not ${chunks} chunks`);
  assert.equal(refused.diagnostics.length, 1);
  assert.equal(refused.diagnostics[0].file, "play.lua");
  assert.equal(refused.diagnostics[0].line, 14);
  assert.match(server.err(), /play\.lua:14: /);

  server.save(piece("Late", { body: "ctx.nothing()" }));
  const late = await update(server.listener, "refused");
  assert.equal(late.diagnostics[0].line, 8);
  assert.match(late.diagnostics[0].traceback, /play\.lua:8/);
  assert.equal(late.playing_version, refused.playing_version);

  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(server.err().match(/is refused/g).length, 2, "each once");
  assert.equal((await status(server)).title, "First");
});

test("modules are followed too, and one that takes a library's place", async (t) => {
  const server = await start(t);
  mkdirSync(join(server.folder, "parts"));
  writeFileSync(join(server.folder, "parts", "mine.lua"), "return 57\n");
  await becomes(server, "With a module", () =>
    server.save(piece("With a module", { top: 'local pitch = require "parts.mine"', body: "assert(pitch)" })));
  writeFileSync(join(server.folder, "parts", "mine.lua"), "return nil .. 1\n");
  const refused = await update(server.listener, "refused");
  assert.equal(refused.diagnostics[0].file, "parts/mine.lua");
  assert.equal(refused.diagnostics[0].line, 1);
  await becomes(server, "With a module", () => writeFileSync(join(server.folder, "parts", "mine.lua"), "return 60\n"));
  await becomes(server, "Theory", () => server.save(piece("Theory", { top: 'local theory = require "theory"' })));
  writeFileSync(join(server.folder, "theory.lua"), "error('mine')\n"); // it is found before the library's
  assert.equal((await update(server.listener, "refused")).diagnostics[0].file, "theory.lua");
});

test("saving what plays takes a waiting edit back", async (t) => {
  const server = await start(t, { text: piece("First", { bars: 8 }) });
  server.save(piece("Second", { bars: 8 }));
  const armed = await update(server.listener, "armed");
  server.save(piece("First", { bars: 8 }));
  const playing = await update(server.listener, "playing");
  assert.equal(playing.version, armed.playing_version);
  server.save(piece("Third", { bars: 8 }));
  server.save(piece("Fourth", { bars: 8 }));
  const newest = await update(server.listener, "armed");
  await update(server.listener, "playing", newest.version);
  assert.equal((await status(server)).title, "Fourth");
});

test("what fails some phrases later is rolled back to the text before", async (t) => {
  const server = await start(t);
  const mine = "state.mine = (state.mine or 0) + 1 if state.mine > 3 then error('later') end";
  await becomes(server, "Fails later", () => server.save(piece("Fails later", { body: mine })));
  const rolled = await update(server.listener, "rolled_back");
  assert.match(rolled.diagnostics[0].message, /later/);
  assert.equal(rolled.diagnostics[0].line, 8);
  const playing = await update(server.listener, "playing");
  assert.equal(playing.phrase_id, rolled.phrase_id);
  assert.equal((await status(server)).title, "First");
});

test("--swap bar: heard at the next bar line, not at the phrase's end", async (t) => {
  const server = await start(t, { text: piece("Long", { bars: 16 }), args: ["--swap", "bar"] });
  assert.equal((await status(server)).swap, "bar");
  server.save(piece("At a bar", { bars: 16 }));
  const armed = await update(server.listener, "armed");
  assert.ok(armed.sounds_in_ms <= 2300, `a second and a bar at most: ${armed.sounds_in_ms}`);
  const playing = await update(server.listener, "playing");
  assert.equal(playing.phrase_id, "phrase_1");
  assert.equal((await status(server)).title, "At a bar");
});

realtime("no chunk is missing or silent while edits of all kinds are saved in a row", {}, async (t) => {
  const server = await start(t);
  const chunks = [];
  server.listener.socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.type === "audio") chunks.push(message);
  });
  const texts = [
    () => piece("Good"), () => "return {", () => piece("Loop", { body: "while true do end" }),
    () => piece("Huge", { top: "-- a long comment\n".repeat(30000) }), () => "", () => piece("Bad", { body: "error({})" }),
    () => piece("Memory", { body: "local t = {} for i = 1, 1e9 do t[i] = i end" }),
  ];
  for (let i = 0; i < 40; i++) {
    server.save(texts[i % texts.length]());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  server.save(piece("Last"));
  await server.listener.next((m) => m.type === "generation_update" && m.title === "Last");
  const indices = chunks.map((chunk) => chunk.chunk_index);
  indices.forEach((index, i) => assert.equal(index, indices[0] + i, "chunks in a row"));
  for (const chunk of chunks.slice(8)) {
    const bytes = Buffer.from(chunk.data, "base64");
    let peak = 0;
    for (let i = 0; i < bytes.length; i += 2) peak = Math.max(peak, Math.abs(bytes.readInt16LE(i)));
    assert.ok(peak > 20, `chunk ${chunk.chunk_index} is silent`);
  }
  const now = await status(server);
  assert.equal(now.underruns, 0);
  rmSync(server.script); // and without a file it goes on
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await status(server)).title, "Last");
});
