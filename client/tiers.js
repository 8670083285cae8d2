// How deep a cushion the line needs: four tiers, chosen from how unevenly chunks arrive and how often there was nothing
// to play. Pure: times are handed in, in milliseconds; runs in the stream worker.
//
// - Up at once, one tier at a time, when jitter passes 50 ms or more than 5 % of the last ten seconds were dry.
// - Down only after a calm minute (under 20 ms, under 1 %); one that had to be taken back doubles the next wait.

export const TIERS = [
  { name: "minimal", targetMs: 300 },
  { name: "normal", targetMs: 500 },
  { name: "stable", targetMs: 800 },
  { name: "defensive", targetMs: 1200 },
];

const FIRST = 1;
const ALPHA = 0.1;
const JITTER_HIGH_MS = 50;
const JITTER_LOW_MS = 20;
const DRY_HIGH = 0.05;
const DRY_LOW = 0.01;
const WINDOW_MS = 10000; // over which dry time is counted
const BURST_MS = 1000; // what comes in the first second after connecting is no measure of the line
const REST_MS = 3000; // after a step up, before the next
const CALM_MS = 60000;
const CALM_MAX_MS = 16 * CALM_MS;
const REGRET_MS = 5 * CALM_MS; // up again this soon after a step down: that step was a mistake

export class Tiers {
  constructor() {
    this.level = FIRST;
    this.jitterMs = 0;
    this.last = null; // { at, index } of the chunk before
    this.connectedAt = -Infinity;
    this.dry = []; // { at, ms } of the window, oldest first
    this.raisedAt = -Infinity;
    this.loweredAt = -Infinity;
    this.calmSince = null;
    this.calmMs = CALM_MS;
  }

  get name() {
    return TIERS[this.level].name;
  }

  get targetMs() {
    return TIERS[this.level].targetMs;
  }

  /** The share of the last ten seconds for which there was nothing to play. */
  dryShare() {
    return this.dry.reduce((sum, { ms }) => sum + ms, 0) / WINDOW_MS;
  }

  connected(now) {
    this.connectedAt = now;
    this.last = null;
  }

  /** Chunk `index` came; chunks are chunkMs apart when nothing disturbs them. */
  arrived(now, index, chunkMs) {
    if (this.last !== null && now - this.connectedAt > BURST_MS) {
      const late = now - this.last.at - (index - this.last.index) * chunkMs;
      this.jitterMs += ALPHA * (Math.abs(late) - this.jitterMs);
    }
    this.last = { at: now, index };
    this.judge(now);
  }

  /** What the player tells a few times a second: for how long of that time it was dry. */
  played(now, dryMs) {
    if (dryMs > 0) this.dry.push({ at: now, ms: dryMs });
    while (this.dry.length > 0 && now - this.dry[0].at > WINDOW_MS) this.dry.shift();
    this.judge(now);
  }

  // ---- inside ----

  judge(now) {
    const dry = this.dryShare();
    if (this.jitterMs >= JITTER_LOW_MS || dry >= DRY_LOW) this.calmSince = null;
    else this.calmSince ??= now;
    if (this.jitterMs > JITTER_HIGH_MS || dry > DRY_HIGH) this.raise(now);
    else if (this.calmSince !== null && now - this.calmSince >= this.calmMs) this.lower(now);
  }

  raise(now) {
    if (this.level === TIERS.length - 1 || now - this.raisedAt < REST_MS) return;
    if (now - this.loweredAt < REGRET_MS) this.calmMs = Math.min(CALM_MAX_MS, 2 * this.calmMs);
    this.level++;
    this.raisedAt = now;
    this.dry = []; // that was the tier before
  }

  lower(now) {
    if (this.level === 0) return;
    this.level--;
    this.loweredAt = now;
    this.calmSince = now;
  }
}
