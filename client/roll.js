// The piano roll: the notes of the phrase that sounds and of the next, left and right of a line, each in the colour of its
// patch. A note knows the line of the script that made it.

const PAD_PX = 6;
const MIN_SEMITONES = 24;
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** A pitch as people read it: "A3", with cents where it lies between two. */
export function pitchName(pitch) {
  const near = Math.round(pitch);
  const cents = Math.round((pitch - near) * 100);
  const name = `${NAMES[near % 12]}${Math.floor(near / 12) - 1}`;
  return cents === 0 ? name : `${name} ${cents > 0 ? "+" : "−"}${Math.abs(cents)} ct`;
}

/** The pitches to show: whole octaves around all notes. Pure. */
export function pitchRange(phrases) {
  const pitches = phrases.flatMap((phrase) => phrase.notes.map((note) => note.pitch));
  if (pitches.length === 0) return { low: 48, high: 48 + MIN_SEMITONES };
  const low = Math.floor(Math.min(...pitches)) - 2;
  const high = Math.ceil(Math.max(...pitches)) + 2;
  const more = Math.max(0, MIN_SEMITONES - (high - low)) / 2;
  return { low: low - more, high: high + more };
}

/** Boxes of a phrase's notes in pixels: { x, y, width, height, note }, by pitch from the bottom, by beats from x0. Pure. */
export function layout(phrase, { x0, width, height, low, high }) {
  const row = (height - 2 * PAD_PX) / (high - low);
  const tall = Math.max(2, Math.min(10, row * 0.85));
  return phrase.notes.map((note) => {
    const x = x0 + (note.at / phrase.beats) * width;
    const long = (Math.min(note.beats, phrase.beats - note.at) / phrase.beats) * width;
    const y = height - PAD_PX - (note.pitch - low) * row - tall / 2;
    return { x, y, width: Math.max(2.5, long - 1), height: tall, note };
  });
}

/** The box under a point, the topmost one; a little slack for fingers. Pure. */
export function hit(boxes, x, y, slack = 3) {
  return boxes.findLast(
    (box) => x >= box.x - slack && x <= box.x + box.width + slack && y >= box.y - slack && y <= box.y + box.height + slack,
  );
}

/** The lines of the script that made a note: where it stands, then who called that. */
export const linesOf = (note) => [note.line, ...(note.callers ?? [])];

/** The lines of the notes that sound at a place in a phrase, 0 to 1. Pure. */
export function soundingLines(phrase, progress) {
  const beat = progress * phrase.beats;
  const on = phrase.notes.filter((note) => note.at <= beat && beat < note.at + note.beats);
  return [...new Set(on.flatMap(linesOf))];
}

const hue = (patch) => (165 + patch * 137.5) % 360;

export class Roll {
  /** @param on { line(number): a note was chosen } */
  constructor(canvas, caption, on) {
    this.canvas = canvas;
    this.caption = caption;
    this.paint = canvas.getContext("2d");
    this.phrases = [];
    this.boxes = [];
    this.line = 0;
    this.place = null;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    canvas.addEventListener("pointermove", (event) => this.point(event));
    canvas.addEventListener("pointerleave", () => this.describe(null));
    canvas.addEventListener("click", (event) => {
      const box = this.find(event);
      if (!box) return;
      const lines = linesOf(box.note); // again: the caller of the line where the cursor is
      on.line(lines[(lines.indexOf(this.line) + 1) % lines.length]);
    });
  }

  /** phrases: the current and the next, either may be null. */
  show(phrases) {
    this.phrases = phrases.filter((phrase) => phrase !== null);
    const [current, next] = this.phrases;
    const words = (phrase) => `${phrase.notes.length} notes in ${phrase.key}, ${phrase.bars} bars`;
    const label = [current && `Now: ${words(current)}`, next && `next: ${words(next)}`].filter(Boolean).join("; ");
    this.canvas.setAttribute("aria-label", `Piano roll. ${label}`);
    this.describe(null);
    this.draw();
  }

  /** The notes of this line of the script stand out. */
  mark(line) {
    if (line === this.line) return;
    this.line = line;
    this.draw();
  }

  /** Where the music is: a phrase's number and 0 to 1 within it; null: it does not play. */
  playhead(number, progress) {
    const place = number === null ? null : `phrase_${number}:${progress.toFixed(3)}`;
    if (place === this.place) return;
    this.place = place;
    this.at = number === null ? null : { id: `phrase_${number}`, progress };
    this.draw();
  }

  // ---- inside ----

  find(event) {
    const bounds = this.canvas.getBoundingClientRect();
    return hit(this.boxes, event.clientX - bounds.left, event.clientY - bounds.top);
  }

  point(event) {
    const box = this.find(event);
    this.canvas.style.cursor = box ? "pointer" : "";
    this.describe(box ?? null);
  }

  describe(box) {
    if (!box) {
      const [current, next] = this.phrases;
      const about = (phrase) => `${phrase.phrase_id.replace("_", " ")}, ${phrase.key}, ${phrase.bars} bars`;
      const coming = next && `then ${about(next)}${next.preview ? " (as it would be now)" : ""}`;
      this.caption.textContent = current ? [`Now ${about(current)}`, coming].filter(Boolean).join("; ") : "";
      return;
    }
    const { note, phrase } = box;
    const patch = phrase.patches[note.patch];
    this.caption.textContent =
      `${patch.name} ${pitchName(note.pitch)} at beat ${note.at.toFixed(2)}, ` +
      `${note.beats.toFixed(2)} beats, velocity ${note.velocity.toFixed(2)}: line ${linesOf(note).join(", from ")}`;
  }

  draw() {
    const { canvas, paint } = this;
    const scale = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (width === 0 || height === 0) return;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    paint.setTransform(scale, 0, 0, scale, 0, 0);
    const style = getComputedStyle(canvas);
    this.colours = { rail: style.getPropertyValue("--line"), text: style.color, dark: style.colorScheme.includes("dark") };
    const range = pitchRange(this.phrases);
    this.boxes = [];
    const total = this.phrases.reduce((sum, phrase) => sum + phrase.beats, 0);
    let x0 = 0;
    this.drawOctaves(range, width, height);
    for (const phrase of this.phrases) {
      const wide = (width * phrase.beats) / total;
      this.drawPhrase(phrase, { x0, width: wide, height, ...range });
      x0 += wide;
    }
  }

  drawOctaves({ low, high }, width, height) {
    this.paint.fillStyle = this.colours.rail;
    for (let c = Math.ceil(low / 12) * 12; c <= high; c += 12) {
      const y = height - PAD_PX - ((c - low) * (height - 2 * PAD_PX)) / (high - low);
      this.paint.fillRect(0, Math.round(y), width, 1);
    }
  }

  drawPhrase(phrase, frame) {
    const { paint } = this;
    paint.fillStyle = this.colours.rail;
    for (let beat = 0; beat < phrase.beats; beat += phrase.beats_per_bar) {
      paint.fillRect(frame.x0 + (beat / phrase.beats) * frame.width, 0, beat === 0 ? 2 : 1, frame.height);
    }
    for (const box of layout(phrase, frame)) {
      const { note } = box;
      const marked = linesOf(note).includes(this.line);
      const light = getComputedStyle(this.canvas).getPropertyValue("--roll-light") || "45%";
      paint.fillStyle = `hsl(${hue(note.patch)} 60% ${light})`;
      paint.globalAlpha = (marked ? 1 : 0.3 + 0.6 * note.velocity) * (phrase.preview ? 0.6 : 1);
      paint.fillRect(box.x, box.y, box.width, box.height);
      paint.globalAlpha = 1;
      if (marked) {
        paint.strokeStyle = this.colours.text;
        paint.strokeRect(box.x - 0.5, box.y - 0.5, box.width + 1, box.height + 1);
      }
      this.boxes.push({ ...box, phrase });
    }
    if (this.at?.id === phrase.phrase_id) {
      paint.fillStyle = this.colours.text;
      paint.fillRect(frame.x0 + this.at.progress * frame.width - 0.75, 0, 1.5, frame.height);
    }
  }
}
