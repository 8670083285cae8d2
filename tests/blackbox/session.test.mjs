// auralis session: what is in the database, while a server records and after it; files that carry a session elsewhere.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";

import { ROOT, run, serve, tempDir, within } from "./support.mjs";

/** Phrases of 1.2 s, with what comes with the program. */
const PIECE = `
local theory = require "theory"
return {
  title = "Short",
  patches = { pad = { voice = "pad", attack = 0.1 } },
  state = { n = 0 },
  phrase = function(ctx, state)
    state.n = state.n + 1
    ctx:note { patch = "pad", at = 0, beats = 4, pitch = 40 + state.n, velocity = 0.5 }
    return 1
  end,
}
`;

/** { db, session(...args), dir }: a database of one's own, and the command on it. */
function place(t) {
  const dir = tempDir(t);
  const db = join(dir, "sub", "sessions.db");
  const session = (...args) => run(t, ["session", ...args, "--db", db]);
  return { dir, db, session };
}

const listed = async (session, ...args) => {
  const { code, out } = await session("list", "--json", ...args);
  assert.equal(code, 0);
  return JSON.parse(out).sessions;
};

/** A server records some phrases and a change of a control. */
async function record(t, { dir, db, session }) {
  mkdirSync(join(dir, "scripts"));
  const script = join(dir, "scripts", "short.lua");
  writeFileSync(script, PIECE);
  const server = await serve(t, { args: ["--script", script, "--db", db], env: { AURALIS_DEFAULT_BPM: "200" } });
  await fetch(`${server.http}/api/v1/control`, { method: "POST", body: JSON.stringify({ intensity: 0.75 }) });
  const enough = async () => {
    for (;;) {
      const [one] = await listed(session);
      if (one?.phrases >= 4 && one.seconds > 3) return one;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  return { server, script, recorded: await within("some phrases", enough(), 60000) };
}

/** The session file, as if a version had written it whose library is another. */
function withAnotherText(file) {
  const data = gunzipSync(file);
  const sum = createHash("sha256").update(readFileSync(join(ROOT, "scripts/lib/theory.lua"))).digest();
  data[data.indexOf(sum)] ^= 1;
  return gzipSync(data);
}

async function stop(server) {
  server.child.kill("SIGTERM");
  assert.deepEqual(await within("the end", server.exit), { code: 0, signal: null });
}

test("sessions are listed, shown, named, exported, imported and deleted", async (t) => {
  const here = place(t);
  const { session, dir } = here;
  const { server, script, recorded } = await record(t, here);
  assert.equal(recorded.recording, true);
  assert.equal(recorded.ended_at, null);
  assert.equal(recorded.seed, 7);
  assert.equal(recorded.title, "Short");

  // The server has the database: reading works, changing it says who has it.
  for (const change of [["name", "last", "Mine"], ["delete", "last"], ["import", here.db]]) {
    const { code, err } = await session(...change);
    assert.equal(code, 3);
    assert.match(err, /in use by another process, a running server perhaps/);
  }
  const early = join(dir, "early.auralis");
  assert.equal((await session("export", "last", early)).code, 0);
  assert.match((await session("list")).out, new RegExp(`^${recorded.id} .* main +0:00:\\d\\d  Short  # recording\\n$`));
  // Over HTTP the same: without what comes with the program, and whole.
  const route = `${server.http}/api/v1/sessions`;
  const [lean, everything] = await Promise.all(["", "?whole=1"].map(async (query) => {
    const answer = await fetch(`${route}/${recorded.id}/export${query}`);
    return Buffer.from(await answer.arrayBuffer());
  }));
  assert.ok(lean.length < 5000 && everything.length > lean.length + 3000, `${lean.length} and ${everything.length} bytes`);
  const strange = await fetch(route, { method: "POST", body: withAnotherText(lean) });
  const refusal = await strange.json();
  assert.deepEqual([strange.status, refusal.error], [409, "NOT_REPLAYABLE"]);
  assert.match(refusal.message, /^lib\/theory\.lua is not in it.*session export --whole/);
  await stop(server);

  const [ended] = await listed(session);
  assert.equal(ended.id, recorded.id);
  assert.equal(ended.recording, false);
  assert.ok(ended.seconds >= recorded.seconds, `${ended.seconds} s at the end, ${recorded.seconds} s before`);
  assert.equal(ended.exact, true);
  assert.deepEqual(await listed(session, "--channel", "other"), []);

  assert.equal((await session("name", recorded.id.slice(0, 3), "An evening")).code, 0);
  const shown = await session("show", "last", "--json");
  const all = JSON.parse(shown.out);
  assert.equal(all.name, "An evening");
  assert.deepEqual(all.phrases.map((p) => p.number), [...all.phrases.keys()]);
  assert.ok(all.phrases.length >= 4);
  assert.ok(all.events.some((e) => e.kind === "control" && e.detail.changed?.intensity === 0.75));
  assert.ok(!shown.out.includes(dir), "no path of this machine");
  assert.match((await session("show", "last")).out, /name +An evening\n[^]*control/);

  // The same bytes here and elsewhere, and the same sound from them.
  const [a, b, c] = ["a", "b", "c"].map((name) => join(dir, `${name}.auralis`));
  assert.equal((await session("export", "last", a)).code, 0);
  assert.equal((await session("export", recorded.id, b)).code, 0);
  assert.deepEqual(readFileSync(a), readFileSync(b));
  // What comes with the program is not in it, unless it is asked for.
  assert.ok(readFileSync(a).length < 5000, `${readFileSync(a).length} bytes`);
  const library = readFileSync(join(ROOT, "scripts/lib/theory.lua"));
  assert.ok(!gunzipSync(readFileSync(a)).includes(library.subarray(0, 200)));
  const whole = join(dir, "whole.auralis");
  assert.equal((await session("export", "last", whole, "--whole")).code, 0);
  assert.ok(gunzipSync(readFileSync(whole)).includes(library.subarray(0, 200)));
  assert.equal((await run(t, ["session", "import", whole, "--db", join(dir, "third.db")])).out, `${recorded.id}\n`);
  assert.ok(!gunzipSync(readFileSync(a)).includes(dir), "no path of this machine");
  const kept = await session("export", "last", a);
  assert.equal(kept.code, 3);
  assert.match(kept.err, /--force/);
  assert.equal((await session("export", "last", a, "--force")).code, 0);
  const elsewhere = join(dir, "elsewhere.db");
  const imported = await run(t, ["session", "import", a, "--db", elsewhere]);
  assert.equal(imported.out, `${recorded.id}\n`);
  assert.equal((await run(t, ["session", "export", recorded.id, c, "--db", elsewhere])).code, 0);
  assert.deepEqual(readFileSync(a), readFileSync(c));
  // Elsewhere it is somebody else's, however new it is: nothing goes on from it unasked.
  assert.match((await run(t, ["session", "list", "--db", elsewhere])).out, /An evening  # imported\n$/);
  const [theirs] = JSON.parse((await run(t, ["session", "list", "--json", "--db", elsewhere])).out).sessions;
  assert.deepEqual([theirs.imported, all.imported], [true, false]);
  const newest = await run(t, ["session", "show", "last", "--db", elsewhere]);
  assert.equal(newest.code, 3);
  assert.match(newest.err, /no session in it that was recorded here/);
  const fresh = await serve(t, { args: ["--script", script, "--db", elsewhere, "--resume"] });
  const { sessions } = await (await fetch(`${fresh.http}/api/v1/sessions`)).json();
  assert.deepEqual(sessions.filter((s) => s.imported).map((s) => s.id), [recorded.id]);
  await stop(fresh);
  const [mine] = JSON.parse((await run(t, ["session", "list", "--json", "--db", elsewhere])).out).sessions;
  assert.notEqual(mine.id, recorded.id);
  assert.equal(mine.resumed_from, "");
  // Elsewhere, with other instructions: the same samples.
  const heard = [];
  for (const [source, db, isa] of [["last", here.db, {}], [recorded.id, elsewhere, { AURALIS_ISA: "sse2" }], [whole, elsewhere, {}]]) {
    const file = join(dir, `heard-${heard.length}.wav`);
    const made = await run(t, ["replay", source, "--db", db, "--from", "1", "--bits", "16", "-o", file], { env: isa });
    assert.equal(made.code, 0, made.err);
    heard.push(readFileSync(file));
  }
  assert.ok(heard[0].length > 2 * 4 * 44100 && heard[0].subarray(100).some((byte) => byte !== 0));
  assert.deepEqual(heard[1], heard[0]);
  assert.deepEqual(heard[2], heard[0]);
  const fromFile = await run(t, ["session", "show", a, "--json"]);
  assert.equal(fromFile.out, shown.out);
  for (const [source, args] of [[a, []], [recorded.id, ["--db", elsewhere]]]) {
    const verified = await run(t, ["verify", source, ...args, "--json"]);
    assert.equal(JSON.parse(verified.out).ok, true, verified.err);
  }

  assert.equal((await session("delete", "last")).code, 0);
  assert.deepEqual(await listed(session), []);
  const gone = await session("show", recorded.id);
  assert.equal(gone.code, 3);
  assert.equal((await session("import", early)).out, `${recorded.id}\n`);
  assert.equal((await listed(session))[0].seconds, JSON.parse((await run(t, ["session", "show", early, "--json"])).out).seconds);
});

test("what is no session is refused, and says why", async (t) => {
  const here = place(t);
  const { session, dir } = here;
  assert.equal((await session("list")).code, 3);
  const { server } = await record(t, here);
  await stop(server);
  const file = join(dir, "a.auralis");
  assert.equal((await session("export", "last", file)).code, 0);
  const bytes = readFileSync(file);
  const bad = join(dir, "bad.auralis");
  const refused = async (data, pattern) => {
    writeFileSync(bad, data);
    const { code, err } = await session("import", bad);
    assert.equal(code, 3);
    assert.match(err, pattern);
    assert.ok(err.includes("bad.auralis"));
  };
  await refused(bytes.subarray(0, bytes.length / 2), /ends too early/);
  const flipped = Buffer.from(bytes);
  flipped[bytes.length >> 1] ^= 4;
  await refused(flipped, /damaged/);
  const inside = gunzipSync(bytes);
  inside[inside.indexOf("Short")] ^= 1; // in the text of the script
  await refused(gzipSync(inside), /damaged: a piece does not have its hash/);
  // Without a text that is not here either: the message says of whose version it is, and what to do there.
  await refused(withAnotherText(bytes), /lib\/theory\.lua is not in it.* Auralis \d.*auralis session export --whole/);
  await refused(gzipSync(Buffer.alloc(4096)), /damaged|no journal/);
  await refused("no session at all", /not an exported session/);
  assert.equal((await listed(session)).length, 1);

  for (const [args, pattern] of [
    [[], /list, show, name/],
    [["frob"], /list, show, name/],
    [["show"], /takes SESSION/],
    [["list", "more"], /takes nothing more/],
    [["name", "last", "\xff".repeat(129)], /128 bytes/],
  ]) {
    const { code, err } = await session(...args);
    assert.equal(code, 2, err);
    assert.match(err, pattern);
  }
  assert.equal((await session("name", "last", "a\u001b[2J\u009bb")).code, 0);
  assert.match((await session("list")).out, / a\?\[2J\?\?b\n$/);
  assert.equal((await listed(session))[0].name, "a\u001b[2J\u009bb");

  const missing = await run(t, ["session", "import", "nothing.auralis", "--db", join(dir, "new.db")]);
  assert.equal(missing.code, 3);
  assert.match(missing.err, /nothing\.auralis: No such file/);
  assert.ok(!existsSync(join(dir, "new.db")));
  const none = await session("delete", "zzzzzzzz");
  assert.equal(none.code, 3);
  assert.match(none.err, /zzzzzzzz/);
});
