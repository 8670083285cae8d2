// The life of the WebSocket: connect, keep alive, notice silence, come back with growing pauses. Knows messages only as
// far as it needs to. Runs in the stream worker; sockets, timers, clock and chance are handed in, so tests step it.

const PING_MS = 10000;
const STATUS_MS = 5000;
const STATS_MS = 10000;
const SILENCE_MS = 3000; // a live stream speaks ten times a second
const CONNECT_MS = 10000;
const HURRY_MS = 80; // while there is sound left to play, a broken connection is tried again after this, doubled by chance
const HURRIES = 12; // in a row
const HURRY_CONNECT_MS = 2500;
const STABLE_MS = 5000; // open this long: the next failure starts counting anew
const BACKOFF_MS = 500;
const BACKOFF_MAX_MS = 30000;
const OVERLOAD_MS = 5000;
const CLOSE_OVERLOAD = 1013;
const CLOSE_GOING_AWAY = 1001;

/** The pause before try `attempt` (from 0): doubling, up to 30 s, a random half of it taken off. */
export function backoffMs(attempt, random, first = BACKOFF_MS) {
  const full = Math.min(BACKOFF_MAX_MS, first * 2 ** Math.min(attempt, 16));
  return full * (0.5 + 0.5 * random);
}

export class Connection {
  /**
   * @param env { WebSocket, setTimeout, clearTimeout, now, random }
   * @param on { state({ state, reason, retryInMs }), message(object), audio(ArrayBuffer), stats() -> object | null,
   *   address(url) -> the url to open now, cushionMs() -> how much sound is left to play }
   */
  constructor(env, on) {
    this.env = env;
    this.on = on;
    this.url = null;
    this.socket = null;
    this.attempt = 0;
    this.hurries = 0;
    this.hurrying = false;
    this.reason = null;
    this.rttMs = null;
    this.timers = new Set();
  }

  connect(url) {
    this.url = url;
    this.attempt = this.hurries = 0;
    this.hurrying = false;
    this.open();
  }

  disconnect() {
    this.drop();
    this.on.state({ state: "idle", reason: null });
  }

  /** Try again now: the network came back, or someone asked. */
  retry() {
    if (this.url !== null && this.socket === null && this.timers.size > 0) this.open();
  }

  /** @returns {boolean} whether it was sent */
  send(message) {
    if (this.socket === null || this.socket.readyState !== 1) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  // ---- inside ----

  open() {
    this.drop();
    this.reason = null;
    this.live = false;
    this.openedAt = null;
    this.heardAt = this.env.now();
    this.on.state({ state: "connecting", reason: null });
    const socket = new this.env.WebSocket(this.on.address(this.url));
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.received(event.data);
    socket.onclose = (event) => this.closed(event.code);
    this.after(this.hurrying ? HURRY_CONNECT_MS : CONNECT_MS, () => this.openedAt === null && this.closed(0));
  }

  opened() {
    this.openedAt = this.env.now();
    this.heardAt = this.openedAt;
    this.ping();
    this.every(PING_MS, () => this.ping());
    this.every(STATUS_MS, () => this.send({ type: "status_request" }));
    this.every(STATS_MS, () => this.sendStats());
    this.every(1000, () => this.env.now() - this.heardAt > SILENCE_MS && this.closed(0));
  }

  ping() {
    this.send({ type: "ping", client_time: this.env.now() });
  }

  sendStats() {
    const stats = this.on.stats();
    if (stats) this.send({ type: "client_stats", ...stats });
  }

  received(data) {
    this.heardAt = this.env.now();
    if (typeof data === "string") this.text(data);
    else this.on.audio(data);
  }

  text(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return; // not ours to repair; the silence watch notices a server that only talks nonsense
    }
    if (message.type === "pong") this.rttMs = this.env.now() - message.client_time;
    if (message.type === "error" && message.code === "SERVER_OVERLOAD") this.reason = "overload";
    else if (!this.live) {
      this.live = true;
      this.on.state({ state: "live", reason: null });
    }
    this.on.message(message);
  }

  closed(code) {
    if (code === CLOSE_OVERLOAD) this.reason = "overload";
    else if (this.reason === null) this.reason = code === CLOSE_GOING_AWAY ? "restart" : "lost";
    if (this.openedAt !== null && this.env.now() - this.openedAt > STABLE_MS) this.attempt = this.hurries = 0;
    const retryInMs = this.pauseMs();
    const { reason } = this;
    this.drop();
    this.after(retryInMs, () => this.open());
    this.on.state({ state: "waiting", reason, retryInMs });
  }

  /** A server that is full or restarts is left in peace. */
  pauseMs() {
    const chance = this.env.random();
    if (this.reason === "lost" && this.on.cushionMs() > 0 && this.hurries < HURRIES) {
      this.hurries++;
      this.hurrying = true;
      return HURRY_MS * (1 + chance);
    }
    this.hurrying = false;
    return backoffMs(this.attempt++, chance, this.reason === "overload" ? OVERLOAD_MS : BACKOFF_MS);
  }

  drop() {
    for (const timer of this.timers) this.env.clearTimeout(timer);
    this.timers.clear();
    if (this.socket === null) return;
    const { socket } = this;
    this.socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  after(ms, run) {
    const timer = this.env.setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
  }

  every(ms, run) {
    this.after(ms, () => {
      this.every(ms, run);
      run();
    });
  }
}
