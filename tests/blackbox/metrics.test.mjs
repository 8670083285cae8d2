// The metrics page and health, from outside: what must move does, counts never go down, and the manual names each family.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { freePort } from "../port.mjs";
import { realtime } from "../realtime.mjs";
import { assertMonotonic, readPage } from "./exposition.mjs";
import { Listener, ROOT, ills, run, serve, tempDir, within } from "./support.mjs";

const MAIN = { channel: "main" };

/** A piece in A minor; body sounds at the beginning of each of its phrases of one bar, 1.2 s at 200 BPM. */
const piece = (body, patches = 'pad = { voice = "pad", attack = 0.05 }') => `return {
  title = "Measured", patches = { ${patches} }, defaults = { bpm = 200, key = "A minor" },
  phrase = function(ctx, state)
    ${body}
    return 1
  end,
}
`;
const note = (pitch, more = "") => `ctx:note { patch = "pad", at = 0, beats = 4, pitch = ${pitch}, velocity = 0.7${more} }`;

/** A server with a metrics page that is read, checked and compared with the last one whenever it is asked for. */
async function start(t, { text, args = [], env = {} } = {}) {
  const port = await freePort();
  const own = ["--metrics-port", String(port)];
  let script;
  if (text) {
    const folder = join(tempDir(t), "scripts");
    script = join(folder, "play.lua");
    mkdirSync(folder);
    writeFileSync(script, text);
    own.push("--script", script);
  }
  const server = await serve(t, { args: [...own, ...args], env });
  let last;
  const page = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const now = readPage(await response.text());
    if (last) assertMonotonic(last, now);
    last = now;
    return now;
  };
  /** The first page that passes the test. */
  const until = async (what, wanted) =>
    within(what, (async () => {
      for (;;) {
        const now = await page();
        if (wanted(now)) return now;
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    })(), 40000);
  const health = async () => (await fetch(`${server.http}/api/v1/health`)).json();
  return { ...server, script, metrics: port, page, until, health };
}

test("the page is well-formed, and the manual has each family with its type and labels", async (t) => {
  const server = await start(t);
  const listener = await Listener.open(t, `${server.ws}?format=pcm`);
  await listener.next((m) => Buffer.isBuffer(m));
  const page = await server.until("a second of sound", (p) => p.get("auralis_sound_peak_ratio", MAIN) !== undefined);
  const rows = new Map();
  for (const line of readFileSync(join(ROOT, "docs/operating.md"), "utf8").split("\n")) {
    const match = /^\| `((?:auralis|process)_\w+)` \| (counter|gauge|histogram) \| ([^|]*) \| [^|]+ \|$/.exec(line);
    if (match) rows.set(match[1], { type: match[2], labels: match[3].trim() });
  }
  assert.deepEqual([...page.families.keys()].filter((name) => !rows.has(name)), [], "in the manual");
  assert.deepEqual([...rows.keys()].filter((name) => !page.families.has(name)), [], "on the page");
  const alerts = readFileSync(join(ROOT, "deployment/prometheus/alerts.yml"), "utf8");
  for (const [name] of alerts.matchAll(/\b(?:auralis|process)_\w+/g)) assert.ok(page.families.has(name), `an alert asks for ${name}`);
  for (const [name, { type, labels }] of rows) {
    const family = page.families.get(name);
    assert.equal(family.type, type, name);
    const found = new Set(family.samples.flatMap((s) => Object.keys(s.labels)).filter((l) => l !== "le"));
    assert.equal([...found].join(", "), labels, `labels of ${name}`);
  }
});

test("promtool has no complaint", async (t) => {
  const unpacked = join(ROOT, "build/tools/promtool"), promtool = existsSync(unpacked) ? unpacked : "promtool";
  if (spawnSync(promtool, ["--version"]).error) return t.skip("no promtool here");
  const server = await start(t);
  const text = await (await fetch(`http://127.0.0.1:${server.metrics}/metrics`)).text();
  const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], { input: text, encoding: "utf8" });
  assert.deepEqual([status, stdout, stderr], [0, "", ""]);
  for (const [what, file] of [["config", "prometheus.yml"], ["rules", "alerts.yml"]])
    execFileSync(promtool, ["check", what, join(ROOT, "deployment/prometheus", file)]);
});

test("listeners, chunks and players are counted", async (t) => {
  const server = await start(t);
  const sent = (format) => ({ ...MAIN, format });
  const first = await server.page();
  assert.equal(first.get("auralis_listeners", sent("flac")), 0);
  assert.equal(first.get("auralis_chunks_encoded_total", sent("flac")), 0);
  const a = await Listener.open(t, `${server.ws}?format=flac`);
  const b = await Listener.open(t, server.ws);
  const page = await server.until("both are sent chunks", (p) =>
    p.get("auralis_chunks_sent_total", sent("flac")) > 8 && p.get("auralis_chunks_sent_total", sent("json")) > 8);
  assert.equal(page.get("auralis_listeners", sent("flac")), 1);
  assert.equal(page.get("auralis_listeners", sent("json")), 1);
  assert.equal(page.get("auralis_websocket_connections"), 2);
  assert.equal(page.get("auralis_chunks_dropped_total", sent("json")), 0);
  assert.ok(page.get("auralis_chunk_bytes_sent_total", sent("json")) > 8 * 23000);
  assert.equal(page.get("auralis_chunks_encoded_total", sent("opus")), 0);
  assert.ok(page.get("auralis_synthesis_seconds_count", MAIN) >= page.get("auralis_chunks_encoded_total", sent("flac")));
  assert.ok(page.get("auralis_synthesis_realtime_factor_sum", MAIN) > 0);

  const stats = { type: "client_stats", jitter_ms: 30, underruns: 2, buffer_ms: 450, tier: "stable" };
  b.send(stats);
  b.send({ ...stats, underruns: 5 });
  b.send({ ...stats, underruns: 1 }); // a player that began anew
  b.send({ type: "control", intensity: 7 });
  const told = await server.until("the player's reports", (p) => p.get("auralis_client_messages_total", { result: "invalid" }) === 1);
  assert.equal(told.get("auralis_client_jitter_seconds_count", { tier: "stable" }), 3);
  assert.equal(told.get("auralis_client_jitter_seconds_bucket", { tier: "stable", le: "0.02" }), 0);
  assert.equal(told.get("auralis_client_jitter_seconds_bucket", { tier: "stable", le: "0.05" }), 3);
  assert.equal(told.get("auralis_client_underruns_total", { tier: "stable" }), 6);
  assert.equal(told.get("auralis_client_tier_listeners", { tier: "stable" }), 1);

  a.socket.close();
  b.socket.close();
  await server.until("both are gone", (p) =>
    p.get("auralis_listeners", sent("flac")) + p.get("auralis_listeners", sent("json")) === 0);
  const strange = new Listener(t, server.ws, { headers: { Origin: "http://stranger.example" } });
  await strange.closed;
  await server.until("the refusal", (p) => p.get("auralis_websocket_refused_total", { reason: "origin" }) === 1);
});

test("edits are counted by what became of them; a failing script degrades", async (t) => {
  const server = await start(t, { text: piece(note(57)) });
  const edits = (p, result) => p.get("auralis_reloads_total", { ...MAIN, result });
  writeFileSync(server.script, "return {");
  await server.until("refused", (p) => edits(p, "refused") === 1);
  writeFileSync(server.script, piece(note(60)));
  await server.until("armed, and then playing", (p) => edits(p, "armed") === 1 && edits(p, "playing") === 1);
  assert.deepEqual(ills(await server.health()), []);
  writeFileSync(server.script, piece(`state.n = (state.n or 0) + 1 if state.n > 4 then error("no more") end ${note(60)}`));
  const page = await server.until("rolled back", (p) => edits(p, "rolled_back") === 1);
  assert.ok(page.get("auralis_script_failures_total", { ...MAIN, reason: "error" }) >= 1);
  assert.ok(page.get("auralis_script_seconds_count", MAIN) > 3);
  assert.ok(page.get("auralis_lua_memory_bytes", MAIN) > 10000);
  const ill = await server.health();
  assert.equal(ill.status, "degraded");
  assert.match(ill.reasons.join(), /failed phrase/);
});

test("garbage of Lua is counted", async (t) => {
  const server = await start(t, { text: piece(`for i = 1, 50000 do local t = { i } end ${note(57)}`) });
  const page = await server.until("three phrases", (p) => p.get("auralis_phrases_total", { ...MAIN, kind: "composed" }) >= 3);
  assert.ok(page.get("auralis_lua_collections_total", MAIN) >= 3);
});

test("notes outside the key and outside the chord", async (t) => {
  const chord = 'ctx:chord { name = "i", at = 0, beats = 4, pitches = { 57, 60, 64 } }';
  const notes = [57, 59, 61, 61].map((p) => `ctx:note { patch = "pad", at = 0, beats = 1, pitch = ${p}, velocity = 0.5 }`);
  const server = await start(t, { text: piece(`${chord} ${notes.join(" ")}`) });
  const page = await server.until("a phrase", (p) => p.get("auralis_notes_total", MAIN) >= 8);
  const n = page.get("auralis_notes_total", MAIN);
  assert.equal(page.get("auralis_notes_outside_key_total", MAIN), n / 2);
  assert.equal(page.get("auralis_notes_outside_chord_total", MAIN), (n * 3) / 4);
  assert.equal(page.get("auralis_notes_chorded_total", MAIN), n);
  assert.equal(page.get("auralis_phrase_outside_key_ratio", MAIN), 0.5);
  assert.equal(page.get("auralis_phrase_outside_chord_ratio", MAIN), 0.75);
});

test("silence is told, and is an illness only where the script plays notes", async (t) => {
  const hush = piece(note(57), 'pad = { voice = "pad", level = -60 }');
  const [quiet, empty] = await Promise.all([start(t, { text: hush }), start(t, { text: piece("") })]);
  for (const server of [quiet, empty]) {
    const page = await server.until("five seconds of silence", (p) => p.get("auralis_sound_silences_total", MAIN) === 1);
    assert.ok(page.get("auralis_sound_silence_seconds", MAIN) >= 5);
  }
  const ill = await quiet.health();
  assert.equal(ill.status, "degraded");
  assert.match(ill.reasons.join(), /silent for \d+ s although the script plays notes/);
  assert.deepEqual(ills(await empty.health()), []);
  const control = await fetch(`${quiet.http}/api/v1/control`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ level: 0 }) });
  assert.equal(control.status, 200);
  assert.deepEqual(ills(await quiet.health()), [], "silence that was asked for");
});

test("the loudest piece is loud, and the limiter lets nothing clip", async (t) => {
  const loud = Array.from({ length: 40 }, (_, i) => `ctx:note { patch = "pad", at = 0, beats = 4, pitch = ${45 + (i % 20)}, velocity = 1 }`).join(" ");
  const patches = 'pad = { voice = "pad", attack = 0.01, level = 6 }';
  const server = await start(t, { text: piece(loud, patches).replace("title", "effects = { master = { ceiling = -1 } }, title") });
  const page = await server.until("a loud second", (p) => p.get("auralis_sound_loudness_lufs", { ...MAIN, window: "short_term" }) > -16);
  const peak = page.get("auralis_sound_peak_ratio", MAIN);
  assert.ok(peak > 0.5 && peak <= 10 ** (-1 / 20) + 1e-6, `peak ${peak}`);
  assert.equal(page.get("auralis_sound_clipped_samples_total", MAIN), 0);
  assert.equal(page.get("auralis_sound_nonfinite_samples_total", MAIN), 0);
  for (const side of ["left", "right"]) assert.ok(Math.abs(page.get("auralis_sound_dc_offset_ratio", { ...MAIN, side })) < 0.01);
});

realtime("scraped while fifty listen, nobody loses a chunk", {}, async (t) => {
  const server = await start(t, { env: { AURALIS_MAX_CLIENTS: "60" } });
  const formats = ["json", "pcm", "flac", "opus"];
  const listeners = await Promise.all(Array.from({ length: 50 }, (_, i) => Listener.open(t, `${server.ws}?format=${formats[i % 4]}`)));
  const sum = (page, name) => formats.reduce((n, format) => n + page.get(name, { ...MAIN, format }), 0);
  const before = await server.page();
  assert.equal(sum(before, "auralis_listeners"), 50);
  for (let i = 0; i < 20; i++) await server.page();
  const after = await server.until("two seconds more", (p) => sum(p, "auralis_chunks_sent_total") >= sum(before, "auralis_chunks_sent_total") + 50 * 20);
  assert.equal(sum(after, "auralis_chunks_dropped_total"), 0);
  for (const format of formats) {
    const made = after.get("auralis_chunks_encoded_total", { ...MAIN, format });
    assert.ok(made <= after.get("auralis_chunks_rendered_total", MAIN) + 2, `${format}: one message a chunk for all who listen`);
  }
  assert.ok(after.get("process_open_fds") > 50);
  assert.ok(listeners.every((l) => l.messages.length > 20));
});

test("a private stream is told as private, never by its name", async (t) => {
  const server = await start(t, { env: { AURALIS_PRIVATE_CHANNELS: "1" } });
  const listener = await Listener.open(t, `${server.ws}?channel=private&bpm=90`);
  const { channel } = await listener.next("status");
  assert.match(channel, /^private-/);
  const page = await server.until("its chunks", (p) => p.get("auralis_chunks_sent_total", { channel: "private", format: "json" }) > 5);
  assert.equal(page.get("auralis_private_channels_open"), 1);
  assert.equal(page.get("auralis_listeners", { channel: "private", format: "json" }), 1);
  assert.ok(![...page.all.keys()].some((id) => id.includes(channel)));
  for (const query of ["", "&preset=rain"])
    assert.equal((await (await Listener.open(t, `${server.ws}?channel=private${query}`)).closed).code, 1013);
  await server.until("refused ones", (p) => p.get("auralis_websocket_refused_total", { reason: "private" }) === 2);
});

test("a device tells its memory, and who rendered the voices", async (t) => {
  const listed = JSON.parse((await run(t, ["devices", "--json"])).out).devices;
  if (!listed.some((each) => each.device === "opencl" && each.supported)) return t.skip("no OpenCL device here");
  const server = await start(t, { args: ["--device", "opencl"] });
  const page = await server.until("blocks by the device", (p) => p.get("auralis_voice_blocks_total", { ...MAIN, renderer: "device" }) > 0);
  assert.ok(page.get("auralis_device_memory_bytes") > 1e5);
  assert.equal(page.get("auralis_device_rendering"), 1);
  assert.ok(page.get("auralis_device_jobs_total", { result: "given" }) > 0);
});

test("a port that is taken is a warning, and 0 is no page", async (t) => {
  const first = await start(t);
  const second = await serve(t, { args: ["--metrics-port", String(first.metrics)] });
  assert.match(second.err(), /WARNING net: no metrics page: cannot listen on 127\.0\.0\.1:\d+: Address already in use/);
  assert.equal((await fetch(`${second.http}/api/v1/health`)).status, 200);
  const third = await serve(t);
  assert.doesNotMatch(third.err(), /metrics/);
  for (const [path, options, status] of [["/", {}, 404], ["/api/v1/status", {}, 404], ["/metrics", { method: "POST" }, 405], ["/metrics", { method: "HEAD" }, 200]])
    assert.equal((await fetch(`http://127.0.0.1:${first.metrics}${path}`, options)).status, status, path);
});
