// REST and the page's files.

import assert from "node:assert/strict";
import test from "node:test";

import { ills, raw, serve } from "./support.mjs";

async function ask(server, path, options) {
  const response = await fetch(server.http + path, options);
  const text = await response.text();
  const json = /json/.test(response.headers.get("content-type") ?? "") && text ? JSON.parse(text) : null;
  return { status: response.status, headers: response.headers, text, json };
}

const post = (body, headers = {}) => ({ method: "POST", body, headers });

test("health", async (t) => {
  const server = await serve(t);
  const health = await ask(server, "/api/v1/health");
  assert.equal(health.status, 200);
  const { status, service, reasons } = health.json;
  assert.deepEqual([status, service], [reasons.length ? "degraded" : "healthy", "auralis"]);
  assert.deepEqual(ills(health.json), []);
});

test("status is the message of the WebSocket without its type", async (t) => {
  const server = await serve(t);
  const { status, json } = await ask(server, "/api/v1/status?channel=main");
  assert.equal(status, 200);
  assert.ok(!("type" in json));
  for (const name of ["current_key", "current_bpm", "current_intensity", "buffer_depth_ms", "active_clients", "synthesis_latency_ms", "phrases_generated", "pending", "controls", "keys"])
    assert.ok(name in json, name);
  assert.equal(json.active_clients, 0);
  assert.equal((await ask(server, "/api/v1/status?channel=nothing")).status, 404);
});

test("control: absent keys keep their value, the answer says when it sounds", async (t) => {
  const server = await serve(t);
  const first = await ask(server, "/api/v1/control", post('{"key":"D dorian","bpm":64}'));
  assert.equal(first.status, 200);
  assert.equal(first.json.status, "updated");
  assert.equal(first.json.params.key, "D dorian");
  assert.equal(first.json.params.bpm, 64);
  assert.equal(first.json.params.intensity, 0.5);
  assert.match(first.json.phrase_id, /^phrase_\d+$/);
  assert.ok(first.json.sounds_in_ms > 0);
  const second = await ask(server, "/api/v1/control", post('{"type":"control","intensity":0.9}'));
  assert.equal(second.json.params.key, "D dorian");
  assert.equal(second.json.params.intensity, 0.9);
  const { json } = await ask(server, "/api/v1/status");
  assert.equal(json.current_key, "A minor");
  assert.equal(json.pending.key, "D dorian");
  assert.equal(json.pending.phrase_id, second.json.phrase_id);
});

test("control refused: 422 with field, value and allowed, and nothing changes", async (t) => {
  const server = await serve(t);
  const cases = [
    ['{"bpm":300}', "bpm"],
    ['{"bpm":70.5}', "bpm"],
    ['{"key":"X minor"}', "key"],
    ['{"intensity":"high"}', "intensity"],
    ['{"volume":1}', "volume"],
    ['{"bpm":64,"type":"ping"}', "type"],
    ['{"bpm":64', "message"],
    ["", "message"],
    ["[]", "message"],
  ];
  for (const [body, field] of cases) {
    const { status, json } = await ask(server, "/api/v1/control", post(body));
    assert.equal(status, 422, body);
    assert.deepEqual(Object.keys(json), ["error", "message", "field", "value", "allowed"], body);
    assert.equal(json.error, "INVALID_CONTROL");
    assert.equal(json.field, field, body);
  }
  assert.equal((await ask(server, "/api/v1/status")).json.pending.bpm, 70);
});

test("controls are limited to 20 a second", async (t) => {
  const server = await serve(t);
  const answers = await Promise.all(Array.from({ length: 60 }, () => ask(server, "/api/v1/control", post("{}"))));
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length > 0);
  assert.equal(refused[0].json.error, "TOO_MANY_REQUESTS");
  assert.equal(refused[0].headers.get("retry-after"), "1");
});

test("channels", async (t) => {
  const server = await serve(t);
  const { json } = await ask(server, "/api/v1/channels");
  assert.deepEqual(json.channels, [
    { name: "main", title: "Ambient", script: "ambient.lua", sample_rate: 44100, channels: 2, formats: ["json", "pcm", "flac", "opus"], listeners: 0, stream: "/ws/stream?channel=main" },
  ]);
});

test("errors of HTTP have a JSON message", async (t) => {
  const server = await serve(t);
  const cases = [
    [404, "/api/v1/nothing", {}],
    [404, "/api/v2/status", {}],
    [404, "/nothing.html", {}],
    [405, "/api/v1/status", { method: "POST", body: "{}" }],
    [405, "/api/v1/control", {}],
    [405, "/index.html", { method: "PUT", body: "x" }],
    [413, "/api/v1/control", post(" ".repeat(70000))],
    [413, "/api/v1/control", post(" ".repeat(3000000))],
    [426, "/ws/stream", {}],
  ];
  for (const [status, path, options] of cases) {
    const answer = await ask(server, path, options);
    assert.equal(answer.status, status, path);
    assert.equal(typeof answer.json.message, "string", path);
    assert.equal(typeof answer.json.error, "string", path);
    if (status === 405) assert.ok(answer.headers.get("allow").length > 0);
  }
});

test("a body without a length is refused with 411", async (t) => {
  const server = await serve(t);
  const chunked = await raw(server.port, "POST /api/v1/control HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
  assert.match(chunked, /^HTTP\/1\.1 411 [^]*"LENGTH_REQUIRED"/);
  const none = await raw(server.port, "POST /api/v1/control HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.match(none, /^HTTP\/1\.1 411 /);
});

test("the page and its files", async (t) => {
  const server = await serve(t);
  const page = await ask(server, "/");
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-type"), /^text\/html/);
  assert.equal(page.headers.get("cache-control"), "no-cache");
  for (const [name, value] of [
    ["x-content-type-options", "nosniff"],
    ["cross-origin-opener-policy", "same-origin"],
    ["cross-origin-embedder-policy", "require-corp"],
  ])
    assert.equal(page.headers.get(name), value);
  assert.match(page.headers.get("content-security-policy"), /default-src 'self'/);
  assert.ok(page.headers.has("referrer-policy"));
  const script = await ask(server, "/app.js");
  assert.match(script.headers.get("content-type"), /^text\/javascript/);
  assert.match((await ask(server, "/style.css")).headers.get("content-type"), /^text\/css/);
  const head = await ask(server, "/app.js", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.text, "");
  assert.equal(Number(head.headers.get("content-length")), Buffer.byteLength(script.text));
  const again = await ask(server, "/app.js", { headers: { "If-None-Match": script.headers.get("etag") } });
  assert.equal(again.status, 304);
});

test("nothing outside the page's folder is served", async (t) => {
  const server = await serve(t);
  for (const path of ["/../README.md", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "//etc/passwd", "/.git/config", "/app.js%00"]) {
    const answer = await raw(server.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.ok(!/ 200 |root:/.test(answer), path);
  }
});

test("origins: listed ones get CORS headers, others cannot set a control", async (t) => {
  const server = await serve(t, { env: { AURALIS_CORS_ORIGINS: "http://friend.example" } });
  const friend = await ask(server, "/api/v1/control", post("{}", { Origin: "http://friend.example" }));
  assert.equal(friend.status, 200);
  assert.equal(friend.headers.get("access-control-allow-origin"), "http://friend.example");
  const preflight = await ask(server, "/api/v1/control", { method: "OPTIONS", headers: { Origin: "http://friend.example" } });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get("access-control-allow-methods"), /POST/);
  const stranger = await ask(server, "/api/v1/control", post('{"bpm":99}', { Origin: "http://stranger.example" }));
  assert.equal(stranger.status, 403);
  assert.equal(stranger.headers.get("access-control-allow-origin"), null);
  assert.equal((await ask(server, "/api/v1/status")).json.pending.bpm, 70);
});
