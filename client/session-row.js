// One session in the sheet: when it was, what it looks like, whether it can be made again, and a part of it to keep.

import { confirmInPlace, renameInPlace } from "./in-place.js";
import { sessions } from "./journal-api.js";
import { extras } from "./keep-sheet.js";
import { clock, dayAndTime, parseClock, spoken } from "./moments.js";
import { icon, make, press, setText } from "./sheet.js";
import { Wave } from "./wave.js";

const PART_S = 600;
const ENOUGH_S = 0.5; // as much as that off the end is no loss to tell of

const title = (session) => session.name || session.title || session.channel;

/** What a session is, in a few signs; other: the one it goes on from, if it is known. Pure. */
export function sessionLine(session, now = new Date()) {
  const where = session.channel?.startsWith("private") ? "own stream" : session.channel;
  return [session.name && session.title, where, dayAndTime(session.started_at, now), clock(session.seconds)].filter(Boolean).join(" · ");
}

/** What to know of it besides, or "". Pure. */
export function sessionNote(session, from = null) {
  const notes = [];
  if (session.resumed_from) notes.push(`Goes on from ${from ? `“${title(from)}”` : "an earlier session"}`);
  if (session.replayable_s < session.seconds - ENOUGH_S) {
    const why = session.broken_why ? ` (${session.broken_why})` : "";
    notes.push(session.replayable_s > 0 ? `The first ${clock(session.replayable_s)} can be kept${why}` : `Nothing of it can be kept${why}`);
  }
  return notes.join(". ");
}

/** What its picture is called; peaks: as it is drawn, or null. What is missing at the end is about to come. Pure. */
export function waveLabel(session, peaks) {
  const known = peaks?.map(Boolean) ?? [];
  const gaps = known.slice(0, known.lastIndexOf(true) + 1).includes(false) ? ", with gaps where nothing is known" : "";
  return `Waveform of the session ${title(session)}, ${spoken(session.seconds)}${gaps}`;
}

export class SessionRow {
  /** @param on { failed(answer, what, again), gone(id), changed(session), keep(session, from, to, more) -> Promise, find(id) -> session or undefined } */
  constructor(session, on) {
    this.on = on;
    this.title = make("h3", { class: "row-title" });
    this.live = make("span", { class: "recording" }, "Recording now");
    this.rename = press("round", icon("rename"), () => this.askName());
    this.export = make("a", { class: "round", download: true }, icon("download"));
    this.remove = press("round", icon("delete"), () => this.askDelete());
    const acts = make("div", { class: "acts" }, this.rename, this.export, this.remove);
    this.head = make("div", { class: "entry-head" }, this.title, acts);
    this.line = make("span");
    this.note = make("p", { class: "row-line" });
    this.canvas = make("canvas", { class: "wave", role: "img" });
    this.picture = make("div", { class: "wave-box" }, this.canvas);
    this.wave = new Wave(this.canvas);
    this.part = press("plain part", "Keep a part", () => this.openPart(), { "aria-expanded": "false" });
    this.element = make("li", { class: "entry", "data-session": session.id }, this.head, make("p", { class: "row-line" }, this.live, this.line), this.note, this.picture, this.part);
    this.update(session);
    this.seen = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.loadWave());
    this.look();
  }

  update(session) {
    this.session = session;
    const name = title(session);
    setText(this.title, name);
    setText(this.line, sessionLine(session));
    setText(this.note, sessionNote(session, this.on.find(session.resumed_from)));
    this.note.hidden = this.note.textContent === "";
    this.live.hidden = !session.recording;
    this.remove.hidden = Boolean(session.recording);
    this.part.hidden = !(session.replayable_s > 0);
    this.canvas.setAttribute("aria-label", waveLabel(session, this.wave.peaks));
    this.export.href = sessions.exported(session.id);
    this.rename.setAttribute("aria-label", `Rename the session ${name}`);
    this.export.setAttribute("aria-label", `Export the session ${name}`);
    this.remove.setAttribute("aria-label", `Delete the session ${name}`);
    this.part.setAttribute("aria-label", `Keep a part of the session ${name}`);
  }

  /** Its picture is fetched once it is scrolled to; again only where the session went on. */
  look() {
    if (this.drawn !== this.session.seconds) this.seen.observe(this.element);
  }

  // ---- inside ----

  async loadWave() {
    this.seen.disconnect();
    const { seconds } = this.session;
    const { ok, body } = await sessions.waveform(this.session.id);
    if (!ok) return;
    this.drawn = seconds;
    this.picture.hidden = !body.peaks.some(Boolean);
    this.wave.show(body.peaks);
    this.canvas.setAttribute("aria-label", waveLabel(this.session, body.peaks));
  }

  askName() {
    renameInPlace(this.head, { label: `New name of the session ${title(this.session)}`, value: this.session.name || this.session.title || "" }, (name) => {
      this.rename.focus();
      if (name !== null && name !== this.session.name) this.setName(name);
    });
  }

  async setName(name) {
    const answer = await sessions.rename(this.session.id, name);
    if (answer.ok) this.on.changed({ ...this.session, name });
    else this.on.failed(answer, "Renaming", () => this.setName(name));
  }

  askDelete() {
    confirmInPlace(this.head, `Delete the session “${title(this.session)}”?`, "Delete", (yes) => {
      if (yes) this.delete();
      else this.remove.focus();
    });
  }

  async delete() {
    const answer = await sessions.remove(this.session.id);
    if (!answer.ok && answer.status !== 404) return this.on.failed(answer, "Deleting", () => this.delete());
    this.on.gone(this.session.id);
  }

  // ---- a part ----

  openPart() {
    const { id, replayable_s: end } = this.session;
    const field = (name, text, value) => {
      const input = make("input", { id: `${name}-${id}`, type: "text", inputmode: "numeric", autocomplete: "off", required: true, size: "7" });
      input.value = clock(value);
      return { input, box: make("div", { class: "field" }, make("label", { for: `${name}-${id}` }, text), input) };
    };
    const last = Math.floor(end);
    const from = field("from", "From", Math.max(0, last - PART_S));
    const to = field("to", "To", last);
    const more = extras(`part-${id}`);
    const wrong = make("p", { class: "wrong", role: "alert" });
    const form = make(
      "form", { class: "part-form" },
      make("div", { class: "span" }, from.box, to.box), more.element, wrong,
      make("div", { class: "inline end" }, press("plain", "Cancel", () => close()), make("button", { type: "submit", class: "strong" }, "Keep")),
    );
    const close = () => {
      form.replaceWith(this.part);
      this.part.focus();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = partError(parseClock(from.input.value), parseClock(to.input.value), this.session.replayable_s);
      setText(wrong, text);
      if (text !== "") return;
      close();
      this.on.keep(this.session, parseClock(from.input.value), parseClock(to.input.value), more.values());
    });
    this.part.replaceWith(form);
    from.input.select();
  }
}

/** What is wrong with a span, or "". Pure. */
export function partError(from, to, end) {
  if (Number.isNaN(from) || Number.isNaN(to)) return "A time is minutes and seconds, such as 12:30.";
  if (to <= from) return "The end has to come after the beginning.";
  if (from >= end || to > end + 1) return `This session can be kept up to ${clock(end)}.`;
  return "";
}
