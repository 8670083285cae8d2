// The light around Play: what sounds, drawn. The spectrum stands around the button as rays, low at the bottom, high at
// the top, alike on both sides, each as long as its band is loud. The notes of the phrase light up where they stand on
// the circle of fifths, near ones inside, high ones outside, for as long as they last; so a harmony is a figure.
//
// Nothing moves by itself: no sound, no motion. It is drawn small and stretched, which makes it soft and cheap; frames
// come only while there is something to see, and where less motion is wanted it stands still.

import { fifths } from "./score.js";

const SIZE = 384; // pixels drawn, whatever the size on the page
const BANDS = 36;
const LOW_HZ = 45;
const HIGH_HZ = 9000;
const FLOOR_DB = -86;
const SPAN_DB = 62;
const TILT_DB = 20; // what music has less of at the top than at the bottom
const RAYS = 60; // a side
const BLOOMS = 72;
const RELEASE_S = 1.6;
const SLOW_FRAME_MS = 24; // mean; from here on every second frame is left out
const SPRITE = 64;
const RAY_WIDE = 8;

/** Soft bounds of the bands in bins of an analyser. */
function bandBins(sampleRate, binCount) {
  const hz = (i) => LOW_HZ * (HIGH_HZ / LOW_HZ) ** (i / BANDS);
  const bin = (i) => (hz(i) * 2 * binCount) / sampleRate;
  return Array.from({ length: BANDS }, (_, i) => {
    const from = Math.floor(bin(i));
    return [from, Math.min(binCount, Math.max(from + 1, Math.ceil(bin(i + 1))))];
  });
}

function sprite(width, height, paintIt) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  paintIt(canvas.getContext("2d"));
  return canvas;
}

/** A ray from left to right: bright soon after its foot, a long fall, soft at its sides. */
function raySprite(colour, strength) {
  return sprite(SPRITE, RAY_WIDE, (paint) => {
    const fall = paint.createLinearGradient(0, 0, SPRITE, 0);
    for (const [at, alpha] of [[0, 0], [0.04, 0.7], [0.12, 0.78], [0.35, 0.36], [0.65, 0.11], [1, 0]]) {
      fall.addColorStop(at, `hsl(${colour} / ${alpha * strength})`);
    }
    paint.fillStyle = fall;
    paint.fillRect(0, 0, SPRITE, RAY_WIDE);
    const sides = paint.createLinearGradient(0, 0, 0, RAY_WIDE);
    for (const [at, alpha] of [[0, 0], [0.25, 0.45], [0.5, 1], [0.75, 0.45], [1, 0]]) sides.addColorStop(at, `rgb(0 0 0 / ${alpha})`);
    paint.globalCompositeOperation = "destination-in";
    paint.fillStyle = sides;
    paint.fillRect(0, 0, SPRITE, RAY_WIDE);
  });
}

function bloomSprite(colour, stops) {
  return sprite(SPRITE, SPRITE, (paint) => {
    const half = SPRITE / 2;
    const glow = paint.createRadialGradient(half, half, 0, half, half, half);
    for (const [at, alpha] of stops) glow.addColorStop(at, `hsl(${colour} / ${alpha})`);
    paint.fillStyle = glow;
    paint.fillRect(0, 0, SPRITE, SPRITE);
  });
}

const NOTE_STOPS = [[0, 1], [0.12, 0.9], [0.2, 0.42], [0.5, 0.12], [1, 0]];
const GLOW_STOPS = [[0, 0.5], [0.35, 0.32], [0.7, 0.09], [1, 0]];

/** Where a pitch stands around the button: by the circle of fifths, `centre` at the top; out: by height. Pure. */
export function pitchPlace(pitch, centre) {
  const out = Math.min(1, Math.max(0, (pitch - 30) / 66));
  return { angle: ((fifths(pitch) - centre) / 6) * Math.PI - Math.PI / 2, out };
}

/** How bright a note is, 0 to 1, so many seconds after it began: it swells, sinks slowly, and rings off. Pure. */
export function noteLight(age, seconds) {
  if (age < 0) return 0;
  const swell = Math.min(1, age / Math.min(0.35, 0.08 + seconds / 8));
  const sink = 0.35 + 0.65 * Math.exp(-age / Math.max(0.6, seconds * 0.5));
  const ring = age > seconds ? Math.exp((-3 * (age - seconds)) / RELEASE_S) : 1;
  return swell * swell * (3 - 2 * swell) * sink * ring;
}

const glide = (value, to, dt, up, down) => value + (to - value) * (1 - Math.exp(-dt / (to > value ? up : down)));

export class Visual {
  /** @param on { where() -> { number, progress } | null, phrase(number) -> Ordered | undefined } */
  constructor(canvas, on) {
    canvas.width = canvas.height = SIZE;
    this.canvas = canvas;
    this.on = on;
    this.paint = canvas.getContext("2d");
    this.fast = new Float32Array(BANDS);
    this.slow = new Float32Array(BANDS);
    this.energy = 0;
    this.phase = 1.3; // goes on with the energy only
    this.blooms = [];
    this.at = null; // how far notes were lit
    this.seconds = 0;
    this.hue = 166;
    this.playing = false;
    this.running = false;
    this.seen = true;
    this.frameMs = 16;
    this.frames = 0; // drawn
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.colour();
    this.dark.addEventListener("change", () => this.setHue(this.hue));
    new IntersectionObserver((entries) => this.looked(entries.at(-1).isIntersecting)).observe(canvas);
    this.draw(0);
  }

  /** @param {AnalyserNode} analyser of what is played */
  play(analyser) {
    this.analyser = analyser;
    analyser.smoothingTimeConstant = 0.5; // the rest is done here, by the clock
    this.bins = new Float32Array(analyser.frequencyBinCount);
    this.bands = bandBins(analyser.context.sampleRate, analyser.frequencyBinCount);
    this.playing = true;
    this.wake();
  }

  stop() {
    this.playing = false;
    this.at = null;
    for (const bloom of this.blooms) bloom.lasts = Math.min(bloom.lasts, this.seconds - bloom.began);
    this.wake();
  }

  setHue(hue) {
    this.hue = hue;
    this.colour();
    if (!this.running) this.draw(0);
  }

  // ---- inside ----

  looked(seen) {
    this.seen = seen;
    this.wake();
  }

  wake() {
    if (this.running || this.still.matches || !this.seen || !this.lit()) return;
    this.running = true;
    this.last = null;
    requestAnimationFrame((now) => this.frame(now));
  }

  lit() {
    return this.playing || this.energy > 0.004 || this.blooms.length > 0;
  }

  colour() {
    const dark = this.dark.matches;
    const at = (turn, saturation, light) => `${(this.hue + turn + 360) % 360} ${saturation}% ${light}%`;
    const [fast, slow] = dark ? [at(0, 72, 66), at(48, 62, 58)] : [at(4, 66, 44), at(46, 62, 60)];
    this.rays = [raySprite(slow, dark ? 0.3 : 0.34), raySprite(fast, dark ? 0.42 : 0.44)];
    this.glow = bloomSprite(at(22, dark ? 58 : 66, dark ? 42 : 74), GLOW_STOPS);
    this.notes = [0, 28, 56, -24, -48, 84].map((turn) => bloomSprite(at(turn, dark ? 82 : 76, dark ? 76 : 44), NOTE_STOPS));
    this.blend = dark ? "lighter" : "source-over";
  }

  frame(now) {
    this.running = this.lit() && this.seen && !this.still.matches;
    if (this.running) requestAnimationFrame((next) => this.frame(next));
    const gap = this.last === null ? 16 : now - this.last;
    if (gap < 10) return; // a display faster than 60 a second
    this.frameMs += (Math.min(100, gap) - this.frameMs) * 0.02;
    if (this.frameMs > SLOW_FRAME_MS && (this.odd = !this.odd)) return;
    this.last = now;
    const dt = Math.min(0.1, gap / 1000);
    this.listen(dt);
    this.follow(now / 1000);
    this.draw(now / 1000);
  }

  listen(dt) {
    if (this.playing) this.analyser.getFloatFrequencyData(this.bins);
    let sum = 0;
    for (let i = 0; i < BANDS; i++) {
      const level = this.playing ? this.bandLevel(i) : 0;
      this.fast[i] = glide(this.fast[i], level, dt, 0.06, 0.35);
      this.slow[i] = glide(this.slow[i], level, dt, 0.5, 1.8);
      sum += this.fast[i];
    }
    this.energy = glide(this.energy, sum / BANDS, dt, 0.15, 0.5);
    this.phase += dt * this.energy * 0.9;
  }

  bandLevel(i) {
    const [from, to] = this.bands[i];
    let loudest = -Infinity;
    for (let k = from; k < to; k++) loudest = Math.max(loudest, this.bins[k]);
    const level = Math.min(1, Math.max(0, (loudest - FLOOR_DB + (TILT_DB * i) / BANDS) / SPAN_DB));
    return level * Math.sqrt(level);
  }

  // ---- notes ----

  /** Lights the notes that began since the last frame; after a jump also those that sound already. */
  follow(seconds) {
    this.seconds = seconds;
    if (this.blooms.length > 0) this.blooms = this.blooms.filter((bloom) => seconds - bloom.began < bloom.lasts + RELEASE_S);
    const place = this.playing ? this.on.where() : null;
    const phrase = place && this.on.phrase(place.number);
    if (!phrase) return;
    const beat = place.progress * phrase.beats;
    const went = this.at !== null && this.at.number === place.number;
    const next = this.at !== null && this.at.number + 1 === place.number;
    const from = went ? this.at.beat : 0;
    if (beat < from) return; // the clock was put right by a little
    for (const note of phrase.between(from, beat)) {
      const age = (beat - note.at) * phrase.secondsPerBeat;
      const lasts = note.beats * phrase.secondsPerBeat;
      if (went || next || age < lasts) this.bloom(note, phrase.centre, seconds - age, lasts);
    }
    this.at = { number: place.number, beat };
  }

  bloom(note, centre, began, lasts) {
    const { angle, out } = pitchPlace(note.pitch, centre);
    if (this.blooms.length >= BLOOMS) this.blooms.shift();
    const strength = 0.25 + 0.75 * note.velocity;
    this.blooms.push({ angle: angle + 0.12 * (note.pan ?? 0), out, began, lasts, strength, patch: note.patch });
  }

  // ---- drawing ----

  draw(seconds) {
    const { paint } = this;
    const half = SIZE / 2;
    const button = this.canvas.parentElement?.querySelector("button");
    const wide = this.canvas.clientWidth || SIZE;
    this.inner = (((button?.clientWidth ?? 160) / wide) * SIZE) / 2 + 3;
    this.reach = half - this.inner;
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.clearRect(0, 0, SIZE, SIZE);
    paint.globalCompositeOperation = this.blend;
    this.drawGlow(half);
    this.drawRays(half, this.slow, this.rays[0], 0.2, 1.15);
    this.drawRays(half, this.fast, this.rays[1], 0.08, 0.95);
    this.drawNotes(half, seconds);
    paint.globalAlpha = 1;
    this.frames++;
  }

  drawGlow(half) {
    const low = (this.slow[2] + this.slow[5] + this.slow[8]) / 3;
    const radius = this.inner + this.reach * (0.5 + 0.4 * low);
    this.paint.globalAlpha = 0.5 + 0.5 * Math.min(1, low);
    this.paint.drawImage(this.glow, half - radius, half - radius, 2 * radius, 2 * radius);
  }

  drawRays(half, levels, image, rest, share) {
    const { paint, inner, reach, phase } = this;
    const width = ((Math.PI * inner) / RAYS) * 4;
    for (let i = 0; i < RAYS; i++) {
      const up = (i + 0.5) / RAYS;
      const at = up * (BANDS - 1);
      const k = Math.floor(at);
      const level = levels[k] + (levels[Math.min(BANDS - 1, k + 1)] - levels[k]) * (at - k);
      const curtain = 0.82 + 0.18 * Math.sin(17 * up + phase) * Math.sin(7.3 * up - 0.6 * phase);
      const length = reach * share * (rest + (1 - rest) * level * curtain);
      paint.globalAlpha = Math.min(1, 0.35 + 0.65 * level);
      for (const angle of [Math.PI / 2 + up * Math.PI, Math.PI / 2 - up * Math.PI]) {
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        paint.setTransform(c, s, -s, c, half, half);
        paint.drawImage(image, inner, -width / 2, length, width);
      }
    }
    paint.setTransform(1, 0, 0, 1, 0, 0);
  }

  drawNotes(half, seconds) {
    const { paint } = this;
    for (const bloom of this.blooms) {
      const light = bloom.strength * noteLight(seconds - bloom.began, bloom.lasts);
      if (light < 0.01) continue;
      const radius = this.inner + this.reach * (0.14 + 0.62 * bloom.out);
      const size = this.reach * (0.1 + 0.2 * light) * (1.25 - 0.6 * bloom.out);
      const [x, y] = [half + radius * Math.cos(bloom.angle), half + radius * Math.sin(bloom.angle)];
      paint.globalAlpha = Math.min(1, light);
      paint.drawImage(this.notes[bloom.patch % this.notes.length], x - size, y - size, 2 * size, 2 * size);
    }
  }
}
