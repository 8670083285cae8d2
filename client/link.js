// The page's side of the server: the stream worker while playing, REST while not. So a page that is only open costs the
// server no audio and takes no listener's place.
//
// A place is what names a stream: { channel: NAME }, or { channel: "private", preset, key, ... } for one of the
// listener's own. The server tells a private one's name once it plays, and the listener comes back by it while it lasts.

import { decodable } from "./codec.js";
import { chooseFormat } from "./formats.js";

const POLL_MS = 5000;
const LIVE = new Set(["level", "brightness"]); // act at once; no part of what a private stream is made of
const PRIVATE = "private";

function streamUrl(format, place) {
  const url = new URL("ws/stream", document.baseURI);
  url.search = new URLSearchParams({ format, ...place });
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

export class Link {
  /**
   * @param on { link({ state, reason, retryInMs }), message(object), player(report), refused(text), report(object) }
   * report comes once a second while it plays: { state, tier, targetMs, bufferMs, jitterMs, underruns, gaps, latencyMs
   * (from the server to what leaves the player; null: not known yet), rate, codec, decoder } */
  constructor(on) {
    this.on = on;
    this.place = {}; // the first channel
    this.name = null; // of the channel, once known
    this.streaming = false;
    this.live = false;
    this.stale = false; // between play() and the new connection
    this.format = null; // of the stream, while there is one
    this.offered = ["json"]; // by the server
    this.decodes = new Map(); // what can be decoded here, and by what
    decodable().then((formats) => (this.decodes = formats));
    this.worker = new Worker(new URL("stream-worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = (event) => this.fromWorker(event.data);
    this.worker.onerror = () => {
      on.message({ type: "error", severity: "critical", message: "This browser cannot run the player." });
    };
    addEventListener("online", () => this.worker.postMessage({ type: "retry" }));
    document.addEventListener("visibilitychange", () => this.wake());
    setInterval(() => this.poll(), POLL_MS);
    this.poll();
  }

  /** The player's end of the line for audio. */
  attach(port) {
    this.worker.postMessage({ type: "port", port }, [port]);
  }

  /** The format that play() would ask for. */
  choose(quality) {
    return chooseFormat(quality, this.offered, this.decodes);
  }

  /** Also while playing, to change over to another quality. */
  play(quality) {
    this.streaming = true;
    this.quality = quality;
    this.format = this.choose(quality);
    const means = this.decodes.get(this.format)?.[0];
    this.stale = true;
    this.worker.postMessage({ type: "connect", url: this.address(), means });
  }

  /** Another place to listen at; while playing play() takes the listener there. */
  go(place) {
    this.place = { ...place };
    this.name = this.isPrivate() ? null : (place.channel ?? null);
    this.poll();
  }

  isPrivate() {
    return this.place.channel === PRIVATE;
  }

  /** The name of the channel; null while it has none. status: the last one of the server. */
  channel(status) {
    return this.name ?? (this.isPrivate() ? null : (status?.channel ?? null));
  }

  /** A request to /api/v1 about the channel. */
  api(path) {
    const url = new URL(`api/v1/${path}`, document.baseURI);
    if (this.name !== null) url.searchParams.set("channel", this.name);
    return url;
  }

  stop() {
    this.streaming = false;
    this.live = false;
    this.format = null;
    this.worker.postMessage({ type: "disconnect" });
  }

  sendControls(changes) {
    if (this.isPrivate()) this.keep(changes);
    if (this.isPrivate() && this.name === null) return; // they go with the place
    if (this.live) this.worker.postMessage({ type: "send", message: { type: "control", ...changes } });
    else this.postControls(changes);
  }

  // ---- inside ----

  address() {
    return streamUrl(this.format, this.name === null ? this.place : { channel: this.name });
  }

  keep(changes) {
    for (const [name, value] of Object.entries(changes)) if (!LIVE.has(name)) this.place[name] = value;
  }

  wake() {
    if (document.hidden) return;
    if (this.streaming) this.worker.postMessage({ type: "retry" });
    this.poll();
  }

  fromWorker(message) {
    if (message.type === "link" && message.state === "connecting") this.stale = false;
    if (message.type === "message" && this.stale) return; // of the place that was left
    if (message.type === "message") this.hear(message.message);
    else if (message.type === "undecodable") this.avoid(message.format, message.means);
    else if (message.type === "report") this.on.report?.(message.report);
    else if (message.type === "player") this.on.player(message);
    else if (message.type === "link") {
      if (message.state === "idle" && this.streaming) return;
      this.live = message.state === "live";
      this.on.link(message);
      if (message.state === "idle") this.poll();
      if (message.state === "waiting" && this.isPrivate()) this.checkPrivate();
    }
  }

  hear(message) {
    if (message.type === "error" && this.isPrivate() && this.name === null) {
      this.on.refused(message.message);
      return;
    }
    if (message.type === "status" && message.formats) this.offered = message.formats;
    if (message.type === "status" && this.streaming) this.named(message.channel);
    this.on.message(message);
  }

  /** From now on a connection that breaks is taken up again by the channel's name. */
  named(channel) {
    if (!this.isPrivate() || channel === this.name || !channel?.startsWith(`${PRIVATE}-`)) return;
    this.name = channel;
    this.worker.postMessage({ type: "address", url: this.address() });
  }

  /** After a connection to a private stream broke or never came about: is it still there, was it ever accepted? */
  async checkPrivate() {
    const { place, name } = this;
    const response = await fetch(this.api("status"), { cache: "no-store" }).catch(() => null);
    if (response === null || !this.streaming || place !== this.place || name !== this.name) return;
    if (name === null && response.ok) this.on.refused("The server does not play this mood.");
    if (name === null || response.status !== 404) return;
    this.name = null;
    this.worker.postMessage({ type: "address", url: this.address() });
  }

  /** It was said that this can be decoded, and could not be. */
  avoid(format, means) {
    const left = (this.decodes.get(format) ?? []).filter((each) => each !== means);
    if (left.length > 0) this.decodes.set(format, left);
    else this.decodes.delete(format);
    if (this.streaming && this.format === format) this.play(this.quality);
  }

  async poll() {
    if (this.streaming || document.hidden) return;
    const { place } = this;
    let link = { state: "ready", reason: null };
    let status = null;
    try {
      const response = await fetch(this.api("status"), { cache: "no-store" });
      if (!response.ok && response.status !== 404) throw new Error(response.statusText);
      if (response.ok) status = await response.json();
    } catch {
      link = { state: "offline", reason: "lost" };
    }
    if (this.streaming || place !== this.place) return;
    this.on.link(link);
    if (status && (!this.isPrivate() || this.name !== null)) this.hear({ type: "status", ...status });
    else if (link.state === "ready" && this.isPrivate()) this.name = null; // torn down; Play asks for a new one
  }

  async postControls(changes) {
    const { place } = this;
    try {
      const body = JSON.stringify(changes);
      const headers = { "Content-Type": "application/json" };
      const response = await fetch(this.api("control"), { method: "POST", headers, body });
      const answer = await response.json();
      if (place !== this.place) return;
      if (!response.ok) this.on.message({ type: "error", code: answer.error, severity: "error", ...answer });
      else this.on.message({ type: "generation_update", ...answer.params, ...answer, params: undefined });
    } catch {
      this.on.message({ type: "error", code: "OFFLINE", severity: "error", message: "The server cannot be reached." });
    }
  }
}
