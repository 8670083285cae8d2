// The drawer of statistics: what the player and the stream report, once a second, and the buffer of the last minutes.

const KEPT = 120; // seconds of the curve
const WIDTH = 240;
const HEIGHT = 56;
const TIERS = {
  minimal: "Minimal", normal: "Normal", stable: "Stable", defensive: "Defensive", careful: "Careful", deep: "Deep",
};
const byId = (id) => document.getElementById(id);

const whole = (value, unit) => (Number.isFinite(value) ? `${Math.round(value)} ${unit}` : "–");
const fine = (value, unit) => (Number.isFinite(value) ? `${value.toFixed(value < 10 ? 1 : 0)} ${unit}` : "–");
const count = (value) => (Number.isFinite(value) ? value.toLocaleString("en") : "–");
const rounded = (ms) => (Number.isFinite(ms) ? `${Math.round(ms / 10) * 10} ms` : "–");

/** "+0.15 %": how much faster than the stream the player runs. */
function rateText(rate) {
  if (!Number.isFinite(rate)) return "–";
  const percent = (rate - 1) * 100;
  if (Math.abs(percent) < 0.005) return "Exact";
  return `${percent > 0 ? "+" : "−"}${Math.abs(percent).toFixed(2)} %`;
}

/** What the drawer says. heard: of the player, or null; stream: the last status, or null. Pure. */
export function drawerTexts(heard, stream) {
  const h = heard ?? {};
  const s = stream ?? {};
  const target = Number.isFinite(h.targetMs) ? ` of ${Math.round(h.targetMs)} ms` : "";
  return {
    tier: h.tier ? (TIERS[h.tier] ?? h.tier) : "–",
    buffer: heard ? `${rounded(h.bufferMs)}${target}` : "–",
    jitter: fine(h.jitterMs, "ms"),
    underruns: count(h.underruns),
    gaps: count(h.gaps),
    latency: rounded(h.latencyMs),
    rtt: fine(h.rttMs, "ms"),
    format: h.codec ?? "–",
    rate: rateText(h.rate),
    listeners: count(s.active_clients),
    channel: s.channel?.startsWith("private-") ? "Yours alone" : (s.channel ?? "–"),
    seed: s.seed === undefined ? "–" : String(s.seed),
    "sample-rate": s.sample_rate ? `${s.sample_rate / 1000} kHz` : "–",
    device: s.device ?? "–",
    synthesis: fine(s.synthesis_latency_ms, "ms"),
    phrases: count(s.phrases_generated),
  };
}

/** Points of the curve, the newest at the right; low is at the bottom. Pure. */
export function curve(values, most) {
  return values
    .map((value, i) => {
      const x = WIDTH - ((values.length - 1 - i) * WIDTH) / (KEPT - 1);
      return `${x.toFixed(1)},${(HEIGHT - 2 - (Math.min(value, most) / most) * (HEIGHT - 4)).toFixed(1)}`;
    })
    .join(" ");
}

export class Drawer {
  constructor() {
    this.root = byId("drawer");
    this.button = byId("stats");
    this.depths = [];
    this.button.addEventListener("click", () => this.toggle());
    byId("drawer-close").addEventListener("click", () => this.toggle(false));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.root.hidden && !event.target.closest("dialog, #code")) this.toggle(false);
    });
  }

  toggle(open = this.root.hidden) {
    this.root.hidden = !open;
    document.body.toggleAttribute("data-drawer", open);
    this.button.setAttribute("aria-expanded", String(open));
    if (open) byId("drawer-close").focus({ preventScroll: true });
    else this.button.focus({ preventScroll: true });
    this.draw();
  }

  show(heard, stream) {
    for (const [id, text] of Object.entries(drawerTexts(heard, stream))) {
      const element = byId(id);
      if (element.textContent !== text) element.textContent = text;
    }
  }

  /** Once a second. */
  note(heard) {
    if (!heard) return;
    this.depths = [...this.depths, heard.bufferMs].slice(-KEPT);
    this.targetMs = heard.targetMs;
    this.draw();
  }

  draw() {
    if (this.root.hidden || this.depths.length === 0) return;
    const most = Math.max(1000, ...this.depths, 1.25 * (this.targetMs ?? 0));
    byId("depth-line").setAttribute("points", curve(this.depths, most));
    const y = HEIGHT - 2 - ((this.targetMs ?? 0) / most) * (HEIGHT - 4);
    byId("depth-target").setAttribute("y1", y);
    byId("depth-target").setAttribute("y2", y);
  }
}
