// One take in the sheet: what it is, its picture, which plays it, and its files.

import { confirmInPlace, renameInPlace } from "./in-place.js";
import { takes } from "./journal-api.js";
import { clock, dayAndTime, spoken } from "./moments.js";
import { icon, make, press, setText } from "./sheet.js";
import { sortFiles, stateText, takeTitle, works } from "./take-files.js";
import { Wave } from "./wave.js";

export class TakeRow {
  /** @param player TakePlayer  @param on { failed(answer, what, again), gone(id), changed(take) } */
  constructor(take, player, on) {
    this.player = player;
    this.on = on;
    this.title = make("h3", { class: "row-title" });
    this.rename = press("round", icon("rename"), () => this.askName());
    this.remove = press("round", icon("delete"), () => this.askDelete());
    this.head = make("div", { class: "entry-head" }, this.title, make("div", { class: "acts" }, this.rename, this.remove));
    this.line = make("p", { class: "row-line" });
    this.state = make("p", { class: "hint" });
    this.again = press("plain part", "Try again", () => this.retry());
    this.bar = make("progress", { max: "1" });
    this.canvas = make("canvas", { class: "wave", role: "img" });
    this.wave = new Wave(this.canvas);
    this.seen = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.loadWave());
    this.seen.observe(this.canvas); // pictures are fetched as they are scrolled to
    this.play = press("round play-take", icon("play"), () => player.toggle(this, this.url()), { "aria-pressed": "false" });
    this.place = make("input", { type: "range", class: "seek", min: "0", step: "0.1", value: "0" });
    this.place.addEventListener("input", () => player.seek(this, this.url(), Number(this.place.value)));
    this.listen = make("div", { class: "listen" }, this.play, make("div", { class: "wave-box" }, this.canvas, this.place));
    this.files = make("div", { class: "files" });
    this.element = make("li", { class: "entry", "data-take": take.id }, this.head, this.line, this.state, this.again, this.bar, this.listen, this.files);
    this.update(take);
  }

  update(take) {
    const before = this.take;
    this.take = take;
    const name = takeTitle(take);
    setText(this.title, name);
    setText(this.line, [clock(take.seconds), take.channel?.startsWith("private") ? "own stream" : take.channel, dayAndTime(take.kept_at)].filter(Boolean).join(" · "));
    setText(this.state, stateText(take));
    this.state.hidden = stateText(take) === "";
    this.again.hidden = take.state !== "failed";
    this.bar.hidden = !works(take);
    this.bar.value = take.progress ?? 0;
    this.listen.hidden = take.state !== "done" || !sortFiles(take.files).sound;
    this.label(name);
    if (before?.state !== take.state || before?.files?.length !== take.files?.length || before?.name !== take.name) this.showFiles();
  }

  /** From the player. */
  moved(seconds, playing) {
    const was = this.play.getAttribute("aria-pressed") === "true";
    this.wave.played(Math.min(1, seconds / this.take.seconds));
    if (document.activeElement !== this.place || playing) this.place.value = seconds;
    this.place.setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(this.take.seconds)}`);
    if (was === playing) return;
    this.play.setAttribute("aria-pressed", String(playing));
    this.play.replaceChildren(icon(playing ? "pause" : "play"));
    this.label(takeTitle(this.take));
  }

  failed() {
    this.on.failed({ status: 404, body: { message: "The sound of this take could not be loaded." } }, "Playing");
  }

  // ---- inside ----

  url() {
    return takes.file(this.take.id, sortFiles(this.take.files).sound.name);
  }

  label(name) {
    const playing = this.play.getAttribute("aria-pressed") === "true";
    this.play.setAttribute("aria-label", `${playing ? "Pause" : "Play"} ${name}`);
    this.rename.setAttribute("aria-label", `Rename ${name}`);
    this.remove.setAttribute("aria-label", `Delete ${name}`);
    this.bar.setAttribute("aria-label", `Keeping ${name}`);
    this.place.setAttribute("aria-label", `Position in ${name}`);
    this.place.max = this.take.seconds;
    if (!this.place.hasAttribute("aria-valuetext")) this.place.setAttribute("aria-valuetext", `0:00 of ${clock(this.take.seconds)}`);
    this.canvas.setAttribute("aria-label", `Waveform of ${name}, ${spoken(this.take.seconds)}`);
  }

  async loadWave() {
    this.seen.disconnect();
    const { ok, body } = await takes.waveform(this.take.id);
    if (ok) this.wave.show(body.peaks);
  }

  showFiles() {
    const { plain, stems } = sortFiles(this.take.state === "done" ? this.take.files : []);
    const link = (file, i) => make(
      "a",
      { class: "pill file", href: takes.file(this.take.id, file.name), download: file.name.split("/").pop(), "aria-label": `Download ${file.label}, ${file.size}` },
      i === 0 ? icon("download") : null, `${file.label} `, make("small", {}, file.size),
    );
    const many = stems.length > 0 ? make("details", { class: "stems" }, make("summary", {}, `${stems.length} stems`), make("div", { class: "files" }, ...stems.map(link))) : null;
    this.files.replaceChildren(...plain.map(link), ...(many ? [many] : []));
    this.files.hidden = plain.length === 0;
  }

  askName() {
    const { id } = this.take;
    renameInPlace(this.head, { label: `New name of ${takeTitle(this.take)}`, value: this.take.name ?? "" }, (name) => {
      this.rename.focus();
      if (name !== null && name !== this.take.name) this.setName(id, name);
    });
  }

  async setName(id, name) {
    const answer = await takes.rename(id, name);
    if (answer.ok) this.on.changed(answer.body.take ?? { ...this.take, name });
    else this.on.failed(answer, "Renaming", () => this.setName(id, name));
  }

  askDelete() {
    confirmInPlace(this.head, `Delete “${takeTitle(this.take)}” and its files?`, "Delete", (yes) => {
      if (yes) this.delete();
      else this.remove.focus();
    });
  }

  async retry() {
    const answer = await takes.retry(this.take.id);
    if (!answer.ok) return this.on.failed(answer, "Trying again", () => this.retry());
    this.on.changed(answer.body.take ?? { ...this.take, state: "waiting", progress: 0 });
  }

  async delete() {
    const answer = await takes.remove(this.take.id);
    if (!answer.ok && answer.status !== 404) return this.on.failed(answer, "Deleting", () => this.delete());
    this.player.drop(this);
    this.on.gone(this.take.id);
  }
}
