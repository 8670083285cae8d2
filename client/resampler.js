// Band-limited interpolation: a Kaiser-windowed sinc in a polyphase table. Pure; made off the hot path, read in it.
//
// At fraction 0 and a ratio of at most 1 the kernel is a single 1, so moving between exact playback and interpolated
// playback is continuous.

const PHASES = 512;
const LOBES = 20; // zero crossings on each side, at cutoff 1
const BETA = 9;

function besselI0(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

const I0_BETA = besselI0(BETA);

function kernel(x, cutoff, half) {
  if (Math.abs(x) >= half) return 0;
  const window = besselI0(BETA * Math.sqrt(1 - (x / half) ** 2)) / I0_BETA;
  const t = Math.PI * x * cutoff;
  return window * cutoff * (t === 0 ? 1 : Math.sin(t) / t);
}

export class Resampler {
  /** @param {number} ratio input frames per output frame; above 1 the cutoff comes down with it */
  constructor(ratio) {
    const cutoff = ratio > 1 ? 1 / ratio : 1;
    this.half = Math.ceil(LOBES / cutoff); // frames needed before and after the position
    this.taps = 2 * this.half;
    this.table = new Float32Array((PHASES + 1) * this.taps);
    for (let p = 0; p <= PHASES; p++) this.fillPhase(p, cutoff);
  }

  fillPhase(p, cutoff) {
    const row = this.table.subarray(p * this.taps, (p + 1) * this.taps);
    let sum = 0;
    for (let k = 0; k < this.taps; k++) {
      row[k] = kernel(k - this.half + 1 - p / PHASES, cutoff, this.half);
      sum += row[k];
    }
    for (let k = 0; k < this.taps; k++) row[k] /= sum;
  }

  /**
   * Writes frame `at` of outL and outR: the value of the rings `fraction` frames after `position`.
   * The rings' length is mask + 1, a power of two.
   */
  read(outL, outR, at, ringL, ringR, mask, position, fraction) {
    const { table, taps } = this;
    const phase = fraction * PHASES;
    const p = Math.floor(phase);
    const t = phase - p;
    const row = p * taps;
    const first = position - this.half + 1;
    let left = 0;
    let right = 0;
    for (let k = 0; k < taps; k++) {
      const a = table[row + k];
      const c = a + t * (table[row + taps + k] - a);
      const i = (first + k) & mask;
      left += c * ringL[i];
      right += c * ringR[i];
    }
    outL[at] = left;
    outR[at] = right;
  }
}
