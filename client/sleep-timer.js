// The sleep timer: a time to play on, at its end a long fade, then silence. Pure; clock and timers are handed in. It
// goes by the clock and not by its timers, which come late in a hidden tab and stand still while a computer sleeps.

const FADE_SHARE = 0.2; // of the whole time
const FADE_MAX_S = 300;
const LOOK_MS = 20000;
export const MINUTES_MAX = 720;

/** How long the fade at the end of so many minutes is. */
export const fadeSeconds = (minutes) => Math.min(FADE_MAX_S, Math.round(minutes * 60 * FADE_SHARE));

export class SleepTimer {
  /** @param env { setTimeout, clearTimeout, now }  @param on { fade(seconds), unfade(), end() } */
  constructor(env, on) {
    this.env = env;
    this.on = on;
    this.endsAt = null;
    this.fading = false;
  }

  start(minutes) {
    this.clear();
    this.endsAt = this.env.now() + minutes * 60000;
    this.fadeMs = fadeSeconds(minutes) * 1000;
    this.look();
  }

  /** More time, also while it fades already. */
  extend(minutes) {
    const { fadeMs } = this;
    this.start((this.leftMs() + minutes * 60000) / 60000);
    this.fadeMs = fadeMs;
  }

  cancel() {
    this.clear();
  }

  runs() {
    return this.endsAt !== null;
  }

  leftMs() {
    return this.runs() ? Math.max(0, this.endsAt - this.env.now()) : 0;
  }

  // ---- inside ----

  clear() {
    this.env.clearTimeout(this.timer);
    this.endsAt = null;
    if (this.fading) this.on.unfade();
    this.fading = false;
  }

  look() {
    const left = this.leftMs();
    if (left === 0) {
      this.endsAt = null;
      this.fading = false;
      this.on.end();
      return;
    }
    if (left <= this.fadeMs && !this.fading) {
      this.fading = true;
      this.on.fade(left / 1000);
    }
    const next = this.fading ? left : left - this.fadeMs;
    this.timer = this.env.setTimeout(() => this.look(), Math.min(LOOK_MS, next));
  }
}

/** "1h 05", "29:58": never wider than minutes and seconds are, until it is ten hours and more. */
export function shortText(ms) {
  const minutes = Math.ceil(ms / 60000);
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  if (ms <= 3599000) return clockText(ms);
  return h < 10 ? `${h}h ${String(m).padStart(2, "0")}` : `${h} h`;
}

/** "1:04:59", "29:58" */
export function clockText(ms) {
  const seconds = Math.ceil(ms / 1000);
  const two = (value) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
