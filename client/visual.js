// A slow light behind the page that breathes with the sound: three curtains drawn small and stretched soft. It moves only
// while music plays and the page is seen; where less motion is wanted it stands still.

const WIDTH = 192;
const HEIGHT = 108;
const FRAME_MS = 1000 / 30;
const BANDS = [
  [1, 6],
  [6, 24],
  [24, 120],
]; // analyser bins: low, middle, high
const CURTAINS = [
  { base: 0.5, reach: 0.16, waves: 1.1, speed: 0.05 },
  { base: 0.6, reach: 0.13, waves: 1.7, speed: -0.07 },
  { base: 0.72, reach: 0.1, waves: 2.6, speed: 0.09 },
];

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
    this.colours = ["--aurora-1", "--aurora-2", "--aurora-3"].map((name) => style.getPropertyValue(name).trim());
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
    const { paint } = this;
    paint.clearRect(0, 0, WIDTH, HEIGHT);
    CURTAINS.forEach((curtain, i) => this.drawCurtain(curtain, this.levels[i], this.colours[i]));
  }

  drawCurtain({ base, reach, waves, speed }, level, colour) {
    const { paint, seconds } = this;
    const top = (x) => {
      const t = seconds * speed * 2 * Math.PI;
      const sway = Math.sin(x * waves * 6.28 + t) + 0.5 * Math.sin(x * waves * 14.5 - 1.7 * t);
      return HEIGHT * (base - 0.28 * level + reach * (0.6 + level) * sway);
    };
    const fade = paint.createLinearGradient(0, HEIGHT * (base - 0.5), 0, HEIGHT);
    fade.addColorStop(0, `rgb(${colour} / 0)`);
    fade.addColorStop(0.55, `rgb(${colour} / ${0.28 + 0.5 * level})`);
    fade.addColorStop(1, `rgb(${colour} / 0)`);
    paint.fillStyle = fade;
    paint.beginPath();
    paint.moveTo(0, HEIGHT);
    for (let x = 0; x <= WIDTH; x += 4) paint.lineTo(x, top(x / WIDTH));
    paint.lineTo(WIDTH, HEIGHT);
    paint.fill();
  }
}
