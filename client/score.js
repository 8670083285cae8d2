// The notes of the phrases that are heard, for the light: fetched when a phrase begins, ordered by time.

const SOON_MS = 150; // several things often happen at once
const KEPT = 4;

/** Where a pitch stands on the circle of fifths, 0 to 12; between two keys also between their places. Pure. */
export function fifths(pitch) {
  const whole = Math.floor(pitch);
  return ((whole * 7) % 12) + (pitch - whole);
}

/** The place on the circle of fifths around which the notes lie. */
function centreOf(notes) {
  let [x, y] = [0, 0];
  for (const { pitch, beats } of notes) {
    const angle = (fifths(pitch) / 6) * Math.PI;
    x += beats * Math.cos(angle);
    y += beats * Math.sin(angle);
  }
  return (Math.atan2(y, x) / Math.PI) * 6;
}

/** A phrase as the server tells it, for looking up: its notes by onset, in beats. Pure. */
export class Ordered {
  constructor(phrase) {
    this.number = Number(phrase.phrase_id.split("_").pop());
    this.beats = phrase.beats;
    this.secondsPerBeat = 60 / phrase.bpm;
    this.centre = centreOf(phrase.notes);
    this.notes = [...phrase.notes].sort((a, b) => a.at - b.at);
  }

  /** The notes that begin in [from, to) beats. */
  between(from, to) {
    const first = this.firstFrom(from);
    let end = first;
    while (end < this.notes.length && this.notes[end].at < to) end++;
    return this.notes.slice(first, end);
  }

  firstFrom(beat) {
    let [low, high] = [0, this.notes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.notes[middle].at < beat) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class Score {
  /** @param {() => Promise<{ok, body}>} ask for the phrases of now */
  constructor(ask) {
    this.ask = ask;
    this.phrases = new Map(); // by number
  }

  forget() {
    this.phrases.clear();
  }

  refresh() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.take(), SOON_MS);
  }

  phrase(number) {
    return this.phrases.get(number);
  }

  async take() {
    const answer = await this.ask().catch(() => null);
    if (!answer?.ok) return;
    for (const phrase of [answer.body.current, answer.body.next]) {
      if (!phrase) continue;
      const fresh = new Ordered(phrase);
      this.phrases.delete(fresh.number);
      this.phrases.set(fresh.number, fresh);
    }
    while (this.phrases.size > KEPT) this.phrases.delete(this.phrases.keys().next().value);
  }
}
