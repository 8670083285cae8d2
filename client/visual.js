// The light around Play: what sounds, drawn. The spectrum stands around the button (halo.js). The notes of the phrase
// light up where they stand on the circle of fifths, low ones inside, high ones outside, for as long as they last; so
// a harmony is a figure.
//
// Nothing moves by itself: no sound, no motion. It is drawn small and stretched, which makes it soft and cheap; frames
// come only while there is something to see, and where less motion is wanted it stands still.

import { Halo, HALO_SIZE } from "./halo.js";
import { secondHue } from "./moods.js";
import { fifths } from "./score.js";

const SIZE = 256; // pixels drawn, whatever the size on the page
const BANDS = 36;
const LOW_HZ = 45;
const HIGH_HZ = 9000;
const FLOOR_DB = -86;
const SPAN_DB = 62;
const TILT_DB = 20; // what music has less of at the top than at the bottom
const BLOOMS = 72;
const RELEASE_S = 1.6;
const AUDIBLE = 0.06; // energy from which on notes have their full light
const SLOW_FRAME_MS = 24; // mean; from here on every second frame is left out
const SPRITE = 64;

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

function rgb(hue, saturation, light) {
  const [s, l] = [saturation / 100, light / 100];
  const part = (n) => {
    const k = (n + hue / 30) % 12;
    return 255 * (l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [part(0), part(8), part(4)];
}

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
    this.halo = new Halo(0.3);
    this.image = new ImageData(this.halo.pixels, HALO_SIZE, HALO_SIZE);
    this.small = sprite(HALO_SIZE, HALO_SIZE, () => {});
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
    const away = secondHue(this.hue) - this.hue;
    const way = Math.abs(away) > 180 ? away - 360 * Math.sign(away) : away; // 44 or -44
    const at = (turn, saturation, light) => [(this.hue + (turn * way) / 44 + 360) % 360, saturation, light];
    this.colours = dark
      ? { fast: rgb(...at(-4, 74, 70)), slow: rgb(...at(34, 72, 62)), glow: rgb(...at(6, 60, 46)) }
      : { fast: rgb(...at(-2, 58, 46)), slow: rgb(...at(36, 62, 62)), glow: rgb(...at(4, 60, 74)) };
    this.strength = dark ? 1 : 0.9;
    const css = ([h, s, l]) => `${h} ${s}% ${l}%`;
    const turns = [0, 28, 56, -24, -48, 84];
    this.notes = turns.map((turn) => bloomSprite(css(at(turn, dark ? 82 : 76, dark ? 76 : 44)), NOTE_STOPS));
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
    this.inner = (((button?.clientWidth ?? 160) / wide) * SIZE) / 2 - 3; // its foot is behind the button
    this.reach = half - this.inner;
    this.halo.setInner(Math.round((this.inner / half) * 100) / 100);
    const low = (this.slow[2] + this.slow[5] + this.slow[8]) / 3;
    this.halo.paint(this.fast, this.slow, low, this.phase, this.colours, this.strength);
    this.small.getContext("2d").putImageData(this.image, 0, 0);
    paint.globalAlpha = 1;
    paint.globalCompositeOperation = "copy";
    paint.drawImage(this.small, 0, 0, SIZE, SIZE);
    paint.globalCompositeOperation = this.blend;
    this.drawNotes(half, seconds);
    this.frames++;
  }

  drawNotes(half, seconds) {
    const { paint } = this;
    const audible = Math.min(1, this.energy / AUDIBLE);
    for (const bloom of this.blooms) {
      const light = audible * bloom.strength * noteLight(seconds - bloom.began, bloom.lasts);
      if (light < 0.01) continue;
      const radius = this.inner + this.reach * (0.14 + 0.62 * bloom.out);
      const size = this.reach * (0.1 + 0.2 * light) * (1.25 - 0.6 * bloom.out);
      const [x, y] = [half + radius * Math.cos(bloom.angle), half + radius * Math.sin(bloom.angle)];
      paint.globalAlpha = Math.min(1, light);
      paint.drawImage(this.notes[bloom.patch % this.notes.length], x - size, y - size, 2 * size, 2 * size);
    }
  }
}
