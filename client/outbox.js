// Control changes on their way out: only what changed, merged, at most one message in `intervalMs`. The first goes at
// once, the last is never lost. Pure; timers and clock are handed in.

export class Outbox {
  /** @param {(changes: object) => void} send  @param env { setTimeout, now } */
  constructor(send, env, intervalMs = 125) {
    this.send = send;
    this.env = env;
    this.intervalMs = intervalMs;
    this.changes = {};
    this.sentAt = -Infinity;
    this.waiting = false;
  }

  set(name, value) {
    this.changes[name] = value;
    if (this.waiting) return;
    const wait = this.sentAt + this.intervalMs - this.env.now();
    if (wait <= 0) this.flush();
    else {
      this.waiting = true;
      this.env.setTimeout(() => this.flush(), wait);
    }
  }

  /** Sends at once what waits, if anything does. */
  flush() {
    this.waiting = false;
    if (Object.keys(this.changes).length === 0) return;
    this.sentAt = this.env.now();
    const { changes } = this;
    this.changes = {};
    this.send(changes);
  }
}
