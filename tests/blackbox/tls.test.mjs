// TLS from the settings: what is served over it, what is refused, and what is wrong with certificates.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import test from "node:test";
import { connect } from "node:tls";

import { Listener, raw, run, serve, tempDir, within } from "./support.mjs";

/** A self-signed certificate and its key: { cert, key }. */
function certificate(dir, name, kind = ["-newkey", "rsa:2048"]) {
  const cert = join(dir, `${name}.pem`);
  const key = join(dir, `${name}.key`);
  const args = ["req", "-x509", ...kind, "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert];
  execFileSync("openssl", args, { stdio: "ignore" });
  return { cert, key };
}

const settings = ({ cert, key }) => ({ AURALIS_ENABLE_SSL: "true", AURALIS_SSL_CERT_PATH: cert, AURALIS_SSL_KEY_PATH: key });

/** An https request: { status, headers, body }. */
async function ask(url, { method = "GET", body } = {}) {
  const call = request(url, { method, rejectUnauthorized: false, agent: false, headers: body ? { "content-length": body.length } : {} });
  call.end(body);
  const [response] = await within(url, once(call, "response"));
  let text = "";
  response.setEncoding("utf8");
  for await (const piece of response) text += piece;
  return { status: response.statusCode, headers: response.headers, body: text };
}

/** What a TLS handshake came to: { protocol } or { error }. */
async function handshake(port, options) {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  const done = new Promise((resolve) => {
    socket.on("secureConnect", () => resolve({ protocol: socket.getProtocol(), alpn: socket.alpnProtocol }));
    socket.on("error", (error) => resolve({ error: error.code ?? error.message }));
    socket.on("close", () => resolve({ error: "closed" }));
  });
  const result = await within("the handshake", done);
  socket.destroy();
  return result;
}

for (const [what, kind] of [
  ["RSA", ["-newkey", "rsa:2048"]],
  ["elliptic curves", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]],
])
  test(`https and wss with ${what}`, async (t) => {
    const server = await serve(t, { env: settings(certificate(tempDir(t), "own", kind)), secure: true });
    const listener = await Listener.open(t, `${server.ws}?format=opus`, { rejectUnauthorized: false });
    const first = await listener.next((m) => Buffer.isBuffer(m) && m[5] === 0);
    for (let k = 1; k < 15; k++) {
      const next = await listener.next((m) => Buffer.isBuffer(m));
      assert.equal(next.readBigUInt64LE(8), first.readBigUInt64LE(8) + BigInt(k));
    }
    const page = await ask(`${server.http}/`);
    assert.equal(page.status, 200);
    assert.match(page.headers["content-security-policy"], /default-src/);
    const big = await ask(`${server.http}/app.js`);
    assert.equal(big.status, 200);
    assert.equal(Buffer.byteLength(big.body), Number(big.headers["content-length"]));
    const control = await ask(`${server.http}/api/v1/control`, { method: "POST", body: '{"bpm":64}' });
    assert.equal(control.status, 200);
    assert.equal((await ask(`${server.http}/api/v1/control`, { method: "POST", body: " ".repeat(60000) })).status, 422);
  });

test("TLS 1.2 and 1.3, nothing older, HTTP/1.1 only", async (t) => {
  const server = await serve(t, { env: settings(certificate(tempDir(t), "own")), secure: true });
  const weak = { ciphers: "ALL:@SECLEVEL=0" };
  assert.equal((await handshake(server.port, { maxVersion: "TLSv1.3" })).protocol, "TLSv1.3");
  assert.equal((await handshake(server.port, { maxVersion: "TLSv1.2" })).protocol, "TLSv1.2");
  for (const version of ["TLSv1", "TLSv1.1"])
    assert.ok((await handshake(server.port, { minVersion: version, maxVersion: version, ...weak })).error, version);
  assert.equal((await handshake(server.port, { ALPNProtocols: ["h2", "http/1.1"] })).alpn, "http/1.1");
  assert.equal((await ask(`${server.http}/api/v1/health`)).status, 200);
});

test("plain HTTP and WebSocket on the port are told that it speaks https; rubbish is hung up on", async (t) => {
  const server = await serve(t, { env: settings(certificate(tempDir(t), "own")), secure: true });
  const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  for (const text of [
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    'POST /api/v1/control HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"bpm":64}',
    `GET /ws/stream HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
  ]) {
    const answer = await raw(server.port, text);
    assert.match(answer, /^HTTP\/1\.[01] 400 [^]*"HTTPS_REQUIRED"/, text);
  }
  for (const bytes of ["\x16\x03\x01\x00\x05hello", "\x00\x01\x02\x03", "\x80\x2e\x01\x00\x02"])
    assert.ok(!/200|101/.test(await raw(server.port, Buffer.from(bytes, "latin1"))), "nothing is served");
  const status = JSON.parse((await ask(`${server.http}/api/v1/status`)).body);
  assert.equal(status.pending.bpm, 70, "a plain control changed nothing");
});

test("certificates and keys that cannot be used stop the start and are named", async (t) => {
  const dir = tempDir(t);
  const good = certificate(dir, "good");
  const other = certificate(dir, "other");
  const curve = certificate(dir, "curve", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
  const locked = join(dir, "locked.key");
  execFileSync("openssl", ["rsa", "-aes256", "-passout", "pass:secret", "-in", good.key, "-out", locked], { stdio: "ignore" });
  const text = join(dir, "text.pem");
  writeFileSync(text, "this is no certificate\n");
  const folder = join(dir, "folder");
  mkdirSync(folder);
  const pipe = join(dir, "pipe");
  execFileSync("mkfifo", [pipe]);
  const missing = join(dir, "missing.pem");
  const cases = [
    ["", good.key, /AURALIS_SSL_CERT_PATH: "" is not allowed; allowed: the path of a PEM file/, 2],
    [good.cert, "", /AURALIS_SSL_KEY_PATH: "" is not allowed; allowed: the path of a PEM file/, 2],
    [missing, good.key, /AURALIS_SSL_CERT_PATH: .*missing\.pem: No such file/],
    [good.cert, missing, /AURALIS_SSL_KEY_PATH: .*missing\.pem: No such file/],
    [text, good.key, /AURALIS_SSL_CERT_PATH: .*text\.pem: not a certificate chain in PEM/],
    [good.key, good.key, /AURALIS_SSL_CERT_PATH: .*good\.key: not a certificate chain in PEM/],
    [good.cert, text, /AURALIS_SSL_KEY_PATH: .*text\.pem: not a private key in PEM/],
    [good.cert, good.cert, /AURALIS_SSL_KEY_PATH: .*good\.pem: not a private key in PEM/],
    [good.cert, other.key, /AURALIS_SSL_KEY_PATH: .*other\.key: not the key of the certificate .*good\.pem/],
    [good.cert, curve.key, /AURALIS_SSL_KEY_PATH: .*curve\.key: not the key of the certificate .*good\.pem/],
    [good.cert, locked, /AURALIS_SSL_KEY_PATH: .*locked\.key: the key is protected by a passphrase/],
    [folder, good.key, /AURALIS_SSL_CERT_PATH: .*folder: not a file/],
    [pipe, good.key, /AURALIS_SSL_CERT_PATH: .*pipe: not a file/],
  ];
  if (process.getuid() !== 0) {
    const secret = certificate(dir, "secret");
    chmodSync(secret.key, 0);
    cases.push([secret.cert, secret.key, /AURALIS_SSL_KEY_PATH: .*secret\.key: Permission denied/]);
  }
  for (const [cert, key, message, exit = 3] of cases) {
    const { code, err } = await run(t, ["serve", "--port", "0", "--metrics-port", "0"], { env: settings({ cert, key }) });
    assert.equal(code, exit, err);
    assert.match(err, message);
  }
});

test("a certificate that has expired is used, and the log says so", async (t) => {
  const dir = tempDir(t);
  const own = certificate(dir, "old");
  const wish = join(dir, "old.csr");
  execFileSync("openssl", ["req", "-new", "-key", own.key, "-subj", "/CN=localhost", "-out", wish]);
  execFileSync("openssl", ["x509", "-req", "-in", wish, "-signkey", own.key, "-days", "-1", "-out", own.cert], { stdio: "ignore" });
  const server = await serve(t, { env: settings(own), secure: true });
  assert.equal((await ask(`${server.http}/api/v1/health`)).status, 200);
  assert.match(server.err(), /WARNING net: AURALIS_SSL_CERT_PATH: .*old\.pem: the certificate has expired/);
});

test("a handshake that never ends keeps nobody out", async (t) => {
  const server = await serve(t, { env: { ...settings(certificate(tempDir(t), "own")), AURALIS_MAX_CONNECTIONS: "20" }, secure: true });
  const { createConnection } = await import("node:net");
  const sockets = Array.from({ length: 60 }, () => createConnection(server.port, "127.0.0.1").on("error", () => {}));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  sockets.forEach((socket) => socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0])));
  const listener = await Listener.open(t, server.ws, { rejectUnauthorized: false });
  await listener.next("audio");
  assert.equal((await ask(`${server.http}/api/v1/health`)).status, 200);
});
