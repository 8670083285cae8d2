// A slow light behind the page that breathes with the sound: three curtains drawn small and stretched. It moves only
// while music plays and the page is seen; where less motion is wanted it stands still.

const WIDTH = 128;
const HEIGHT = 96;
const SPRITE = 64;
const FRAME_MS = 1000 / 20;
const BANDS = [
  [1, 6],
  [6, 24],
  [24, 120],
]; // analyser bins: low, middle, high
const CURTAINS = [
  { base: 0.3, sway: 0.1, height: 0.75, waves: 0.9, speed: 0.021 },
  { base: 0.42, sway: 0.09, height: 0.6, waves: 1.4, speed: -0.029 },
  { base: 0.58, sway: 0.07, height: 0.5, waves: 2.1, speed: 0.037 },
];

/** One column of a curtain: a soft upper edge, a long fall. */
function sprite(colour) {
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = SPRITE;
  const paint = canvas.getContext("2d");
  const fade = paint.createLinearGradient(0, 0, 0, SPRITE);
  for (const [at, alpha] of [[0, 0], [0.12, 0.14], [0.3, 0.62], [0.42, 0.72], [0.6, 0.46], [0.8, 0.16], [1, 0]]) {
    fade.addColorStop(at, `rgb(${colour} / ${alpha})`);
  }
  paint.fillStyle = fade;
  paint.fillRect(0, 0, 1, SPRITE);
  return canvas;
}

export class Visual {
  constructor(canvas) {
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    this.canvas = canvas;
    this.paint = canvas.getContext("2d");
    this.levels = [0, 0, 0];
    this.seconds = 40; // a good looking moment to stand still at
    this.last = 0;
    this.playing = false;
    this.running = false;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.readColours();
    const repaint = () => {
      this.readColours();
      this.draw();
    };
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    this.draw();
  }

  /** @param {AnalyserNode | null} analyser */
  play(analyser) {
    this.analyser = analyser;
    this.bins ??= new Uint8Array(analyser.frequencyBinCount);
    this.playing = true;
    if (this.running || this.still.matches) return;
    this.running = true;
    requestAnimationFrame((now) => this.frame(now));
  }

  stop() {
    this.playing = false;
  }

  // ---- inside ----

  readColours() {
    const style = getComputedStyle(this.canvas);
    const names = ["--aurora-1", "--aurora-2", "--aurora-3"];
    this.sprites = names.map((name) => sprite(style.getPropertyValue(name).trim()));
  }

  frame(now) {
    if (now - this.last >= FRAME_MS - 2) {
      this.seconds += Math.min(0.1, (now - this.last) / 1000);
      this.last = now;
      this.listen();
      this.draw();
    }
    this.running = this.playing || this.levels.some((level) => level > 0.01);
    if (this.running) requestAnimationFrame((next) => this.frame(next));
  }

  listen() {
    if (this.playing) this.analyser.getByteFrequencyData(this.bins);
    BANDS.forEach(([from, to], i) => {
      let sum = 0;
      for (let k = from; k < to; k++) sum += this.bins[k];
      const level = this.playing ? sum / (to - from) / 255 : 0;
      this.levels[i] += (level - this.levels[i]) * (level > this.levels[i] ? 0.12 : 0.03);
    });
  }

  draw() {
    this.paint.clearRect(0, 0, WIDTH, HEIGHT);
    this.wide = Math.min(2, this.canvas.clientWidth / Math.max(1, this.canvas.clientHeight)) * 2 * Math.PI * 0.6;
    CURTAINS.forEach((curtain, i) => this.drawCurtain(curtain, this.levels[i], this.sprites[i]));
    this.paint.globalAlpha = 1;
  }

  drawCurtain({ base, sway, height, waves, speed }, level, image) {
    const t = this.seconds * speed * 2 * Math.PI;
    for (let x = 0; x < WIDTH; x++) {
      const u = (x / WIDTH) * this.wide * waves;
      const wave = Math.sin(u + t) + 0.5 * Math.sin(2.3 * u - 1.7 * t);
      const ripple = Math.sin(3.7 * u + 2.9 * t) * Math.sin(1.3 * u - t);
      const tall = height * (1 + 0.6 * level + 0.15 * ripple);
      this.paint.globalAlpha = Math.min(1, 0.5 + 0.18 * ripple + 0.6 * level);
      this.paint.drawImage(image, x, HEIGHT * (base + sway * wave - 0.12 * level), 1, HEIGHT * tall);
    }
  }
}
