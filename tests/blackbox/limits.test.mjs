// Limits and abuse: what is refused, with which status or close code, that it is counted, and that nobody else suffers.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import test from "node:test";

import { realtime } from "../realtime.mjs";
import { AMBIENT, Listener, ROOT, raw, refused, tempDir, within } from "./support.mjs";
import { BINARY, PING, TEXT, Wire, frame, listen, serveCounted } from "./wire.mjs";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const REFUSED = (reason) => `websocket_refused_total{reason="${reason}"}`;
const CLOSED = (reason) => `websocket_closed_total{reason="${reason}"}`;
const LIMITED = (reason) => `http_limited_total{reason="${reason}"}`;
const DROPPED = (reason) => `connections_dropped_total{reason="${reason}"}`;
const MESSAGES = (result) => `client_messages_total{result="${result}"}`;

/** Connections that say nothing. */
async function halfOpen(t, port, n, localAddress) {
  const sockets = Array.from({ length: n }, () => connect({ port, host: "127.0.0.1", localAddress }));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(
    sockets.map((socket) => {
      socket.on("error", () => {});
      return Promise.race([once(socket, "connect"), once(socket, "close")]);
    }),
  );
  return sockets;
}

const someClosed = (sockets) =>
  within("some are closed", Promise.race(sockets.map((socket) => socket.destroyed || once(socket, "close"))));

/** One request from an address: the status, or NaN if there was no answer. */
async function statusFrom(t, port, localAddress, path = "/api/v1/health") {
  const wire = new Wire(t, port, { localAddress });
  await within("the connection", wire.connected);
  wire.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await wire.until("the answer", () => false);
  return Number(/^HTTP\/1\.[01] (\d+)/.exec(wire.received.toString())?.[1]);
}

const post = (server, path, body, headers = {}) => fetch(server.http + path, { method: "POST", body, headers });

// ---- how many ----

test("listeners of one address: SERVER_OVERLOAD and 1013, others and later ones come in", async (t) => {
  const server = await serveCounted(t, { env: { AURALIS_MAX_PER_ADDRESS: "3", AURALIS_MAX_CLIENTS: "50" } });
  const from = (localAddress) => Listener.open(t, server.ws, { localAddress });
  const first = await from("127.0.0.2");
  await from("127.0.0.2");
  await from("127.0.0.2");
  const fourth = await from("127.0.0.2");
  const error = await fourth.next(() => true);
  assert.equal(error.code, "SERVER_OVERLOAD");
  assert.match(error.message, /3 listeners at this address/);
  assert.equal((await within("the close", fourth.closed)).code, 1013);
  await (await from("127.0.0.3")).next("audio");
  first.socket.close(1000);
  await first.closed;
  await (await from("127.0.0.2")).next("audio");
  assert.equal((await server.counts())[REFUSED("address")], 1);
});

test("listeners of this machine are not limited unless it is asked for", async (t) => {
  const server = await serveCounted(t, { env: { AURALIS_MAX_CLIENTS: "50" } });
  const all = await Promise.all(Array.from({ length: 25 }, () => Listener.open(t, `${server.ws}?format=opus`)));
  for (const listener of all) assert.equal((await listener.next((m) => m.type !== "audio")).type, "status");
});

test("listeners in all: counted", async (t) => {
  const server = await serveCounted(t, { env: { AURALIS_MAX_CLIENTS: "1" } });
  await Listener.open(t, server.ws);
  for (let i = 0; i < 3; i++) assert.equal((await (await Listener.open(t, server.ws)).closed).code, 1013);
  assert.equal((await server.counts())[REFUSED("clients")], 3);
});

test("connections of one address: 429, then nothing at all; other addresses do not notice", async (t) => {
  const server = await serveCounted(t, { env: { AURALIS_MAX_PER_ADDRESS: "1" } });
  await halfOpen(t, server.port, 33, "127.0.0.2");
  assert.equal(await statusFrom(t, server.port, "127.0.0.2"), 429);
  const wire = await new Wire(t, server.port, { localAddress: "127.0.0.2" }).upgrade();
  assert.match(wire.head ?? "", /^HTTP\/1\.[01] 429 /);
  await halfOpen(t, server.port, 8, "127.0.0.2");
  assert.ok(Number.isNaN(await statusFrom(t, server.port, "127.0.0.2")));
  assert.equal(await statusFrom(t, server.port, "127.0.0.3"), 200);
  const counted = await server.counts();
  assert.equal(counted[LIMITED("address")], 2);
  assert.equal(counted[DROPPED("address")], 1);
});

test("connections in all: those that have said nothing make room", async (t) => {
  const server = await serveCounted(t, { env: { AURALIS_MAX_CONNECTIONS: "20", AURALIS_MAX_CLIENTS: "5" } });
  const listener = await Listener.open(t, server.ws);
  for (let i = 0; i < 5; i++) {
    await halfOpen(t, server.port, 50);
    assert.equal(await statusFrom(t, server.port), 200);
    const next = await Listener.open(t, server.ws);
    await next.next("audio");
    next.socket.close();
    await next.closed;
  }
  await listener.next("audio");
  const counted = await server.counts();
  assert.ok(counted[DROPPED("waiting")] > 200);
});

test("connections in all: where everyone is served, one more gets 503", async (t) => {
  const server = await serveCounted(t, { env: { AURALIS_MAX_CONNECTIONS: "6", AURALIS_MAX_CLIENTS: "50" } });
  const six = await Promise.all(Array.from({ length: 6 }, () => Listener.open(t, server.ws)));
  assert.equal(await statusFrom(t, server.port), 503);
  const answer = await refused(t, server.ws);
  assert.equal(answer.status, 503);
  assert.equal(answer.body.error, "TOO_MANY_CONNECTIONS");
  const sockets = await halfOpen(t, server.port, 100); // sixty-four are heard, the others closed at once
  await someClosed(sockets);
  six[0].socket.terminate();
  await within("there is room again", (async () => {
    while ((await statusFrom(t, server.port)) !== 200) await sleep(50);
  })());
  for (const listener of six.slice(1)) await listener.next("audio");
  const counted = await server.counts();
  assert.ok(counted[LIMITED("total")] >= 2);
  assert.ok(counted[DROPPED("total")] > 0);
});

test("out of descriptors: connections are closed and counted, and the server goes on", async (t) => {
  const server = await serveCounted(t);
  const listener = await Listener.open(t, server.ws);
  await listener.next("audio");
  const counted = () => server.counts();
  await counted();
  execFileSync("prlimit", ["--pid", String(server.child.pid), "--nofile=80:"]);
  await someClosed(await halfOpen(t, server.port, 150));
  const at = (await listener.next("audio")).chunk_index;
  for (let k = 1; k < 10; k++) assert.equal((await listener.next("audio")).chunk_index, at + k);
  execFileSync("prlimit", ["--pid", String(server.child.pid), "--nofile=1000:"]);
  assert.ok((await counted())[DROPPED("descriptors")] > 0);
  assert.equal(await statusFrom(t, server.port), 200);
});

// ---- how fast ----

test("control messages: 20 a second, the others refused one by one", async (t) => {
  const server = await serveCounted(t);
  const wire = await listen(t, server);
  const began = performance.now();
  for (let i = 0; i < 60; i++) wire.send(frame(TEXT, '{"type":"control","bpm":70}'));
  wire.send(frame(TEXT, '{"type":"ping"}'));
  await wire.message("pong");
  const seconds = (performance.now() - began) / 1000;
  const counted = await server.counts();
  assert.ok(counted[MESSAGES("control")] >= 20 && counted[MESSAGES("control")] <= 20 + Math.ceil(20 * seconds));
  assert.equal(counted[MESSAGES("control")] + counted[MESSAGES("rate")], 60);
});

test("messages of any kind: 100 a second; one answer to those beyond, and the session goes on", async (t) => {
  const server = await serveCounted(t);
  const wire = await listen(t, server);
  const began = performance.now();
  wire.send(Buffer.concat(Array.from({ length: 300 }, () => frame(TEXT, '{"type":"status_request"}'))));
  const is = (f) => f.opcode === TEXT && JSON.parse(f.data).code === "INVALID_CONTROL";
  const error = JSON.parse((await wire.next(is)).data);
  assert.equal(error.field, "rate");
  assert.match(error.allowed, /100 messages a second/);
  await sleep(1200);
  wire.frames.length = 0;
  wire.send(frame(TEXT, '{"type":"ping"}'));
  assert.ok(await wire.message("pong"));
  const passed = 300 - (await server.counts())[MESSAGES("rate")];
  const seconds = (performance.now() - began) / 1000;
  assert.ok(passed >= 100 && passed <= 100 + Math.ceil(100 * seconds), `${passed} of 300 in ${seconds} s`);
  assert.ok(passed < 300);
});

for (const [what, piece] of [
  ["messages", frame(TEXT, "{}")],
  ["empty fragments", null],
  ["binary messages", frame(BINARY, "x")],
])
  test(`a flood of ${what} ends the session with 1008`, async (t) => {
    const server = await serveCounted(t);
    const [wire, other] = [await listen(t, server), await listen(t, server)];
    if (!piece) wire.send(frame(TEXT, "", { final: false }));
    wire.send(Buffer.concat(Array.from({ length: 3000 }, () => piece ?? frame(0, "", { final: false }))));
    assert.equal(await wire.end(), 1008);
    other.send(frame(TEXT, '{"type":"ping"}'));
    assert.ok(await other.message("pong"));
    assert.equal((await server.counts())[CLOSED("abuse")], 1);
  });

realtime("a flood of pings costs no listener a chunk", {}, async (t) => {
  const server = await serveCounted(t);
  const honest = await Listener.open(t, server.ws);
  const wire = await listen(t, server);
  const pings = Buffer.concat(Array.from({ length: 5000 }, () => frame(PING)));
  let going = true;
  const flood = async () => {
    while (going) if (!wire.socket.write(pings)) await Promise.race([once(wire.socket, "drain"), once(wire.socket, "close")]);
  };
  const flooding = flood();
  const at = (await honest.next("audio")).chunk_index;
  for (let k = 1; k < 30; k++) assert.equal((await honest.next("audio")).chunk_index, at + k);
  going = false;
  wire.socket.destroy();
  await flooding;
});

test("REST: rate, size, origin and token are counted", async (t) => {
  const server = await serveCounted(t, { env: { AURALIS_EDIT_TOKEN: "secret" }, args: ["--host", "0.0.0.0"] });
  const answers = await Promise.all(Array.from({ length: 60 }, () => post(server, "/api/v1/control", "{}")));
  const late = answers.filter(({ status }) => status === 429);
  assert.ok(late.length > 0 && late.every((answer) => answer.headers.get("retry-after") === "1"));
  assert.equal((await post(server, "/api/v1/control", " ".repeat(70000))).status, 413);
  assert.equal((await post(server, "/api/v1/control", "{}", { Origin: "http://stranger.example" })).status, 403);
  assert.equal((await fetch(`${server.http}/api/v1/scripts/ambient.lua`, { method: "PUT", body: "x" })).status, 401);
  const counted = await server.counts();
  assert.equal(counted[LIMITED("rate")], late.length);
  assert.equal(counted[LIMITED("size")], 1);
  assert.equal(counted[LIMITED("origin")], 1);
  assert.equal(counted[LIMITED("token")], 1);
});

test("headers that never end: 408; nothing at all: closed without a word; both counted", async (t) => {
  const server = await serveCounted(t);
  const slow = new Wire(t, server.port);
  const dots = new Wire(t, server.port);
  const tunnel = new Wire(t, server.port);
  const [silent] = await halfOpen(t, server.port, 1);
  await Promise.all([slow.connected, dots.connected, tunnel.connected]);
  slow.send("GET / HTTP/1.1\r\nHost: x\r\n");
  const timer = setInterval(() => slow.send("X-More: 1\r\n"), 300);
  t.after(() => clearInterval(timer));
  dots.send("GET");
  tunnel.send("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n");
  let said = "";
  silent.on("data", (data) => (said += data));
  await within("all are ended", Promise.all([once(silent, "close"), ...[slow, dots, tunnel].map((wire) => wire.until("the end", () => false))]));
  for (const wire of [slow, dots]) assert.match(wire.received.toString(), /^HTTP\/1\.[01] 408 [^]*"TOO_SLOW"/);
  assert.ok(!/ 200 /.test(tunnel.received.toString()));
  assert.equal(said, "");
  const counted = await server.counts();
  assert.equal(counted[DROPPED("silent")], 1);
  assert.ok(counted[LIMITED("headers")] >= 2);
});

test("headers over 16 KiB, and what is no HTTP: hung up on and counted", async (t) => {
  const server = await serveCounted(t);
  const junk = [`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(17000)}\r\n\r\n`, "\x16\x03\x01\x02\x00\x01\r\n\r\n", "BREW /coffee HTTP/1.1\r\nHost: x\r\n\r\n"];
  for (const text of junk) {
    const wire = new Wire(t, server.port);
    await wire.connected;
    wire.send(text);
    await wire.until("the end", () => false);
    assert.ok(!/ 200 /.test(wire.received.toString()));
  }
  await within("all are counted", (async () => {
    while ((await server.counts())[DROPPED("unreadable")] !== junk.length) await sleep(50);
  })());
  const half = new Wire(t, server.port); // who goes before the end of the headers has done nothing wrong
  await half.connected;
  half.send("GET / HTTP/1.1\r\n");
  half.socket.destroy();
  assert.equal(await statusFrom(t, server.port), 200);
  assert.equal((await server.counts())[DROPPED("unreadable")], junk.length);
});

// ---- from where ----

test("origins: WebSocket and REST agree, and refused ones are counted", async (t) => {
  const server = await serveCounted(t, { env: { AURALIS_CORS_ORIGINS: "http://friend.example,https://other.example:8443" } });
  const cases = [
    ["http://friend.example", true],
    ["HTTP://FRIEND.example", true],
    ["https://other.example:8443", true],
    [`http://127.0.0.1:${server.port}`, true],
    ["https://friend.example", false],
    ["http://friend.example:81", false],
    ["http://friend.example.evil.example", false],
    ["http://evil-friend.example", false],
    ["http://sub.friend.example", false],
    ["https://other.example", false],
    [`http://127.0.0.1:${server.port + 1}`, false],
    [`http://localhost:${server.port}`, false],
    ["null", false],
    ["http://", false],
    ["*", false],
  ];
  for (const [origin, allowed] of cases) {
    const { status } = await post(server, "/api/v1/control", "{}", { Origin: origin });
    assert.equal(status, allowed ? 200 : 403, origin);
    if (allowed) (await Listener.open(t, server.ws, { origin })).socket.terminate();
    else assert.equal((await refused(t, server.ws, { origin })).status, 403, origin);
  }
  const no = cases.filter(([, allowed]) => !allowed).length;
  const counted = await server.counts();
  assert.equal(counted[REFUSED("origin")], no);
  assert.equal(counted[LIMITED("origin")], no);
});

test("every response carries the security headers, errors too", async (t) => {
  const server = await serveCounted(t);
  const wanted = {
    "x-content-type-options": /^nosniff$/,
    "referrer-policy": /^no-referrer$/,
    "cross-origin-opener-policy": /^same-origin$/,
    "cross-origin-embedder-policy": /^require-corp$/,
    "cross-origin-resource-policy": /^same-origin$/,
    "content-security-policy": /default-src 'self'.*object-src 'none'.*base-uri 'none'.*frame-ancestors 'none'/,
  };
  const etag = (await fetch(`${server.http}/app.js`)).headers.get("etag");
  const lines = [
    [200, "GET / HTTP/1.1"],
    [200, "HEAD /app.js HTTP/1.1"],
    [304, "GET /app.js HTTP/1.1", `If-None-Match: ${etag}\r\n`],
    [200, "GET /api/v1/status HTTP/1.1"],
    [204, "OPTIONS /api/v1/control HTTP/1.1"],
    [404, "GET /nothing HTTP/1.1"],
    [405, "DELETE / HTTP/1.1"],
    [411, "POST /api/v1/control HTTP/1.1"],
    [413, "POST /api/v1/control HTTP/1.1", "Content-Length: 99999999\r\n"],
    [426, "GET /ws/stream HTTP/1.1"],
    [400, "GET /ws/stream HTTP/1.1", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"],
    [403, "BREW /coffee HTTP/1.1"],
    [403, "GET /%zz HTTP/1.1"],
  ];
  for (const [status, line, more = ""] of lines) {
    const answer = await raw(server.port, `${line}\r\nHost: x\r\n${more}\r\n`, 400);
    assert.equal(Number(/^HTTP\/1\.[01] (\d+)/.exec(answer)?.[1]), status, line);
    const headers = Object.fromEntries(Array.from(answer.matchAll(/^([a-z-]+): (.*?)\r$/gim), ([, name, value]) => [name.toLowerCase(), value]));
    for (const [name, value] of Object.entries(wanted)) assert.match(headers[name] ?? "", value, `${line}: ${name}`);
  }
});

test("no path leads out of the page's folder", async (t) => {
  const data = tempDir(t);
  cpSync(join(ROOT, "client"), join(data, "client"), { recursive: true, filter: (path) => !/node_modules|bundle/.test(path) });
  symlinkSync(join(ROOT, "scripts"), join(data, "scripts"));
  writeFileSync(join(data, "secret.txt"), "the secret\n");
  mkdirSync(join(data, "private"));
  writeFileSync(join(data, "private", "secret.txt"), "the secret\n");
  writeFileSync(join(data, "client", ".hidden"), "the secret\n");
  mkdirSync(join(data, "client", "sub"));
  for (const [target, name] of [
    ["../secret.txt", "up.txt"],
    [join(data, "secret.txt"), "absolute.txt"],
    ["../private", "folder"],
    ["/", "whole"],
    ["up.txt", "twice.txt"],
    ["loop.txt", "loop.txt"],
    ["/proc/self/root", "magic"],
  ])
    symlinkSync(target, join(data, "client", name));
  symlinkSync("app.js", join(data, "client", "same.js"));
  const server = await serveCounted(t, { env: { AURALIS_DATA_DIR: data }, args: ["--script", AMBIENT] });
  const paths = [
    "/../secret.txt", "/../../../../../../etc/passwd", "/sub/../../secret.txt", "/./../secret.txt", "/sub/..//../secret.txt",
    "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt", "/..%2fsecret.txt", "/%2E%2E/secret.txt", "/sub/%2e%2e/%2e%2e/secret.txt",
    "/%252e%252e/secret.txt", "/..%252fsecret.txt", "/%25252e%25252e/secret.txt",
    "/..\\secret.txt", "/..%5csecret.txt", "/%2e%2e%5csecret.txt", "\\..\\secret.txt",
    "/app.js%00", "/app.js%00.txt", "/%00/../secret.txt", "/../secret.txt%00.js",
    "/%c0%ae%c0%ae/secret.txt", "/%e0%80%ae%e0%80%ae/secret.txt", "/..%c0%afsecret.txt", "/%uff0e%uff0e/secret.txt",
    "/up.txt", "/absolute.txt", "/twice.txt", "/loop.txt", "/folder/secret.txt", "/whole/etc/passwd", `/whole${data}/secret.txt`,
    `/magic${data}/secret.txt`, "/.hidden", "/%2ehidden", "/sub/../.hidden", "//etc/passwd", "/%2fetc/passwd", "/...",
    "/sub", "/sub/", "http://x/../secret.txt", "*", "/app.js/", "/app.js/../../secret.txt",
    "/api/v1/scripts/..%2f..%2fsecret.txt", "/api/v1/scripts/%2e%2e/secret.txt", `/api/v1/scripts/${data}/secret.txt`,
  ];
  for (const path of paths) {
    const answer = await raw(server.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, 400);
    assert.ok(!/the secret|root:/.test(answer), path);
    assert.ok(!/^HTTP\/1\.[01] (200|500)/.test(answer), `${path}: ${answer.slice(0, 40)}`);
  }
  const before = await server.counts();
  for (const path of ["/%zz", "/app.js%00"]) await raw(server.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, 400);
  assert.equal((await server.counts())[DROPPED("unreadable")], before[DROPPED("unreadable")] + 2, "what the library refuses is counted");
  const nul = Buffer.from("GET /app.js\0/../secret.txt HTTP/1.1\r\nHost: x\r\n\r\n", "latin1");
  assert.ok(!/ 200 /.test(await raw(server.port, nul, 400)));
  assert.equal(await statusFrom(t, server.port, undefined, "/same.js"), 200, "a link that stays inside is followed");
  assert.equal(await statusFrom(t, server.port, undefined, "/app.js"), 200);
});

// ---- all at once ----

realtime("abuse: 2,000 half-open connections, 200 that do not read, 50 that dawdle; five listeners lose nothing", {}, async (t) => {
  const server = await serveCounted(t, { env: { AURALIS_MAX_CLIENTS: "300" } });
  const heard = (listener) => listener.messages.filter((m) => Buffer.isBuffer(m) && m[5] === 0).map((m) => m.readBigUInt64LE(8));
  const honest = await Promise.all(Array.from({ length: 4 }, () => Listener.open(t, `${server.ws}?format=opus`)));
  const deaf = await Promise.all(Array.from({ length: 200 }, () => Listener.open(t, server.ws)));
  deaf.forEach(({ socket }) => socket.pause());
  const dawdlers = Array.from({ length: 50 }, () => new Wire(t, server.port));
  await Promise.all(dawdlers.map((wire) => wire.connected));
  const dawdle = setInterval(() => dawdlers.forEach((wire) => wire.ended || wire.send("X: y\r\n")), 300);
  t.after(() => clearInterval(dawdle));
  dawdlers.forEach((wire) => wire.send("GET / HTTP/1.1\r\n"));
  for (let i = 0; i < 10; i++) {
    await halfOpen(t, server.port, 200);
    await sleep(200);
  }
  honest.push(await Listener.open(t, `${server.ws}?format=opus`)); // who comes in the middle of it
  await sleep(9000);
  for (const listener of honest) {
    const chunks = heard(listener);
    assert.ok(chunks.length >= 80, `${chunks.length} chunks`);
    chunks.forEach((index, i) => assert.equal(index, chunks[0] + BigInt(i), "no chunk is missing"));
    assert.ok(!listener.messages.some((m) => m.code === "BUFFER_OVERRUN"), "nobody was moved on");
  }
  deaf[0].socket.resume();
  assert.equal((await deaf[0].next("error")).code, "BUFFER_OVERRUN", "who did not read is told when it reads again");
  const counted = await server.counts();
  assert.ok(counted[DROPPED("waiting")] > 1000, "who said nothing made room");
  assert.ok(counted['chunks_dropped_total{channel="main",format="json"}'] > 0, "who did not read was moved on");
  assert.equal(counted['chunks_dropped_total{channel="main",format="opus"}'], 0);
  assert.equal((await fetch(`${server.http}/api/v1/health`)).status, 200);
});
