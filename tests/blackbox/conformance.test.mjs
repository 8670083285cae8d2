// The server's side of RFC 6455, held against the clients ws and websocket, and against frames written by hand that no
// client sends. docs/protocol.md lists where the server differs from the RFC; the last test holds it to that list.

import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";

import websocket from "websocket";
import WebSocket from "ws";

import { serve, within } from "./support.mjs";
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, closing, frame, listen, serveCounted } from "./wire.mjs";

const ASK = '{"type":"ping","client_time":"é ♪ 𝄞"}';
const isPong = (message) => message.type === "pong" && message.client_time === "é ♪ 𝄞";

/** A message of exactly so many bytes, answered with pong. */
const long = (bytes) => `{"type":"ping"${" ".repeat(bytes - 15)}}`;

// ---- ws ----

/** A client of npm ws: { socket, messages, pongs, closed, next(test) }. */
async function wsClient(t, server, options = {}) {
  const socket = new WebSocket(`${server.ws}?format=opus`, { perMessageDeflate: false, ...options });
  const client = { socket, messages: [], pongs: [], pings: 0, waiting: [] };
  t.after(() => socket.terminate());
  const tell = () => client.waiting.splice(0).forEach((wake) => wake());
  socket.on("message", (data, binary) => {
    if (!binary) client.messages.push(JSON.parse(data));
    tell();
  });
  socket.on("pong", (data) => {
    client.pongs.push(String(data));
    tell();
  });
  socket.on("error", (error) => (client.error = error));
  client.closed = new Promise((resolve) => socket.on("close", (code, reason) => resolve({ code, reason: String(reason) })));
  client.until = (what, found) =>
    within(what, (async () => {
      while (!found()) await new Promise((resolve) => client.waiting.push(resolve));
    })());
  await within("the WebSocket opens", once(socket, "open"));
  return client;
}

test("ws: whole, fragmented, with control frames between the fragments", async (t) => {
  const server = await serve(t);
  const client = await wsClient(t, server);
  const pongs = () => client.messages.filter(isPong).length;
  client.socket.send(ASK);
  await client.until("a pong", () => pongs() === 1);
  client.socket.send(ASK.slice(0, 7), { fin: false });
  client.socket.ping("between");
  client.socket.send(ASK.slice(7, 9), { fin: false });
  client.socket.pong("unasked");
  client.socket.send("", { fin: false });
  client.socket.send(ASK.slice(9), { fin: true });
  await client.until("both pongs", () => pongs() === 2 && client.pongs.includes("between"));
  client.socket.send(Buffer.from(long(65536)), { binary: false });
  await client.until("an answer to 64 KiB", () => client.messages.filter((m) => m.type === "pong").length === 3);
  client.socket.send(Buffer.from(ASK));
  await client.until("a binary message is refused", () => client.messages.some((m) => m.type === "error" && m.field === "message"));
  assert.equal(client.error, undefined);
});

test("ws: pings of every length are echoed", async (t) => {
  const server = await serve(t);
  const client = await wsClient(t, server);
  for (const length of [0, 1, 2, 64, 124, 125]) {
    const data = "x".repeat(length);
    client.socket.ping(data);
    await client.until(`a pong of ${length}`, () => client.pongs.includes(data));
  }
});

for (const [what, close, code, reason] of [
  ["without a code", (socket) => socket.close(), 1005, ""],
  ["with 1000", (socket) => socket.close(1000), 1000, ""],
  ["with 1000 and a reason", (socket) => socket.close(1000, "good night ♪"), 1000, "good night ♪"],
  ["with 1001", (socket) => socket.close(1001), 1001, ""],
  ["with 3000", (socket) => socket.close(3000), 3000, ""],
  ["with 4999 and the longest reason", (socket) => socket.close(4999, "r".repeat(123)), 4999, "r".repeat(123)],
])
  test(`ws: the closing handshake ${what}`, async (t) => {
    const server = await serve(t);
    const client = await wsClient(t, server);
    close(client.socket);
    assert.deepEqual(await within("the close", client.closed), { code, reason });
  });

test("ws: compression and subprotocols are not negotiated", async (t) => {
  const server = await serve(t);
  const client = await wsClient(t, server, { perMessageDeflate: true });
  assert.equal(client.socket.extensions, "");
  const asked = new WebSocket(server.ws, ["audio"]);
  t.after(() => asked.terminate());
  const [error] = await within("the refusal", once(asked, "error"));
  assert.match(error.message, /400/);
});

// ---- websocket ----

/** A connection of npm websocket, every message as soon as it is sent in fragments of so many bytes. */
async function otherClient(t, server, { fragment = 0x4000 } = {}) {
  const client = new websocket.client({ fragmentOutgoingMessages: true, fragmentationThreshold: fragment, closeTimeout: 4000 });
  const opened = new Promise((resolve, reject) => {
    client.on("connect", resolve);
    client.on("connectFailed", reject);
  });
  client.connect(server.ws);
  const connection = await within("the WebSocket opens", opened);
  t.after(() => connection.drop());
  connection.texts = [];
  connection.waiting = [];
  connection.on("message", (message) => {
    if (message.type === "utf8") connection.texts.push(JSON.parse(message.utf8Data));
    connection.waiting.splice(0).forEach((wake) => wake());
  });
  connection.on("error", (error) => assert.fail(error));
  connection.until = (what, found) =>
    within(what, (async () => {
      while (!found()) await new Promise((resolve) => connection.waiting.push(resolve));
    })());
  return connection;
}

test("websocket: listens, answers pings, speaks in fragments of one byte", async (t) => {
  const server = await serve(t);
  const connection = await otherClient(t, server, { fragment: 1 });
  connection.sendUTF(ASK);
  await connection.until("a pong", () => connection.texts.some(isPong));
  await connection.until("audio", () => connection.texts.filter((m) => m.type === "audio").length > 8);
  const chunks = connection.texts.filter((m) => m.type === "audio").map((m) => m.chunk_index);
  chunks.forEach((index, i) => assert.equal(index, chunks[0] + i));
  const pong = once(connection, "pong");
  connection.ping(Buffer.from("are you there"));
  assert.equal(String((await within("a pong", pong))[0]), "are you there");
});

test("websocket: the closing handshake from both ends", async (t) => {
  const server = await serve(t);
  const [one, two] = [await otherClient(t, server), await otherClient(t, server)];
  const closed = [one, two].map((connection) => once(connection, "close"));
  one.close(1000, "enough");
  assert.deepEqual(await within("the close", closed[0]), [1000, "enough"]);
  server.child.kill("SIGTERM");
  assert.equal((await within("the close", closed[1]))[0], 1001);
});

// ---- by hand ----

const bytes = Buffer.from(ASK);
const accent = bytes.indexOf(0xc3) + 1; // between the two bytes of é

const understood = {
  "a message in one byte fragments": [...bytes].map((_, i) =>
    frame(i ? CONTINUATION : TEXT, bytes.subarray(i, i + 1), { final: i === bytes.length - 1 }),
  ),
  "a character cut by fragments": [frame(TEXT, bytes.subarray(0, accent), { final: false }), frame(CONTINUATION, bytes.subarray(accent))],
  "empty fragments at both ends": [
    frame(TEXT, "", { final: false }),
    frame(CONTINUATION, ASK, { final: false }),
    frame(CONTINUATION, ""),
  ],
  "an empty pong between fragments": [frame(TEXT, ASK.slice(0, 4), { final: false }), frame(PONG), frame(CONTINUATION, ASK.slice(4))],
  "a ping between fragments": [frame(TEXT, ASK.slice(0, 4), { final: false }), frame(PING, "p"), frame(CONTINUATION, ASK.slice(4))],
  "an unasked pong first": [frame(PONG, "unasked"), frame(TEXT, ASK)],
  "a frame byte by byte": [...frame(TEXT, ASK)].map((byte) => Buffer.from([byte])),
  "several frames in one packet": [Buffer.concat([frame(PING, "1"), frame(TEXT, ASK.slice(0, 9), { final: false }), frame(CONTINUATION, ASK.slice(9))])],
};

test("by hand: what has to be understood is", async (t) => {
  const server = await serve(t, { env: { AURALIS_MAX_CLIENTS: "100" } });
  for (const [what, pieces] of Object.entries(understood)) {
    const wire = await listen(t, server);
    wire.send(...pieces);
    const pong = await wire.message("pong");
    assert.ok(pong && isPong(pong), what);
    assert.ok(wire.frames.every((f) => !f.masked && (f.first & 0x70) === 0), "a server does not mask, nor use reserved bits");
    wire.socket.destroy();
  }
});

const text = (data, options) => frame(TEXT, data, options);
const refusals = {
  "reserved bit 1": [1002, text(ASK, { reserved: 4 })],
  "reserved bit 2": [1002, text(ASK, { reserved: 2 })],
  "reserved bit 3": [1002, text(ASK, { reserved: 1 })],
  "a reserved bit on a ping": [1002, frame(PING, "", { reserved: 4 })],
  "a reserved bit on a continuation": [1002, text("a", { final: false }), frame(CONTINUATION, "b", { reserved: 4 })],
  "a fragmented ping": [1002, frame(PING, "a", { final: false })],
  "a fragmented pong": [1002, frame(PONG, "a", { final: false })],
  "a fragmented close": [1002, frame(CLOSE, closing(1000), { final: false })],
  "a continuation of nothing": [1002, frame(CONTINUATION, ASK)],
  "a continuation after the end": [1002, text(ASK), frame(CONTINUATION, "x")],
  "a text within a text": [1002, text("a", { final: false }), text(ASK)],
  "a binary within a text": [1002, text("a", { final: false }), frame(BINARY, "b")],
  "a close of one byte": [1002, frame(CLOSE, Buffer.from([3]))],
  "close code 0": [1002, frame(CLOSE, closing(0))],
  "close code 999": [1002, frame(CLOSE, closing(999))],
  "close code 1004": [1002, frame(CLOSE, closing(1004))],
  "close code 1005": [1002, frame(CLOSE, closing(1005))],
  "close code 1006": [1002, frame(CLOSE, closing(1006))],
  "close code 1015": [1002, frame(CLOSE, closing(1015))],
  "close code 1016": [1002, frame(CLOSE, closing(1016))],
  "close code 2999": [1002, frame(CLOSE, closing(2999))],
  "close code 5000": [1002, frame(CLOSE, closing(5000))],
  "close code 65535": [1002, frame(CLOSE, closing(65535))],
  "a close reason that is not UTF-8": [1007, frame(CLOSE, Buffer.concat([closing(1000), Buffer.from([0xff, 0xfe])]))],
  "text that is not UTF-8": [1007, text(Buffer.from([0x7b, 0xff, 0x7d]))],
  "a character that is cut off": [1007, text(Buffer.from([0x22, 0xc3]))],
  "a character too long for itself": [1007, text(Buffer.from([0x22, 0xc0, 0xaf, 0x22]))],
  "half a surrogate pair": [1007, text(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))],
  "beyond Unicode": [1007, text(Buffer.from([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]))],
  "text that is not UTF-8, in fragments": [1007, text("a", { final: false }), frame(CONTINUATION, Buffer.from([0xff]))],
  "a message over 1 MiB": [1009, text(long((1 << 20) + 1))],
  "fragments over 1 MiB together": [1009, ...Array.from({ length: 18 }, (_, i) => frame(i ? CONTINUATION : TEXT, Buffer.alloc(60000, 32), { final: i === 17 }))],
  "a frame that says it is 2^62 long": [1009, Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]), Buffer.alloc((1 << 20) + 1)],
};
for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
  refusals[`opcode ${opcode}`] = [1002, frame(opcode, "x")];
  refusals[`opcode ${opcode}, empty`] = [1002, frame(opcode)];
}
const hungUp = {
  "a ping of 126 bytes": [frame(PING, "x".repeat(126))],
  "a pong of 126 bytes": [frame(PONG, "x".repeat(126))],
  "a close of 126 bytes": [frame(CLOSE, closing(1000, "r".repeat(124)))],
  "a ping whose length is written in 16 bits": [frame(PING, "x", { length: 16 })],
  "a length with its highest bit set": [Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4])],
};

test("by hand: what must not be sent ends the session with the code for it, and only that session", async (t) => {
  const server = await serveCounted(t, { env: { AURALIS_MAX_CLIENTS: "200" } });
  const other = await listen(t, server);
  for (const [what, [code, ...pieces]] of Object.entries(refusals)) {
    const wire = await listen(t, server);
    wire.send(...pieces);
    assert.equal(await wire.end(), code, what);
    wire.socket.destroy();
  }
  for (const [what, pieces] of Object.entries(hungUp)) {
    const wire = await listen(t, server);
    wire.send(...pieces);
    assert.equal(await wire.end(), "hung up", what);
  }
  other.send(frame(TEXT, ASK));
  assert.ok(isPong(await other.message("pong")));
  const counted = await server.counts();
  const wanted = (code) => Object.values(refusals).filter(([c]) => c === code).length;
  assert.equal(counted['websocket_closed_total{reason="text"}'], wanted(1007));
  assert.equal(counted['websocket_closed_total{reason="size"}'], wanted(1009));
  // codes from 1004 to 2999 that nobody may send are answered by the library, as an ordinary goodbye
  const goodbyes = Object.keys(refusals).filter((what) => /^close code (0|999|1|2999)/.test(what)).length;
  assert.equal(counted['websocket_closed_total{reason="protocol"}'], wanted(1002) - goodbyes + Object.keys(hungUp).length);
});

test("by hand: the closing handshake", async (t) => {
  const server = await serve(t, { env: { AURALIS_MAX_CLIENTS: "100" } });
  for (const [payload, code] of [
    ["", "none"],
    [closing(1000), 1000],
    [closing(1001, "going"), 1001],
    [closing(1011), 1011],
    [closing(3000), 3000],
    [closing(4999, "é"), 4999],
  ]) {
    const wire = await listen(t, server);
    wire.send(frame(CLOSE, payload), frame(TEXT, '{"type":"control","bpm":99}'));
    const answer = await wire.next((f) => f.opcode === CLOSE);
    assert.deepEqual(answer.data, Buffer.from(payload), "the code and reason come back");
    await wire.until("the end", () => wire.ended);
    assert.ok(wire.ended && wire.frames.length === 0, "nothing after the close frame");
  }
  const status = await (await fetch(`${server.http}/api/v1/status`)).json();
  assert.equal(status.pending.bpm, 70, "what comes after a close frame is not read");
});

test("by hand: where the server is more lenient than the RFC, as docs/protocol.md says", async (t) => {
  const server = await serve(t, { env: { AURALIS_MAX_CLIENTS: "100" } });
  for (const [what, piece] of [
    ["no mask", frame(TEXT, ASK, { masked: false })],
    ["a length in more bytes than needed", frame(TEXT, ASK, { length: 16 })],
    ["a length in 64 bits", frame(TEXT, ASK, { length: 64 })],
  ]) {
    const wire = await listen(t, server);
    wire.send(piece);
    assert.ok(isPong(await wire.message("pong")), what);
  }
  const three = await listen(t, server);
  three.send(Buffer.concat([frame(PING, "1"), frame(PING, "2"), frame(PING, "3"), frame(TEXT, ASK)]));
  const pong = await three.next((f) => f.opcode === PONG);
  assert.equal(String(pong.data), "1", "of pings that come together the first is answered");
  assert.ok(isPong(await three.message("pong")));
  for (const code of [1012, 1013, 1014]) {
    const wire = await listen(t, server);
    wire.send(frame(CLOSE, closing(code)));
    assert.equal(await wire.end(), 1002, `registered later than the library knows: ${code}`);
  }
});

// ---- handshakes ----

const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const VERSION = "Sec-WebSocket-Version: 13\r\n";
const UPGRADE = "Upgrade: websocket\r\n";
const CONNECTION = "Connection: Upgrade\r\n";

test("handshakes: what is accepted, and what is refused with which status", async (t) => {
  const server = await serveCounted(t);
  const shake = async (first, headers) => {
    const { raw } = await import("./support.mjs");
    const answer = await raw(server.port, `${first}\r\nHost: x\r\n${headers}\r\n`, 400);
    return Number(/^HTTP\/1\.[01] (\d+)/.exec(answer)?.[1]);
  };
  const get = "GET /ws/stream HTTP/1.1";
  for (const [what, headers] of [
    ["as RFC 6455 writes it", UPGRADE + CONNECTION + KEY + VERSION],
    ["in capitals", `UPGRADE: WebSocket\r\nCONNECTION: UPGRADE\r\n${KEY}${VERSION}`],
    ["beside keep-alive", `${UPGRADE}Connection: keep-alive, Upgrade\r\n${KEY}${VERSION}`],
  ])
    assert.equal(await shake(get, headers), 101, what);
  for (const [status, what, headers, first = get] of [
    [400, "no key", UPGRADE + CONNECTION + VERSION],
    [400, "a key that is too short", `${UPGRADE}${CONNECTION}Sec-WebSocket-Key: abc=\r\n${VERSION}`],
    [400, "a key that is not base64", `${UPGRADE}${CONNECTION}Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n${VERSION}`],
    [400, "Connection without upgrade", `${UPGRADE}Connection: close\r\n${KEY}${VERSION}`],
    [400, "no Connection", UPGRADE + KEY + VERSION],
    [426, "no version", UPGRADE + CONNECTION + KEY],
    [426, "version 8", `${UPGRADE}${CONNECTION}${KEY}Sec-WebSocket-Version: 8\r\n`],
    [426, "no Upgrade", CONNECTION + KEY + VERSION],
    [400, "HTTP/1.0", UPGRADE + CONNECTION + KEY + VERSION, "GET /ws/stream HTTP/1.0"],
    [405, "POST", `${UPGRADE}${CONNECTION}${KEY}${VERSION}Content-Length: 0\r\n`, "POST /ws/stream HTTP/1.1"],
    [400, "a subprotocol", `${UPGRADE}${CONNECTION}${KEY}${VERSION}Sec-WebSocket-Protocol: chat\r\n`],
    [501, "h2c", `Upgrade: h2c\r\n${CONNECTION}`],
  ])
    assert.equal(await shake(first, headers), status, what);
  const counted = await server.counts();
  assert.equal(counted['websocket_refused_total{reason="handshake"}'], 11);
});
