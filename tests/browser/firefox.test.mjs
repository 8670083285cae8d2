// That the page plays in Firefox too: that it starts, what it decodes with, that what leaves the player is sound and goes
// on. Skipped where there is no Firefox or no PulseAudio (Debian: firefox-esr, pulseaudio).

import assert from "node:assert/strict";
import test from "node:test";

import { launchFirefox, whyNoFirefox } from "./firefox.mjs";
import { sleep, startServer, until } from "./support.mjs";

const skip = whyNoFirefox() ?? false;

const PRELOAD = `
  window.players = [];
  window.reports = [];
  window.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        if (data.type === "report") window.reports.push(data.report);
        if (data.type === "player") window.players.push(data.player);
      });
    }
  };
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (...args) {
    if (this instanceof AudioWorkletNode && !window.meter) {
      window.meter = new AnalyserNode(this.context, { fftSize: 2048 });
      connect.call(this, window.meter);
    }
    return connect.apply(this, args);
  };
  window.peak = () => {
    const data = new Float32Array(2048);
    window.meter?.getFloatTimeDomainData(data);
    return Math.max(...data.map(Math.abs));
  };
`;

test("Firefox plays", { skip, timeout: 90000 }, async (t) => {
  const server = await startServer();
  const firefox = await launchFirefox();
  try {
    await firefox.open(server.url, PRELOAD);
    await until("the page knows the server", () => firefox.evaluate(`!document.querySelector("#bpm").disabled`));
    await firefox.evaluate(`document.querySelector("#play").click()`);
    await until("it plays", () => firefox.evaluate(`document.body.dataset.state === "playing"`), 20000);
    await until("sound", () => firefox.evaluate(`window.peak() > 0.001`));
    const before = await firefox.evaluate(`window.players.at(-1).nextIndex`);
    await sleep(5000);
    const { nextIndex, exact } = await firefox.evaluate(`window.players.at(-1)`);
    const report = await firefox.evaluate(`window.reports.at(-1)`);
    t.diagnostic(JSON.stringify(report));
    assert.ok(nextIndex - before > 40, `${nextIndex - before} chunks in five seconds`);
    assert.deepEqual([report.state, report.gaps, report.codec], ["playing", 0, "flac"]);
    assert.ok(report.latencyMs > 200 && report.latencyMs < 1000, `${report.latencyMs} ms`);
    assert.equal(exact, true);
    assert.ok(await firefox.evaluate(`window.peak() > 0.0001`));
  } finally {
    await firefox.close();
    await server.stop();
  }
});
