// Files and HTTP together: an edit that waits, a folder that is replaced, the way back after a rollback.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { Listener, serve, tempDir } from "./support.mjs";

/** A piece that counts its phrases, so many bars of 1.2 s long, and plays the count. */
const piece = (title, { bars = 1, body = "", more = "" } = {}) => `return {
  title = "${title}",
  patches = { bell = { voice = "lead" } },
  state = { n = 0 },
  ${more}
  phrase = function(ctx, state)
    state.n = state.n + 1
    ${body}
    ctx:note { patch = "bell", at = 0, beats = 1, pitch = 50 + state.n, velocity = 0.5 }
    return ${bars}
  end,
}
`;
const FAILS_LATER = piece("Later", { body: "if state.n > 3 then error('too far') end", more: "migrate = function() return { n = 0 } end," });

async function start(t, { text = piece("First"), args = [] } = {}) {
  const folder = join(tempDir(t), "scripts");
  mkdirSync(folder);
  writeFileSync(join(folder, "play.lua"), text);
  const server = await serve(t, { args: ["--script", join(folder, "play.lua"), ...args], env: { AURALIS_DEFAULT_BPM: "200" } });
  const listener = await Listener.open(t, server.ws);
  await listener.next("status");
  const api = async (path, options) => {
    const response = await fetch(`${server.http}/api/v1${path}`, options);
    const body = await response.text();
    return { status: response.status, text: body, json: /json/.test(response.headers.get("content-type")) ? JSON.parse(body) : null };
  };
  return { ...server, folder, listener, api, put: (name, body) => api(`/scripts/${name}`, { method: "PUT", body }) };
}
const update = (listener, state, version) =>
  listener.next((m) => m.type === "script_update" && m.state === state && (!version || m.version === version));

for (const swap of ["phrase", "bar"]) {
  test(`the next phrase is shown as the waiting edit would compose it: --swap ${swap}`, async (t) => {
    const server = await start(t, { text: piece("First", { bars: 12 }), args: ["--swap", swap] });
    const before = (await server.api("/phrases")).json;
    assert.equal(before.next.preview, true);
    assert.equal(before.next.notes[0].pitch, 52);
    const text = piece("Second", { bars: 12, more: "migrate = function(old) return { n = old.n + 20 } end," });
    const { json: armed } = await server.put("play.lua", text);
    assert.equal(armed.status, "armed");
    const { current, next } = (await server.api("/phrases")).json;
    assert.equal(next.notes[0].pitch, 72, "its state, migrated");
    assert.equal(next.version, armed.version);
    assert.notEqual(current.version, armed.version);
    assert.equal(next.phrase_id, armed.phrase_id);
    if (swap === "bar") assert.ok(next.start_frame < current.start_frame + 12 * 52920, "at a bar line");
    else assert.equal(next.start_frame, current.start_frame + current.length_frames);
    if (swap === "bar") return;
    await server.put("play.lua", piece("First", { bars: 12 })); // taken back
    const after = (await server.api("/phrases")).json.next;
    assert.equal(after.notes[0].pitch, 52);
    assert.equal(after.version, current.version);
  });
}

test("the scripts folder replaced: requests read and write the one that is there now", async (t) => {
  const server = await start(t);
  const other = `${server.folder}.new`;
  mkdirSync(other);
  writeFileSync(join(other, "play.lua"), piece("Replaced"));
  writeFileSync(join(other, "extra.lua"), piece("Extra"));
  rmSync(server.folder, { recursive: true });
  const gone = await server.api("/scripts");
  assert.equal(gone.status, 503);
  assert.match(gone.json.message, /scripts folder cannot be opened/);
  assert.equal((await server.put("play.lua", piece("Nowhere"))).status, 503);
  renameSync(other, server.folder);
  await update(server.listener, "armed");
  const { json } = await server.api("/scripts");
  assert.deepEqual(json.scripts.map((s) => s.name), ["extra.lua", "play.lua"]);
  assert.equal((await server.api("/scripts/play.lua")).text, piece("Replaced"));
  assert.equal((await server.put("extra.lua", piece("Written"))).json.status, "saved");
  assert.equal(readFileSync(join(server.folder, "extra.lua"), "utf8"), piece("Written"));
  const { versions } = (await server.api("/scripts/play.lua/versions")).json;
  assert.equal(versions.length, 2, "the text of the folder before is kept");
});

test("what is no script in the script's place is told by its name; requests go on", async (t) => {
  const server = await start(t);
  const script = join(server.folder, "play.lua");
  const refused = async (message) => {
    const { diagnostics } = await update(server.listener, "refused");
    assert.equal(diagnostics[0].file, "play.lua");
    assert.match(diagnostics[0].message, message);
    assert.equal((await server.api("/status")).json.title, "First");
  };
  rmSync(script);
  execFileSync("mkfifo", [script]);
  await refused(/is not a file/);
  assert.equal((await server.api("/scripts/play.lua")).status, 404);
  assert.equal((await server.put("play.lua", piece("Over it"))).status, 403);
  rmSync(script);
  mkdirSync(script);
  await refused(/is not a file/);
  rmSync(script, { recursive: true });
  writeFileSync(script, piece("Large") + "-".repeat(1 << 20));
  await refused(/^play\.lua: larger than 1048576 bytes$/);
  writeFileSync(script, piece("Zero\0"));
  await refused(/a zero byte/);
  writeFileSync(script, piece("Wide"), "utf16le");
  await refused(/a zero byte/);
  writeFileSync(script, `require "mine" ${piece("Needs")}`);
  execFileSync("mkfifo", [join(server.folder, "mine.lua")]);
  await refused(/no file mine\.lua in the script's folder or the library$/);
  writeFileSync(script, `\ufeff${piece("Good").replaceAll("\n", "\r\n")}`);
  await update(server.listener, "armed");
  assert.ok(!server.err().split("\n").some((line) => / is refused: \//.test(line)), "files are told by their names");
});

test("after a rollback: the file is the text that failed, and what plays can be written back", async (t) => {
  const server = await start(t);
  const { json: armed } = await server.put("play.lua", FAILS_LATER);
  const rolled = await update(server.listener, "rolled_back");
  assert.equal(rolled.version, armed.version);
  assert.match(rolled.diagnostics[0].message, /too far/);
  const back = await update(server.listener, "playing", rolled.playing_version === armed.version ? undefined : rolled.playing_version);
  assert.notEqual(back.version, armed.version);
  assert.equal((await server.api("/scripts/play.lua")).text, FAILS_LATER);
  const { versions } = (await server.api("/scripts/play.lua/versions")).json;
  assert.deepEqual(versions.map((v) => [v.current, v.playing]), [[true, false], [false, true]]);
  assert.equal((await server.api("/status")).json.script_version, versions[1].version);

  const playing = await server.api(`/scripts/play.lua?version=${versions[1].version}`);
  assert.equal(playing.text, piece("First"));
  const reverted = await server.api("/scripts/play.lua", { method: "PUT", body: playing.text, headers: { "If-Match": `"${armed.version}"` } });
  assert.equal(reverted.status, 200);
  assert.equal(reverted.json.status, "saved", "it plays already");
  assert.equal(readFileSync(join(server.folder, "play.lua"), "utf8"), piece("First"));

  const again = await server.api("/scripts/play.lua/restore", { method: "POST", body: JSON.stringify({ version: armed.version }) });
  assert.equal(again.json.status, "armed", "the failed text, when it is asked for again");
  await update(server.listener, "rolled_back");
  const restored = await server.api("/scripts/play.lua/restore", { method: "POST", body: JSON.stringify({ version: versions[1].version }) });
  assert.equal(restored.json.status, "saved");
  const list = (await server.api("/scripts")).json.scripts;
  assert.equal(list[0].version, versions[1].version);
  assert.deepEqual(list[0].playing, ["main"]);
});
