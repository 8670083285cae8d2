// The jitter buffer: chunks in as they arrive, an unbroken stream of blocks out. Pure: no timers, no Web Audio; whoever
// owns the audio callback calls process(). Everything it needs is allocated when it is made.
//
// - Sound starts once the target depth is reached, with a fade; of more than that only the newest is played.
// - Runs dry: fades out over the frames that are left, fills up again, fades in. Never a click.
// - Where chunks are missing the two sides are crossfaded.
// - A live stream never refills a cushion by itself. Depth outside a band around the target, or after the target was
//   changed, is brought there by turning the rate by at most 0.3 %.
// - While the rates are equal and nothing is being turned, samples pass through unchanged, to the bit.

import { Resampler } from "./resampler.js";

const RING_FRAMES = 1 << 19;
const MASK = RING_FRAMES - 1;
const REPEATED_CHUNKS = 32; // after a reconnect the server sends again what it still has; farther back is a new stream
const CROSSFADE_FRAMES = 1024;
const SLEW_MAX = 0.003;
const SLEW_PER_SECOND = 0.002;
const SLEW_SNAP = 0.0002; // at this speed interpolation is left at a whole frame
const DEPTH_SECONDS = 3; // time constant of the smoothed depth
const SLACK_MS = 200; // above the target before it is drained
const LOW = 0.7; // of the target, before it is refilled
const NEAR_MS = 50; // below the target: as full as chunks that come one by one keep it
const EXCESS_MS = 2500; // above the target before it is skipped
const PILE_MS = 100; // above the target at the start before it is left out
const FIRST_TARGET_MS = 500;

const FADE_IN_S = 0.15;
const FADE_OUT_S = 0.02;
const FADE_STOP_S = 0.15;

export class Player {
  /** @param {number} outRate of the audio context  @param {number} streamRate expected of the stream */
  constructor(outRate, streamRate = 44100) {
    this.outRate = outRate;
    this.ringL = new Float32Array(RING_FRAMES);
    this.ringR = new Float32Array(RING_FRAMES);
    this.written = 0; // frames ever written
    this.position = 0; // next frame to play, and
    this.fraction = 0; // how far past it
    this.state = "stopped"; // stopped | filling | playing | fading
    this.afterFade = "refill"; // refill | skip | stop | restart
    this.newFrom = 0; // where the audio since the last start begins
    this.gain = 0;
    this.gainStep = 0;
    this.nextIndex = null;
    this.broken = false; // what comes next does not follow what came last
    this.linkUp = true;
    this.targetMs = FIRST_TARGET_MS;
    this.depthFrames = 0; // smoothed
    this.slew = 0;
    this.correcting = 0; // -1 slower, 1 faster
    this.begun = false; // has played since the start: silence is a gap
    this.underruns = 0; // times it ran dry while the connection stood
    this.gaps = 0; // times it fell silent unasked, whatever the reason
    this.dryFrames = 0; // of silence while the connection stood
    this.splices = 0; // places where chunks were missing
    this.repeats = 0;
    this.skips = 0;
    this.setStreamRate(streamRate);
  }

  /** From silence; what was buffered is forgotten. A fade that still runs is let run out. */
  start() {
    this.nextIndex = null;
    this.broken = false;
    this.begun = false;
    this.newFrom = this.written;
    if (this.state === "fading") {
      this.afterFade = "restart";
      return;
    }
    this.position = this.written;
    this.fraction = 0;
    this.gain = 0;
    this.slew = 0;
    this.correcting = 0;
    this.state = "filling";
  }

  /** Fades out; the state is "stopped" when that is done. */
  stop() {
    if (this.state === "stopped") return;
    if (this.state === "filling") {
      this.state = "stopped";
      return;
    }
    const left = this.availableFrames() / this.step() - 256;
    this.fadeOut("stop", Math.max(64, Math.min(FADE_STOP_S * this.outRate, left)));
  }

  /** While the connection is down, running dry says nothing about its jitter. */
  setLink(up) {
    this.linkUp = up;
  }

  /** How deep the cushion shall be from now on. */
  setTarget(ms) {
    if (ms === this.targetMs) return;
    this.correcting = Math.sign(this.targetMs - ms);
    this.targetMs = ms;
  }

  /** What comes next is of another stream, whatever its indices say. */
  breakStream() {
    this.broken = this.nextIndex !== null;
  }

  /** One chunk of interleaved stereo. */
  push(index, rate, samples) {
    if (this.state === "stopped") return;
    if (rate !== this.streamRate) this.setStreamRate(rate);
    let overlap = 0;
    if (this.broken || (this.nextIndex !== null && index !== this.nextIndex)) {
      const back = this.nextIndex - index;
      if (!this.broken && back > 0 && back <= REPEATED_CHUNKS) {
        this.repeats++;
        return;
      }
      this.broken = false;
      this.splices++;
      overlap = CROSSFADE_FRAMES;
    }
    this.nextIndex = index + 1;
    this.write(samples, samples.length >> 1, overlap);
  }

  /** Fills one block. */
  process(left, right) {
    const n = left.length;
    this.decide(n);
    if (this.state === "stopped" || this.state === "filling") {
      left.fill(0);
      right.fill(0);
      if (this.begun && this.linkUp && this.state === "filling") this.dryFrames += n;
      return;
    }
    this.read(left, right, n);
    this.applyGain(left, right, n);
  }

  depthMs() {
    return (1000 * (this.written - this.position)) / this.streamRate;
  }

  stats() {
    return {
      state: this.state,
      depthMs: this.depthMs(),
      targetMs: this.targetMs,
      nextIndex: this.nextIndex,
      underruns: this.underruns,
      gaps: this.gaps,
      dryMs: (1000 * this.dryFrames) / this.outRate,
      splices: this.splices,
      skips: this.skips,
      slew: this.slew,
      exact: this.isExact(),
    };
  }

  // ---- writing ----

  setStreamRate(rate) {
    this.streamRate = rate;
    this.ratio = rate / this.outRate;
    this.resampler = new Resampler(this.ratio);
    if (this.state !== "stopped") this.start();
  }

  write(samples, n, wantedOverlap) {
    if (this.written + n - this.position > RING_FRAMES - 2 * this.resampler.half) this.skipToTarget();
    const overlap = Math.max(0, Math.min(wantedOverlap, n, this.written - this.position));
    this.written -= overlap;
    for (let i = 0; i < overlap; i++) {
      const angle = ((i + 0.5) / overlap) * (Math.PI / 2);
      const a = Math.cos(angle);
      const b = Math.sin(angle);
      const at = (this.written + i) & MASK;
      this.ringL[at] = a * this.ringL[at] + b * samples[2 * i];
      this.ringR[at] = a * this.ringR[at] + b * samples[2 * i + 1];
    }
    for (let i = overlap; i < n; i++) {
      const at = (this.written + i) & MASK;
      this.ringL[at] = samples[2 * i];
      this.ringR[at] = samples[2 * i + 1];
    }
    this.written += n;
  }

  // ---- deciding, once a block ----

  decide(n) {
    if (this.state === "filling") {
      if (this.depthMs() >= this.targetMs) this.begin();
    } else if (this.state === "playing") {
      const reserve = (FADE_OUT_S * this.outRate + 2 * n) * this.step();
      if (this.availableFrames() < reserve) this.runDry();
      else if (this.depthMs() > this.targetMs + EXCESS_MS) this.fadeOut("skip", FADE_OUT_S * this.outRate);
    }
    if (this.state === "playing") this.steer(n);
  }

  /** From silence. What piled up beyond a target that is met chunk by chunk is older than it need be. */
  begin() {
    const surplus = this.written - this.position - this.targetFrames();
    if (surplus > (PILE_MS * this.streamRate) / 1000) this.position += surplus;
    this.state = "playing";
    this.begun = true;
    this.depthFrames = this.written - this.position;
    this.gain = 0;
    this.gainStep = 1 / (FADE_IN_S * this.outRate);
  }

  runDry() {
    this.gaps++;
    if (this.linkUp) this.underruns++;
    this.fadeOut("refill", FADE_OUT_S * this.outRate);
  }

  fadeOut(then, frames) {
    this.afterFade = then;
    this.state = "fading";
    this.gainStep = -1 / frames;
  }

  /** Keeps the smoothed depth within its band. An outage, which ends in a burst, says nothing about it. */
  steer(n) {
    const target = this.targetFrames();
    const perMs = this.streamRate / 1000;
    const weight = this.linkUp ? n / (DEPTH_SECONDS * this.outRate) : 0;
    this.depthFrames += (this.written - this.position - this.depthFrames) * weight;
    if (this.depthFrames > target + SLACK_MS * perMs) this.correcting = 1;
    else if (this.depthFrames < LOW * target) this.correcting = -1;
    else if (this.correcting > 0 && this.depthFrames <= target) this.correcting = 0;
    else if (this.correcting < 0 && this.depthFrames >= target - NEAR_MS * perMs) this.correcting = 0;
    const change = (SLEW_PER_SECOND * n) / this.outRate;
    const wanted = this.correcting * SLEW_MAX;
    if (wanted !== 0) this.slew += Math.max(-change, Math.min(change, wanted - this.slew));
    else if (Math.abs(this.slew) > SLEW_SNAP) this.slew -= Math.sign(this.slew) * change;
    else if (this.ratio !== 1) this.slew = 0;
  }

  targetFrames() {
    return Math.round((this.targetMs * this.streamRate) / 1000);
  }

  skipToTarget() {
    this.skips++;
    this.position = this.written - this.targetFrames();
    this.fraction = 0;
    this.depthFrames = this.written - this.position;
    if (this.state === "playing") this.begin();
  }

  // ---- reading ----

  step() {
    return this.ratio * (1 + this.slew);
  }

  isExact() {
    return this.ratio === 1 && this.slew === 0 && this.fraction === 0;
  }

  availableFrames() {
    return this.written - this.position - this.resampler.half - 1;
  }

  read(left, right, n) {
    let i = 0;
    if (!this.isExact()) i = this.readInterpolated(left, right, n);
    for (; i < n; i++) {
      const at = this.position++ & MASK;
      left[i] = this.ringL[at];
      right[i] = this.ringR[at];
    }
  }

  /** Returns how many frames it wrote: fewer than n when it came to rest on a whole frame. */
  readInterpolated(left, right, n) {
    const step = this.step();
    const settling = this.ratio === 1 && this.correcting === 0 && Math.abs(this.slew) <= SLEW_SNAP;
    for (let i = 0; i < n; i++) {
      this.resampler.read(left, right, i, this.ringL, this.ringR, MASK, this.position, this.fraction);
      this.fraction += step;
      const whole = Math.floor(this.fraction);
      this.position += whole;
      this.fraction -= whole;
      if (settling && Math.min(this.fraction, 1 - this.fraction) <= SLEW_SNAP) {
        this.position += Math.round(this.fraction);
        this.fraction = 0;
        this.slew = 0;
        return i + 1;
      }
    }
    return n;
  }

  applyGain(left, right, n) {
    if (this.state === "playing" && this.gain === 1) return;
    for (let i = 0; i < n; i++) {
      left[i] *= this.gain;
      right[i] *= this.gain;
      this.gain = Math.max(0, Math.min(1, this.gain + this.gainStep));
    }
    if (this.state === "fading" && this.gain === 0) this.faded();
  }

  faded() {
    if (this.afterFade === "skip") {
      this.skipToTarget();
      this.begin();
    } else {
      this.state = this.afterFade === "stop" ? "stopped" : "filling";
      this.position = this.afterFade === "restart" ? this.newFrom : Math.min(this.position, this.written);
      this.slew = 0;
      this.fraction = 0;
      this.correcting = 0;
    }
  }
}
