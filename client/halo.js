// The light of the spectrum around Play, computed pixel by pixel: a small picture of a few thousand, which costs less
// than painting the same with gradients and comes out soft. Pure: no canvas; pixels in, colours and levels handed in.
//
// Low sounds stand at the bottom, high ones at the top, both sides alike. Two curtains hang outwards, one that follows
// the sound and one that lingers, each as far as its band is loud, over a glow of the low bands.

export const HALO_SIZE = 152; // of the picture, each way
const STEPS = 128; // directions, from the bottom up
const FALL = 256; // entries of the fall of light along a ray

/** The light along a ray, 0 at the button, 1 at its end: bright at its foot, a long fall. */
const fall = Float32Array.from({ length: FALL + 1 }, (_, i) => {
  const x = i / FALL;
  return (1 - x) ** 2 * (0.3 + 0.7 * Math.exp(-4 * x));
});

/** Fixed unevenness of the curtains, -1 to 1, smooth from direction to direction. */
const folds = Float32Array.from({ length: STEPS }, (_, i) => {
  const u = i / STEPS;
  return 0.5 * Math.sin(61 * u + 1) + 0.3 * Math.sin(113 * u + 4) + 0.2 * Math.sin(29 * u);
});

export class Halo {
  /** @param {number} inner radius of the button, as a share of half the picture */
  constructor(inner) {
    this.pixels = new Uint8ClampedArray(4 * HALO_SIZE * HALO_SIZE);
    this.fast = { length: new Float32Array(STEPS), light: new Float32Array(STEPS) };
    this.slow = { length: new Float32Array(STEPS), light: new Float32Array(STEPS) };
    this.setInner(inner);
  }

  /** Where every pixel of the left half lies: its direction, and how far outside the button. */
  setInner(inner) {
    if (inner === this.inner) return;
    this.inner = inner;
    const half = HALO_SIZE / 2;
    this.places = [];
    for (let y = 0; y < HALO_SIZE; y++) {
      for (let x = 0; x < half; x++) {
        const [dx, dy] = [(x + 0.5 - half) / half, (y + 0.5 - half) / half];
        const out = (Math.hypot(dx, dy) - inner) / (1 - inner);
        if (out <= 0 || out >= 1) continue;
        const up = Math.atan2(-dx, dy) / Math.PI; // 0 below, 1 above
        this.places.push({ at: 4 * (y * HALO_SIZE + x), mirror: 4 * (y * HALO_SIZE + HALO_SIZE - 1 - x), up, out });
      }
    }
    this.at = Int32Array.from(this.places, (place) => place.at);
    this.mirror = Int32Array.from(this.places, (place) => place.mirror);
    this.step = Uint8Array.from(this.places, ({ up }) => Math.min(STEPS - 1, Math.floor(up * STEPS)));
    this.out = Float32Array.from(this.places, ({ out }) => out);
    this.places = null;
    this.pixels.fill(0);
  }

  /**
   * @param {Float32Array} fast, slow  levels of the bands, 0 to 1  @param {number} low of the low bands, 0 to 1
   * @param {number} phase turns the folds a little  @param colours { fast, slow, glow } as [r, g, b]
   * @param {number} strength of the light
   */
  paint(fast, slow, low, phase, colours, strength) {
    this.spread(this.fast, fast, phase, 0.1, 0.72);
    this.spread(this.slow, slow, phase * 0.6 + 2, 0.22, 0.95);
    const { at, mirror, step, out, pixels } = this;
    const [f, s, g] = [colours.fast, colours.slow, colours.glow];
    const glow = 0.16 + 0.34 * low;
    for (let i = 0; i < at.length; i++) {
      const k = step[i];
      const r = out[i];
      const a = light(this.fast, k, r);
      const b = light(this.slow, k, r);
      const c = glow * (1 - r) * (1 - r) * (1 - r);
      const sum = a + b + c;
      const alpha = 255 * Math.min(1, sum * strength);
      const share = sum > 0 ? 1 / sum : 0;
      put(pixels, at[i], (f[0] * a + s[0] * b + g[0] * c) * share, (f[1] * a + s[1] * b + g[1] * c) * share, (f[2] * a + s[2] * b + g[2] * c) * share, alpha);
      const [to, from] = [mirror[i], at[i]];
      pixels[to] = pixels[from];
      pixels[to + 1] = pixels[from + 1];
      pixels[to + 2] = pixels[from + 2];
      pixels[to + 3] = pixels[from + 3];
    }
  }

  /** The levels of the bands in every direction: how far the light reaches, and how bright it is. */
  spread(curtain, levels, phase, rest, share) {
    const last = levels.length - 1;
    for (let k = 0; k < STEPS; k++) {
      const at = ((k + 0.5) / STEPS) * last;
      const band = Math.floor(at);
      const mix = at - band;
      const smooth = mix * mix * (3 - 2 * mix);
      const level = levels[band] + (levels[Math.min(last, band + 1)] - levels[band]) * smooth;
      const waves = Math.sin(0.13 * k + phase) * Math.sin(0.057 * k - 0.6 * phase);
      const reach = share * (rest + (1 - rest) * level) * (1 + level * (0.07 * folds[k] + 0.14 * waves));
      curtain.length[k] = FALL / Math.max(0.02, reach);
      curtain.light[k] = (0.3 + 0.7 * level) * (1 + 0.06 * folds[k]);
    }
  }
}

function light(curtain, k, r) {
  const x = r * curtain.length[k];
  if (x >= FALL) return 0;
  const i = x | 0;
  return curtain.light[k] * (fall[i] + (fall[i + 1] - fall[i]) * (x - i));
}

function put(pixels, at, r, g, b, alpha) {
  pixels[at] = r;
  pixels[at + 1] = g;
  pixels[at + 2] = b;
  pixels[at + 3] = alpha;
}
