// Progress of renders: a bar on a terminal, on one line however narrow it is; nothing of it anywhere else.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { BINARY, ROOT, cleanEnv, run, tempDir, within } from "./support.mjs";

const FOCUS = join(ROOT, "scripts/focus.lua");
const INTERRUPT = "\x03";
const BAR = /^\[#* *\] +(\d+) %  (\d+:\d\d:\d\d|-:--:--) left/;

/** What stands on a terminal of so many columns after this was written to it: its rows, without spaces at their ends. */
function screen(text, columns) {
  const rows = [[]];
  let row = 0;
  let column = 0;
  const down = () => {
    row += 1;
    rows[row] ??= [];
  };
  for (const letter of text) {
    if (letter === "\r") column = 0;
    else if (letter === "\n") down();
    else {
      assert.ok(letter >= " ", `an escape code, ${JSON.stringify(letter)}, that not every terminal knows`);
      if (column === columns) {
        column = 0;
        down();
      }
      rows[row][column] = letter;
      column += 1;
    }
  }
  return rows.map((cells) => Array.from(cells, (cell) => cell ?? " ").join("").trimEnd()).filter(Boolean);
}

/** The program at a terminal: { text(), bars(), type(letters), exit }. */
function atTerminal(t, columns, args) {
  const command = `stty cols ${columns} rows 24; exec "$@"`;
  const quoted = ["sh", "-c", command, "sh", BINARY, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const child = spawn("script", ["-qec", quoted.join(" "), "/dev/null"], {
    cwd: tempDir(t), stdio: ["pipe", "pipe", "inherit"], env: cleanEnv({ SHELL: "/bin/sh" }),
  });
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  t.after(() => child.exitCode === null && child.kill("SIGKILL"));
  const exit = once(child, "close").then(([code]) => code);
  const early = exit.then((code) => assert.fail(`it ended with ${code}: ${text.slice(-300)}`));
  early.catch(() => {});
  return {
    text: () => text,
    bars: () => text.split("\r").filter((line) => BAR.test(line)),
    type: (letters) => child.stdin.write(letters),
    more: () => Promise.race([once(child.stdout, "data"), early]),
    exit,
  };
}

async function untilBars(program, n) {
  while (program.bars().length < n) await within("the bar", program.more());
}

for (const [columns, rest] of [[80, /^ {2}\d+ x real time {2}\d+ of 30 s *$/], [40, /^ {2}\d+ x *$/]]) {
  test(`at ${columns} columns: percent, time left, speed, on one line that is gone at the end`, async (t) => {
    const out = join(tempDir(t), "a.flac");
    const program = atTerminal(t, columns, ["render", FOCUS, "-o", out, "--duration", "30", "--device", "scalar"]);
    await untilBars(program, 2);
    assert.equal(screen(program.text(), columns).length, 1, JSON.stringify(program.text()));
    assert.equal(await within("it ends", program.exit), 0, program.text());
    const bars = program.bars();
    for (const bar of bars) {
      assert.ok(bar.length <= columns - 3, `${bar.length} columns: ${bar}`);
      assert.match(bar.replace(BAR, ""), rest);
    }
    const percents = bars.map((bar) => Number(BAR.exec(bar)[1]));
    assert.deepEqual(percents, [...percents].sort((a, b) => a - b));
    assert.ok(percents.at(-1) > percents[0] && percents.at(-1) <= 100, String(percents));
    assert.ok(bars.some((bar) => BAR.exec(bar)[2] !== "-:--:--"), "how long it still takes");
    const [first] = screen(program.text(), columns);
    assert.ok(out.startsWith(first.slice(0, 20)), `what stands there at the end: ${screen(program.text(), columns)}`);
  });
}

test("Ctrl-C at a terminal: no file, and a clean line that says so", async (t) => {
  const dir = tempDir(t);
  for (const [columns, args] of [[80, ["-o", join(dir, "a.wav")]], [40, ["-o", join(dir, "b.flac"), "--stems", join(dir, "stems")]]]) {
    const program = atTerminal(t, columns, ["render", FOCUS, "--duration", "50:00", ...args]);
    await untilBars(program, 2);
    program.type(INTERRUPT);
    assert.equal(await within("it ends", program.exit), 130);
    assert.deepEqual(screen(program.text(), columns), ["interrupted"], JSON.stringify(program.text()));
  }
  assert.deepEqual(readdirSync(dir, { recursive: true }).map(String).filter((name) => name !== "stems"), []);
});

test("a batch at a terminal: a line for each that is done, one bar under them; Ctrl-C leaves what is done", async (t) => {
  const dir = tempDir(t);
  const script = join(dir, "batch.lua");
  const out = join(dir, "out");
  writeFileSync(script, `
    for seed = 1, 2 do render { name = "take" .. seed, piece = "focus", seed = seed, duration = 2 } end
    for seed = 3, 6 do render { name = "long" .. seed, piece = "focus", seed = seed, duration = 3600 } end`);
  const program = atTerminal(t, 40, ["render", "--batch", script, "-o", out, "--jobs", "2"]);
  while (!existsSync(join(out, "take2.flac")) || !existsSync(join(out, "take1.flac"))) await within("takes", program.more());
  await untilBars(program, program.bars().length + 2);
  const rows = screen(program.text(), 40);
  assert.deepEqual(rows.slice(0, 2).sort(), ["take1: 2.0 s", "take2: 2.0 s"]);
  assert.match(rows[2], /^\[#* *\] +\d+ % {2}\d+:\d\d:\d\d left {2}2 done$/);
  assert.equal(rows.length, 3);
  program.type(INTERRUPT);
  assert.equal(await within("it ends", program.exit), 130);
  const after = screen(program.text(), 40).slice(2).join("");
  assert.match(after, /^\S+\/out: 2 rendered, 0 skipped, 0 failed, interrupted: ?4\.0 s/);
  assert.doesNotMatch(after, /[[\]%^]/);
  assert.deepEqual(readdirSync(out).sort(), ["manifest.jsonl", "take1.flac", "take2.flac"]);
});

test("where stderr is no terminal, or with --json, there is no bar", async (t) => {
  const dir = tempDir(t);
  const args = ["render", FOCUS, "--duration", "20"];
  const piped = await run(t, [...args, "-o", join(dir, "a.wav")]);
  assert.equal(piped.code, 0);
  assert.equal(piped.out, "");
  assert.match(piped.err, /^[^\r\n]*a\.wav: 20\.0 s of "[^\r\n]*\n$/, "one line, at the end");
  const program = atTerminal(t, 80, [...args, "-o", join(dir, "b.wav"), "--json"]);
  assert.equal(await within("it ends", program.exit), 0);
  const events = program.text().trim().split("\r\n").map((line) => JSON.parse(line).event);
  assert.deepEqual([...new Set(events)].sort(), ["done", "phrase", "progress"]);
  assert.equal(events.at(-1), "done");
  assert.ok(readFileSync(join(dir, "a.wav")).equals(readFileSync(join(dir, "b.wav"))));
});
