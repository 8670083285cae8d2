// The picture of a take or a session: its waveform in the page's colours, and where it plays.

import { groupPeaks, waveBars } from "./take-files.js";

const DIM = 0.42;

export class Wave {
  /** @param canvas whose CSS colour is the waveform's */
  constructor(canvas) {
    this.canvas = canvas;
    this.peaks = null;
    this.part = 0;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** peaks: [[min, max] or null where nothing is known, …] */
  show(peaks) {
    this.peaks = peaks;
    this.draw();
  }

  /** part: of it that has played, 0 to 1. */
  played(part) {
    if (part === this.part) return;
    this.part = part;
    this.draw();
  }

  draw() {
    const { canvas, peaks } = this;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (width === 0) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    if (!peaks?.length) return;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.fillStyle = getComputedStyle(canvas).color;
    for (const bar of waveBars(groupPeaks(peaks, Math.floor(width / 3)), width, height)) {
      pen.globalAlpha = bar.x < this.part * width ? 1 : DIM;
      pen.fillRect(bar.x, bar.top, bar.width, bar.height);
    }
  }
}
