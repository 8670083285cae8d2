// Starting and ending: signals, ports, settings, TLS.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { get } from "node:https";
import { dirname, join } from "node:path";
import test from "node:test";

import { AMBIENT, BINARY, Listener, launch, run, serve, tempDir, within } from "./support.mjs";

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
  test(`${signal}: listeners get 1001, exit 0 within 5 s`, async (t) => {
    const server = await serve(t);
    const listeners = await Promise.all([1, 2, 3].map(() => Listener.open(t, server.ws)));
    await Promise.all(listeners.map((listener) => listener.next("audio")));
    server.child.kill(signal);
    for (const listener of listeners) assert.equal((await within("a close frame", listener.closed, 5000)).code, 1001);
    assert.deepEqual(await within("the end", server.exit, 5000), { code: 0, signal: null });
  });
}

test("a listener that hangs does not hold up the end", async (t) => {
  const server = await serve(t);
  const listener = await Listener.open(t, server.ws);
  await listener.next("audio");
  listener.socket.pause();
  server.child.kill("SIGTERM");
  assert.deepEqual(await within("the end", server.exit, 5000), { code: 0, signal: null });
});

test("a busy port is an error that names it", async (t) => {
  const server = await serve(t);
  const second = await run(t, ["serve", "--port", String(server.port), "--metrics-port", "0"]);
  assert.equal(second.code, 3);
  assert.match(second.err, new RegExp(`127\\.0\\.0\\.1:${server.port}: Address already in use`));
});

test("only serve loads the network's libraries", async () => {
  const network = /libwebsockets|libssl|libcrypto|libev\./;
  const loaded = (program) => execFileSync(program, { env: { LD_TRACE_LOADED_OBJECTS: "1" }, encoding: "utf8" });
  assert.match(loaded(BINARY), /libsndfile/);
  assert.doesNotMatch(loaded(BINARY), network);
  assert.match(loaded(join(dirname(BINARY), "auralis-serve")), network);
});

test("auralis without auralis-serve says what it misses, and does the rest", async (t) => {
  const alone = join(tempDir(t), "auralis");
  copyFileSync(BINARY, alone);
  const ended = spawnSync(alone, ["serve", "--port", "0"], { encoding: "utf8" });
  assert.equal(ended.status, 3);
  assert.ok(ended.stderr.includes(`${alone}-serve, which belongs beside auralis, cannot be run: No such file`), ended.stderr);
  assert.match(execFileSync(alone, ["help", "serve"], { encoding: "utf8" }), /--port PORT/);
});

test("bad settings stop the start with name, value and what is allowed", async (t) => {
  const cases = [
    [["serve", "--port", "99999"], {}, /99999/],
    [["serve"], { AURALIS_DEFAULT_BPM: "300" }, /AURALIS_DEFAULT_BPM.*300.*40 to 200/],
    [["serve"], { AURALIS_DEFAULT_KEY: "H minor" }, /AURALIS_DEFAULT_KEY.*H minor/],
    [["serve"], { AURALIS_MAX_CLIENTS: "many" }, /AURALIS_MAX_CLIENTS.*many/],
    [["serve"], { AURALIS_ENABLE_TRANSFORMER: "true" }, /AURALIS_ENABLE_TRANSFORMER/],
    [["serve", "--loud"], {}, /--loud/],
    [["sing"], {}, /sing/],
  ];
  for (const [args, env, message] of cases) {
    const { code, err } = await run(t, args, { env });
    assert.equal(code, 2, err);
    assert.match(err, message);
  }
});

test("settings come from flags over environment over .env", async (t) => {
  const dir = tempDir(t);
  const { writeFileSync } = await import("node:fs");
  writeFileSync(join(dir, "settings.env"), 'AURALIS_DEFAULT_BPM=55\nAURALIS_DEFAULT_KEY="D minor"\nAURALIS_SEED=1\n');
  const server = await serve(t, { env: { AURALIS_ENV_FILE: join(dir, "settings.env"), AURALIS_DEFAULT_KEY: "E minor" } });
  const status = await (await fetch(`${server.http}/api/v1/status`)).json();
  assert.equal(status.current_bpm, 55);
  assert.equal(status.current_key, "E minor");
  assert.equal(status.seed, 7);
});

test("a missing or broken script does not start", async (t) => {
  const dir = tempDir(t);
  const { writeFileSync } = await import("node:fs");
  const broken = join(dir, "broken.lua");
  writeFileSync(broken, "return {\n  title = \n}\n");
  const missing = await run(t, ["serve", "--port", "0", "--script", join(dir, "none.lua")]);
  assert.equal(missing.code, 3);
  assert.match(missing.err, /none\.lua/);
  const bad = await run(t, ["serve", "--port", "0", "--script", broken]);
  assert.equal(bad.code, 1);
  assert.match(bad.err, /broken\.lua:\d+: /);
});

test("the stream, REST and the page over TLS", async (t) => {
  const dir = tempDir(t);
  const cert = join(dir, "cert.pem");
  const key = join(dir, "key.pem");
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", key, "-out", cert], { stdio: "ignore" });
  const env = { AURALIS_ENABLE_SSL: "true", AURALIS_SSL_CERT_PATH: cert, AURALIS_SSL_KEY_PATH: key };
  const server = await serve(t, { env, secure: true });
  const listener = await Listener.open(t, server.ws, { rejectUnauthorized: false });
  const first = await listener.next("audio");
  for (let k = 1; k < 15; k++) assert.equal((await listener.next("audio")).chunk_index, first.chunk_index + k);
  listener.send({ type: "control", bpm: 64 });
  assert.equal((await listener.next("generation_update")).bpm, 64);
  const page = await new Promise((resolve, reject) =>
    get(`${server.http}/`, { rejectUnauthorized: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    }).on("error", reject),
  );
  assert.equal(page, 200);
  server.child.kill("SIGTERM");
  assert.equal((await listener.closed).code, 1001);
  assert.equal((await within("the end", server.exit, 5000)).code, 0);
});

test("TLS without a certificate is refused", async (t) => {
  const { code, err } = await run(t, ["serve", "--port", "0"], { env: { AURALIS_ENABLE_SSL: "true" } });
  assert.ok(code === 2 || code === 3, `exit ${code}`);
  assert.match(err, /SSL|ssl|certificate/);
});

test("render: an interrupted render leaves no file and exits 130", async (t) => {
  const dir = tempDir(t);
  const program = launch(t, ["render", AMBIENT, "-o", join(dir, "long.wav"), "--duration", "36000", "--json"], { cwd: dir });
  await within("it has begun", new Promise((resolve) => program.child.stdout.once("data", resolve)));
  program.child.kill("SIGINT");
  assert.equal((await within("the end", program.exit)).code, 130);
  const { readdirSync } = await import("node:fs");
  assert.deepEqual(readdirSync(dir), []);
});
