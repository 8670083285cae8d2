// The page's side of the server: the stream worker while playing, REST while not. So a page that is only open costs the
// server no audio and takes no listener's place.

import { decodable } from "./codec.js";
import { chooseFormat } from "./formats.js";

const POLL_MS = 5000;
const api = (path) => new URL(`api/v1/${path}`, document.baseURI);

function streamUrl(format) {
  const url = new URL(`ws/stream?format=${format}`, document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

export class Link {
  /** @param on { link({ state, reason, retryInMs }), message(object), player(report) } */
  constructor(on) {
    this.on = on;
    this.streaming = false;
    this.live = false;
    this.format = null; // of the stream, while there is one
    this.offered = ["json"]; // by the server
    this.decodes = new Set(); // by the browser
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
    this.worker.postMessage({ type: "connect", url: streamUrl(this.format) });
  }

  stop() {
    this.streaming = false;
    this.live = false;
    this.format = null;
    this.worker.postMessage({ type: "disconnect" });
  }

  sendControls(changes) {
    if (this.live) this.worker.postMessage({ type: "send", message: { type: "control", ...changes } });
    else this.postControls(changes);
  }

  // ---- inside ----

  wake() {
    if (document.hidden) return;
    if (this.streaming) this.worker.postMessage({ type: "retry" });
    this.poll();
  }

  fromWorker(message) {
    if (message.type === "message") this.hear(message.message);
    else if (message.type === "undecodable") this.avoid(message.format);
    else if (message.type === "player") this.on.player(message);
    else if (message.type === "link") {
      if (message.state === "idle" && this.streaming) return;
      this.live = message.state === "live";
      this.on.link(message);
      if (message.state === "idle") this.poll();
    }
  }

  hear(message) {
    if (message.type === "status" && message.formats) this.offered = message.formats;
    this.on.message(message);
  }

  /** The browser said that it can decode this, and could not. */
  avoid(format) {
    this.decodes.delete(format);
    if (this.streaming && this.format === format) this.play(this.quality);
  }

  async poll() {
    if (this.streaming || document.hidden) return;
    let link = { state: "ready", reason: null };
    let status = null;
    try {
      const response = await fetch(api("status"), { cache: "no-store" });
      if (!response.ok) throw new Error(response.statusText);
      status = await response.json();
    } catch {
      link = { state: "offline", reason: "lost" };
    }
    if (this.streaming) return;
    this.on.link(link);
    if (status) this.hear({ type: "status", ...status });
  }

  async postControls(changes) {
    try {
      const body = JSON.stringify(changes);
      const headers = { "Content-Type": "application/json" };
      const response = await fetch(api("control"), { method: "POST", headers, body });
      const answer = await response.json();
      if (!response.ok) this.on.message({ type: "error", code: answer.error, severity: "error", ...answer });
      else this.on.message({ type: "generation_update", ...answer.params, ...answer, params: undefined });
    } catch {
      this.on.message({ type: "error", code: "OFFLINE", severity: "error", message: "The server cannot be reached." });
    }
  }
}
