// The page's side of the server: the stream worker while playing, REST while not. So a page that is only open costs the
// server no audio and takes no listener's place.

const POLL_MS = 5000;
const api = (path) => new URL(`api/v1/${path}`, document.baseURI);

function streamUrl() {
  const url = new URL("ws/stream?format=json", document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

export class Link {
  /** @param on { link({ state, reason, retryInMs }), message(object), player(report) } */
  constructor(on) {
    this.on = on;
    this.streaming = false;
    this.live = false;
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

  play() {
    this.streaming = true;
    this.worker.postMessage({ type: "connect", url: streamUrl() });
  }

  stop() {
    this.streaming = false;
    this.live = false;
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
    if (message.type === "message") this.on.message(message.message);
    else if (message.type === "player") this.on.player(message);
    else if (message.type === "link") {
      if (message.state === "idle" && this.streaming) return;
      this.live = message.state === "live";
      this.on.link(message);
      if (message.state === "idle") this.poll();
    }
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
    if (status) this.on.message({ type: "status", ...status });
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
