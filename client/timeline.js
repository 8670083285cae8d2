// Which phrase sounds at the listener's ear, and which one is coming. Pure: times are handed in, in milliseconds.
//
// The server tells what happens at its own now; a listener hears it later, by the buffer and the way. So phrases are
// kept with the server-side time at which they begin, and looked up at now minus latency.

const LIVE = new Set(["level", "brightness"]); // act at once, so they are never pending
const NOT_VALUES = new Set(["type", "phrase_id", "bars", "next_phrase_in_ms", "sounds_in_ms", "title"]);
const BOUNDARY_MS = 1500; // an update with nothing left to wait for, this near to a boundary, is that boundary
const KEPT = 8;
const DEFAULT_BEATS = 32;

const number = (id) => Number(String(id).split("_").pop());

/** The control values of a status message's `current_*`. */
export function currentValues(status) {
  const values = { ...status.current_piece };
  for (const [name, value] of Object.entries(status)) {
    if (name.startsWith("current_") && name !== "current_phrase_id" && name !== "current_piece") {
      values[name.slice("current_".length)] = value;
    }
  }
  return values;
}

/** The control values of a generation_update, or of a status message's `pending`. */
export function phraseValues(phrase) {
  return Object.fromEntries(Object.entries(phrase).filter(([name]) => !NOT_VALUES.has(name)));
}

export class Timeline {
  constructor() {
    this.phrases = []; // { number, at, until, values }, by number
  }

  status(status, now) {
    const current = number(status.current_phrase_id);
    const newest = this.phrases.findLast((p) => p.at <= now);
    if (newest && newest.number > current) this.phrases = []; // another server, or the same one again
    const until = now + status.next_phrase_in_ms;
    const length = Math.max(status.next_phrase_in_ms, (DEFAULT_BEATS * 60000) / status.current_bpm);
    const known = this.phrases.find((p) => p.number === current && p.at <= now);
    this.phrases = this.phrases.filter((p) => p.number < current);
    this.put({ number: current, at: known?.at ?? until - length, until, values: currentValues(status) });
    if (status.pending) this.pending(status.pending, now);
  }

  update(update, now) {
    if (update.sounds_in_ms > 0) this.pending(update, now);
    else if (this.begins(number(update.phrase_id), now)) {
      const until = now + (update.next_phrase_in_ms ?? 0);
      this.put({ number: number(update.phrase_id), at: now, until, values: phraseValues(update) });
    }
  }

  /** Whether an update with nothing to wait for starts this phrase, or only answers a change of live controls. */
  begins(phrase, now) {
    const current = this.phrases.findLast((p) => p.at <= now);
    if (!current) return true;
    if (current.until === null) return phrase >= current.number; // it was pending, and its time has come
    return phrase > current.number && current.until - now <= BOUNDARY_MS;
  }

  pending(phrase, now) {
    const current = this.phrases.findLast((p) => p.at <= now);
    if (current && number(phrase.phrase_id) <= current.number) return;
    const at = now + phrase.sounds_in_ms;
    this.put({ number: number(phrase.phrase_id), at, until: null, values: phraseValues(phrase) });
  }

  put(phrase) {
    this.phrases = this.phrases.filter((p) => p.number !== phrase.number).slice(1 - KEPT);
    this.phrases.push(phrase);
    this.phrases.sort((a, b) => a.number - b.number);
  }

  /**
   * @returns null while nothing is known, else { number, values, progress 0..1, nextInMs, pending }, where pending is
   * null or { values, changed: [names], inMs }
   */
  view(now, latencyMs) {
    const heard = now - latencyMs;
    const current = this.phrases.findLast((p) => p.at <= heard) ?? this.phrases[0];
    if (!current) return null;
    const next = this.phrases.find((p) => p.number > current.number);
    const until = current.until ?? next?.at ?? heard;
    const nextInMs = Math.max(0, until - heard);
    const progress = Math.min(1, Math.max(0, (heard - current.at) / Math.max(1, until - current.at)));
    return { number: current.number, values: current.values, progress, nextInMs, pending: this.change(current, heard) };
  }

  change(current, heard) {
    const coming = this.phrases.at(-1);
    if (coming === current) return null;
    const changed = Object.keys(coming.values).filter(
      (name) => !LIVE.has(name) && coming.values[name] !== current.values[name],
    );
    return changed.length > 0 ? { values: coming.values, changed, inMs: Math.max(0, coming.at - heard) } : null;
  }
}
