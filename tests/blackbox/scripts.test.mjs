// Scripts over HTTP: reading, checking, saving while it plays, former texts, and who may.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import test from "node:test";

import { realtime } from "../realtime.mjs";
import { Listener, raw, serve, tempDir, within } from "./support.mjs";

/** A piece whose phrases are a bar long: 1.2 s at 200 BPM. */
const piece = (title, pitch = 60) => `return {
  title = "${title}",
  patches = { bell = { voice = "lead" } },
  phrase = function(ctx)
    ctx:note { patch = "bell", at = 0, beats = 1, pitch = ${pitch}, velocity = 0.5 }
    ctx:chord { at = 0, beats = 4, name = "i", pitches = { 57, 60, 64 } }
    return 1
  end,
}
`;
const BROKEN = 'return {\n  title = "Broken",\n  phrase = function(ctx) ctx.note( end,\n}\n';
const FAST = { AURALIS_DEFAULT_BPM: "200" };

/** A server on a folder of its own with play.lua and other.lua. */
async function start(t, { env = {}, args = [], folder = tempDir(t) } = {}) {
  writeFileSync(join(folder, "play.lua"), piece("First"));
  writeFileSync(join(folder, "other.lua"), piece("Other"));
  const server = await serve(t, { args: ["--script", join(folder, "play.lua"), ...args], env: { ...FAST, ...env } });
  return { ...server, folder, file: (name) => readFileSync(join(folder, name), "utf8") };
}

/** One request with exactly these headers: { status, headers, text, json }. */
function ask(server, path, { method = "GET", body, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port: server.port, path: `/api/v1${path}`, method, agent: false,
      headers: body === undefined ? headers : { "Content-Length": Buffer.byteLength(body), ...headers } });
    request.on("error", reject);
    request.on("response", async (response) => {
      let text = "";
      for await (const piece of response) text += piece;
      const json = /json/.test(response.headers["content-type"] ?? "") && text ? JSON.parse(text) : null;
      resolve({ status: response.statusCode, headers: response.headers, text, json });
    });
    request.end(body);
  });
}
const put = (server, name, body, headers) => ask(server, `/scripts/${name}`, { method: "PUT", body, headers });
const check = (server, name, body, headers) => ask(server, `/scripts/${name}/check`, { method: "POST", body, headers });
const restore = (server, name, version) =>
  ask(server, `/scripts/${name}/restore`, { method: "POST", body: JSON.stringify({ version }) });

test("the list and the texts", async (t) => {
  const folder = tempDir(t);
  mkdirSync(join(folder, "night"));
  mkdirSync(join(folder, ".hidden"));
  writeFileSync(join(folder, "night", "sleep.lua"), piece("Sleep"));
  writeFileSync(join(folder, ".hidden", "x.lua"), "");
  writeFileSync(join(folder, "notes.txt"), "no script");
  const server = await start(t, { folder });
  const { json } = await ask(server, "/scripts");
  assert.deepEqual(json.scripts.map((s) => s.name), ["night/sleep.lua", "other.lua", "play.lua"]);
  assert.deepEqual(json.scripts.map((s) => s.playing), [[], [], ["main"]]);
  assert.equal(json.swap, "phrase");
  assert.equal(json.writable, true);
  const play = await ask(server, "/scripts/play.lua");
  assert.equal(play.text, piece("First"));
  assert.match(play.headers["content-type"], /^text\/x-lua/);
  assert.equal(play.headers.etag, `"${json.scripts[2].version}"`);
  assert.equal(play.headers["x-auralis-playing"], "main");
  assert.equal((await ask(server, "/scripts/night%2Fsleep.lua")).text, piece("Sleep"));
  assert.equal((await ask(server, "/scripts/night/sleep.lua", { headers: { Host: "anyone.example" } })).text, piece("Sleep"));
  assert.equal((await ask(server, "/scripts/play.lua", { headers: { "If-None-Match": play.headers.etag } })).status, 304);
  const head = await ask(server, "/scripts/play.lua", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(Number(head.headers["content-length"]), piece("First").length);
  assert.equal((await ask(server, "/scripts/missing.lua")).status, 404);
  assert.equal((await ask(server, "/scripts/play.lua?version=0000000000000000")).status, 404);
  assert.equal((await ask(server, "/status")).json.script_version, json.scripts[2].version);
});

test("the library of the scripts folder can be read, not written", async (t) => {
  const server = await serve(t);
  const { json } = await ask(server, "/scripts");
  const theory = json.scripts.find((s) => s.name === "lib/theory.lua");
  assert.equal(theory.library, true);
  assert.ok(!("library" in json.scripts.find((s) => s.name === "ambient.lua")));
  const { status, text } = await ask(server, "/scripts/lib/theory.lua");
  assert.equal(status, 200);
  const refused = await put(server, "lib/theory.lua", text);
  assert.equal(refused.status, 403);
  assert.equal(refused.json.error, "FORBIDDEN");
});

test("checking tells where a text is wrong and writes nothing", async (t) => {
  const server = await start(t);
  const good = await check(server, "play.lua", piece("Second"));
  assert.equal(good.status, 200);
  assert.equal(good.json.ok, true);
  assert.deepEqual(good.json.diagnostics, []);
  const bad = await check(server, "play.lua", BROKEN);
  assert.equal(bad.status, 200);
  assert.equal(bad.json.ok, false);
  const [diagnostic] = bad.json.diagnostics;
  assert.equal(diagnostic.file, "play.lua");
  assert.equal(diagnostic.line, 3);
  assert.equal(BROKEN.split("\n")[2].slice(diagnostic.column - 1, diagnostic.column + 2), "end");
  assert.equal(diagnostic.severity, "error");
  assert.match(diagnostic.message, /unexpected symbol/);
  const late = await check(server, "play.lua", piece("Late").replace("return 1", 'error("in the phrase")'));
  assert.equal(late.json.diagnostics[0].line, 7);
  assert.match(late.json.diagnostics[0].message, /in the phrase/);
  assert.ok(!/\/tmp\//.test(late.text), "no path of this machine is told");
  assert.equal((await check(server, "new.lua", piece("New"))).json.ok, true);
  assert.deepEqual(readdirSync(server.folder).sort(), ["other.lua", "play.lua"]);
  assert.equal(server.file("play.lua"), piece("First"));
});

test("what is likely a mistake is told, and refuses nothing", async (t) => {
  const server = await start(t);
  const text = piece("Warned", 3)
    .replace("patches = {", "patches = { idle = { voice = \"pad\" },")
    .replace("return 1", 'if ctx.intensity > 0.9 then error("too much") end return 1');
  const soft = text.replace(/if ctx.intensity.*end return/, "return");
  for (const answer of [await check(server, "play.lua", soft), await check(server, "new.lua", soft), await put(server, "play.lua", soft)]) {
    assert.equal(answer.status, 200);
    const found = answer.json.diagnostics;
    assert.deepEqual(found.map((each) => [each.file.split("/").pop(), each.severity, each.line]).sort(),
      [["play.lua", "warning", 3], ["play.lua", "warning", 5]].map(([, s, l]) => [answer.json.name, s, l]));
    assert.match(found.find((each) => each.line === 3).message, /patches\.idle: the script does not use it/);
    assert.match(found.find((each) => each.line === 5).message, /pitch: 3 is too low/);
    assert.ok(!/\/tmp\//.test(answer.text), "no path of this machine is told");
  }
  const { json } = await check(server, "play.lua", text);
  assert.equal(json.ok, true);
  assert.equal(json.diagnostics.length, 1);
  assert.equal(json.diagnostics[0].severity, "warning");
  assert.match(json.diagnostics[0].message, /too much \(with intensity = 1\)/);
  const library = await check(server, "module.lua", "return { a = 1 }\n");
  assert.deepEqual([library.json.ok, library.json.diagnostics], [true, []]);
});

test("a saved text is armed, announced, and plays", async (t) => {
  const server = await start(t);
  const listener = await Listener.open(t, server.ws);
  const before = (await ask(server, "/status")).json.script_version;
  const saved = await put(server, "play.lua", piece("Second", 64));
  assert.equal(saved.status, 200);
  assert.equal(saved.json.status, "armed");
  assert.equal(saved.headers.etag, `"${saved.json.version}"`);
  assert.ok(saved.json.sounds_in_ms > 0);
  assert.equal(server.file("play.lua"), piece("Second", 64));
  const armed = await listener.next((m) => m.type === "script_update" && m.state === "armed");
  assert.equal(armed.name, "play.lua");
  assert.equal(armed.version, saved.json.version);
  assert.equal(armed.playing_version, before);
  assert.equal(armed.phrase_id, saved.json.phrase_id);
  assert.deepEqual(armed.diagnostics, []);
  const playing = await listener.next((m) => m.type === "script_update");
  assert.equal(playing.state, "playing");
  assert.equal(playing.phrase_id, armed.phrase_id);
  assert.equal(playing.playing_version, saved.json.version);
  const status = (await ask(server, "/status")).json;
  assert.equal(status.script, "play.lua");
  assert.equal(status.script_version, saved.json.version);
  assert.equal(status.title, "Second");
  assert.equal((await put(server, "other.lua", piece("Nobody"))).json.status, "saved");
  assert.equal((await put(server, "new.lua", piece("New"))).json.status, "saved");
  assert.equal(server.file("new.lua"), piece("New"));
});

test("a text that does not hold changes nothing", async (t) => {
  const server = await start(t);
  const inode = statSync(join(server.folder, "play.lua")).ino;
  for (const text of [BROKEN, "", "while true do end", piece("x").replace("return 1", "return 0/0"), "\x1bLJ\x02\n", "return 1"]) {
    const refused = await put(server, "play.lua", text);
    assert.equal(refused.status, 422, text);
    assert.equal(refused.json.error, "SCRIPT_REFUSED");
    assert.equal(refused.json.diagnostics.length, 1);
    assert.ok(refused.json.diagnostics[0].line >= 1 && refused.json.diagnostics[0].message);
  }
  assert.equal(server.file("play.lua"), piece("First"));
  assert.equal(statSync(join(server.folder, "play.lua")).ino, inode);
  const { json } = await ask(server, "/scripts/play.lua/versions");
  assert.equal(json.versions.length, 1);
});

test("If-Match keeps two editors from writing over each other", async (t) => {
  const server = await start(t);
  const first = (await ask(server, "/scripts/play.lua")).headers.etag;
  const second = await put(server, "play.lua", piece("Second"), { "If-Match": first });
  assert.equal(second.status, 200);
  const stale = await put(server, "play.lua", piece("Third"), { "If-Match": first });
  assert.equal(stale.status, 412);
  assert.equal(stale.json.error, "PRECONDITION_FAILED");
  assert.equal(server.file("play.lua"), piece("Second"));
  assert.equal((await put(server, "play.lua", piece("Third"), { "If-Match": second.headers.etag })).status, 200);
  assert.equal((await put(server, "absent.lua", piece("x"), { "If-Match": second.headers.etag })).status, 412);
  assert.equal((await put(server, "absent.lua", piece("x"), { "If-Match": "nonsense, of no use" })).status, 412);
});

test("former texts: twenty are kept, also over a restart, and can be restored", async (t) => {
  const env = { XDG_STATE_HOME: tempDir(t) };
  const server = await start(t, { env });
  for (let i = 1; i <= 21; i++) assert.equal((await put(server, "other.lua", piece(`Text ${i}`))).status, 200);
  const { json } = await ask(server, "/scripts/other.lua/versions");
  assert.equal(json.versions.length, 21);
  assert.deepEqual(json.versions.map((v) => v.current), [true, ...Array(20).fill(false)]);
  assert.ok(json.versions.every((v) => /^[0-9a-f]{16}$/.test(v.version) && v.saved.endsWith("Z") && v.bytes > 0));
  const texts = await Promise.all(json.versions.map(async ({ version }) =>
    (await ask(server, `/scripts/other.lua?version=${version}`)).text));
  assert.deepEqual(texts, Array.from({ length: 21 }, (_, i) => piece(`Text ${21 - i}`)), "the text from before all saves is gone");
  server.child.kill("SIGTERM");
  await server.exit;
  const again = await serve(t, { args: ["--script", join(server.folder, "play.lua")], env: { ...FAST, ...env } });
  const oldest = json.versions.at(-1).version;
  const restored = await restore(again, "other.lua", oldest);
  assert.equal(restored.status, 200);
  assert.equal(restored.json.version, oldest);
  assert.equal(server.file("other.lua"), piece("Text 1"));
  assert.equal((await restore(again, "other.lua", "0000000000000000")).status, 404);
  assert.equal((await restore(again, "other.lua", "../../../etc/passwd")).status, 404);
});

test("a text saved by another editor is kept too", async (t) => {
  const server = await start(t);
  const listener = await Listener.open(t, server.ws);
  writeFileSync(join(server.folder, "play.lua"), piece("By hand"));
  await listener.next((m) => m.type === "script_update" && m.state === "armed");
  const { json } = await ask(server, "/scripts/play.lua/versions");
  assert.equal(json.versions.length, 2);
  const former = await ask(server, `/scripts/play.lua?version=${json.versions[1].version}`);
  assert.equal(former.text, piece("First"));
});

test("what plays can be had back when another editor saved what does not hold, or the file is gone", async (t) => {
  const server = await start(t);
  const listener = await Listener.open(t, server.ws);
  const { version } = (await ask(server, "/scripts")).json.scripts.find((each) => each.name === "play.lua");
  const script = join(server.folder, "play.lua");
  const kept = async () => {
    assert.equal((await ask(server, `/scripts/play.lua?version=${version}`)).text, piece("First"));
    const { json } = await ask(server, "/scripts/play.lua/versions");
    assert.deepEqual(json.versions.filter((each) => each.playing).map((each) => each.version), [version]);
    const restored = await restore(server, "play.lua", version);
    assert.deepEqual([restored.status, restored.json.status], [200, "saved"], "it plays already");
    assert.equal(server.file("play.lua"), piece("First"));
  };
  for (const broken of [BROKEN, `${BROKEN}-- again`]) {
    writeFileSync(script, broken);
    await listener.next((m) => m.type === "script_update" && m.state === "refused");
  }
  await kept();
  unlinkSync(script);
  await within("it is known to be gone", (async () => {
    while (!/play\.lua is gone/.test(server.err())) await new Promise((resolve) => setTimeout(resolve, 20));
  })());
  await kept();
});

test("whoever reads the file meanwhile finds one whole text, and its mode is kept", async (t) => {
  const server = await start(t);
  const path = join(server.folder, "other.lua");
  chmodSync(path, 0o640);
  const long = (i) => piece(`Text ${i}`) + `-- ${String(i % 10).repeat(300000)}\n`;
  let done = false;
  const seen = new Set();
  const reading = (async () => {
    while (!done) {
      const text = readFileSync(path, "utf8");
      assert.ok(text === piece("Other") || /^return[^]*\n-- (\d)\1{299999}\n$/.test(text), `half a file: ${text.length}`);
      seen.add(text);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const inodes = new Set([statSync(path).ino]);
  for (let i = 0; i < 6; i++) {
    assert.equal((await put(server, "other.lua", long(i))).status, 200);
    inodes.add(statSync(path).ino);
  }
  done = true;
  await reading;
  assert.ok(inodes.size > 1, "the file was replaced, not written over");
  assert.ok(seen.size > 1);
  assert.equal(statSync(path).mode & 0o7777, 0o640);
  assert.deepEqual(readdirSync(server.folder).sort(), ["other.lua", "play.lua"], "nothing is left lying about");
});

test("the phrases of the piano roll", async (t) => {
  const server = await start(t);
  const { json } = await ask(server, "/phrases?channel=main");
  assert.equal(json.current.preview, false);
  assert.equal(json.current.script, "play.lua");
  assert.equal(json.current.bpm, 200);
  assert.equal(json.current.bars, 1);
  assert.equal(json.current.beats, 4);
  assert.equal(json.current.notes.length, 1);
  assert.deepEqual(json.current.notes[0], { patch: 0, at: 0, beats: 1, pitch: 60, velocity: 0.5, pan: 0, line: 5, callers: [] });
  assert.deepEqual(json.current.patches, [{ name: "bell", voice: "lead" }]);
  assert.deepEqual(json.current.chords, [{ at: 0, beats: 4, name: "i", pitches: [57, 60, 64] }]);
  assert.equal(json.next.notes.length, 1);
  assert.equal(Number(json.next.phrase_id.slice(7)), Number(json.current.phrase_id.slice(7)) + 1);
  assert.equal(json.next.start_frame, json.current.start_frame + json.current.length_frames);
  assert.equal((await ask(server, "/phrases?channel=other")).status, 404);
});

const REFUSALS = [
  { Host: "stranger.example" },
  { Host: "stranger.example:8000" },
  { "X-Forwarded-For": "192.0.2.1" },
  { "X-Forwarded-Proto": "https" },
  { Forwarded: "for=192.0.2.1" },
  { Origin: "http://stranger.example" },
  { Origin: "null" },
  { Host: "stranger.example", Authorization: "Bearer wrong" },
  { Host: "stranger.example", Authorization: "Bearer " },
];

test("without a token only this machine may edit", async (t) => {
  const server = await start(t);
  for (const headers of REFUSALS) {
    const refused = await put(server, "other.lua", piece("Evil"), headers);
    assert.equal(refused.status, headers.Origin ? 403 : 401, JSON.stringify(headers));
    assert.equal(refused.json.error, headers.Origin ? "FORBIDDEN" : "UNAUTHORIZED");
    assert.ok((await check(server, "other.lua", piece("Evil"), headers)).status > 400);
  }
  assert.equal(server.file("other.lua"), piece("Other"));
  for (const Host of ["localhost", `localhost:${server.port}`, "127.0.0.1", "[::1]:80"])
    assert.equal((await check(server, "other.lua", piece("Good"), { Host })).status, 200, Host);
  const Origin = `http://localhost:${server.port}`;
  assert.equal((await check(server, "other.lua", piece("Good"), { Host: Origin.slice(7), Origin })).status, 200);
});

test("with the token others may edit", async (t) => {
  const token = { Authorization: "Bearer open sesame" };
  const server = await start(t, { env: { AURALIS_EDIT_TOKEN: "open sesame", AURALIS_CORS_ORIGINS: "http://friend.example" } });
  for (const headers of REFUSALS) {
    const status = (await check(server, "other.lua", piece("x"), headers)).status;
    assert.equal(status, headers.Origin ? 403 : 401, JSON.stringify(headers));
  }
  for (const headers of [{ Host: "stranger.example" }, { "X-Forwarded-For": "192.0.2.1" }, { Origin: "http://friend.example" }])
    assert.equal((await check(server, "other.lua", piece("x"), { ...headers, ...token })).status, 200, JSON.stringify(headers));
  assert.equal((await check(server, "other.lua", piece("x"), { Origin: "http://stranger.example", ...token })).status, 403);
  assert.equal((await put(server, "other.lua", piece("By token"), { Host: "stranger.example", ...token })).status, 200);
});

test("a server that others reach asks this machine too", async (t) => {
  const open = await start(t, { args: ["--host", "0.0.0.0"] });
  assert.equal((await put(open, "other.lua", piece("x"))).status, 401);
  assert.equal((await ask(open, "/scripts/other.lua")).status, 200);
  const guarded = await start(t, { args: ["--host", "0.0.0.0"], env: { AURALIS_EDIT_TOKEN: "secret" } });
  assert.equal((await put(guarded, "other.lua", piece("x"))).status, 401);
  assert.equal((await put(guarded, "other.lua", piece("x"), { Authorization: "Bearer secret" })).status, 200);
});

test("no name leads out of the folder", async (t) => {
  const outside = tempDir(t);
  writeFileSync(join(outside, "secret.lua"), 'return "root:"');
  const folder = tempDir(t);
  symlinkSync(join(outside, "secret.lua"), join(folder, "link.lua"));
  symlinkSync(outside, join(folder, "away"));
  symlinkSync("other.lua", join(folder, "inside.lua"));
  const server = await start(t, { folder });
  const names = ["link.lua", "away/secret.lua", "..%2fsecret.lua", "%2e%2e/secret.lua", "a/..%2f..%2fsecret.lua", "/etc/passwd",
    "%2fetc%2fpasswd.lua", ".hidden.lua", "play.lua%00", "play.lua%00.lua", "a%5cb.lua", "play.txt", "play", ".lua",
    "a//b.lua", "d%C3%A9j%C3%A0.lua", `${"x".repeat(200)}.lua`];
  for (const name of names) {
    const text = piece("Evil");
    const headers = `Host: localhost\r\nConnection: close\r\n`;
    const read = await raw(server.port, `GET /api/v1/scripts/${name} HTTP/1.1\r\n${headers}\r\n`, 3000);
    assert.ok(!/ 200 |root:/.test(read.split("\r\n")[0] + read.split("\r\n\r\n")[1]), `${name}: ${read}`);
    const wrote = await raw(server.port, `PUT /api/v1/scripts/${name} HTTP/1.1\r\n${headers}Content-Length: ${text.length}\r\n\r\n${text}`, 3000);
    assert.ok(!/^HTTP\/1.1 200 /.test(wrote), `${name}: ${wrote}`);
  }
  assert.equal(readFileSync(join(outside, "secret.lua"), "utf8"), 'return "root:"');
  assert.deepEqual(readdirSync(outside), ["secret.lua"]);
  assert.equal((await put(server, "inside.lua", piece("Through a link"))).status, 200);
  assert.equal(server.file("other.lua"), piece("Through a link"));
  assert.equal((await put(server, "nofolder/x.lua", piece("x"))).status, 404);
});

test("bodies that are too long", async (t) => {
  const server = await start(t);
  const padded = (bytes) => piece("Long") + `-- ${"x".repeat(bytes - piece("Long").length - 3)}`;
  assert.equal((await check(server, "other.lua", padded(1 << 20))).status, 200);
  const long = await check(server, "other.lua", padded((1 << 20) + 1));
  assert.equal(long.status, 413);
  assert.equal(long.json.error, "TOO_LARGE");
  const endless = await raw(server.port, "PUT /api/v1/scripts/other.lua HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nx");
  assert.match(endless, /^HTTP\/1.1 413 /);
  const unknown = await raw(server.port, "PUT /api/v1/scripts/other.lua HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  assert.match(unknown, /^HTTP\/1.1 411 /);
  assert.equal(server.file("other.lua"), piece("Other"));
});

test("a folder that cannot be written says so", { skip: process.getuid() === 0 && "root may write anywhere" }, async (t) => {
  const server = await start(t);
  chmodSync(server.folder, 0o555);
  t.after(() => chmodSync(server.folder, 0o755));
  assert.equal((await ask(server, "/scripts")).json.writable, false);
  const refused = await put(server, "other.lua", piece("x"));
  assert.equal(refused.status, 403);
  assert.match(refused.json.message, /cannot be written/);
});

realtime("hostile texts while somebody listens: no gap in the stream", {}, async (t) => {
  const server = await start(t);
  const listener = await Listener.open(t, server.ws);
  const heard = [];
  listener.socket.on("message", (data) => {
    const { type, chunk_index } = JSON.parse(data);
    if (type === "audio") heard.push(chunk_index);
  });
  const hostile = ["while true do end", "local t = {} for i = 1, 1e9 do t[i] = i end", 'return string.rep("x", 1e9)',
    "local function f() return f() + 1 end f()", piece("x").replace("return 1", "while true do end"), "\x1bLJ\x02\n",
    "-".repeat(900000), BROKEN];
  const answers = await Promise.all(hostile.map((text) => put(server, "play.lua", text)));
  assert.deepEqual(answers.map((a) => a.status), hostile.map(() => 422));
  assert.equal((await put(server, "play.lua", piece("Good", 65))).status, 200);
  await listener.next((m) => m.type === "script_update" && m.state === "playing");
  await listener.next("audio");
  assert.ok(heard.length > 10);
  assert.deepEqual(heard, heard.map((_, i) => heard[0] + i), "chunk follows chunk");
  const status = (await ask(server, "/status")).json;
  assert.equal(status.underruns, 0);
  assert.equal(status.chunks_dropped, 0);
});
