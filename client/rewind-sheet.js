// The sheet that goes back: some phrases, and on from there with another seed or script; what was left is a branch that
// can be gone back to. Both happen at the next boundary, and the strip of branches tells which one is heard. It is looked up again
// while the sheet is open: others go back too, and a server that was restarted has the branches it had.

import { ask, apiUrl } from "./api.js";
import { branchLine, branchState, branchTitle, lanes } from "./branch-strip.js";
import { barsUntil } from "./edition.js";
import { branches as remote, reason } from "./journal-api.js";
import { make, makeSheet, press, setText } from "./sheet.js";
import { tokenForm } from "./token-form.js";

const TICK_MS = 200;
const LOOK_MS = 2000;
const FIRST = 2; // phrases back
const MOST = 64; // that the server remembers
const seedOfChance = () => String(crypto.getRandomValues(new Uint32Array(1))[0]);
const SEED_MAX = (1n << 64n) - 1n;

const labelled = (id, text, input) => make("div", { class: "field" }, make("label", { for: id }, text), input);
const select = (id, options) => {
  const element = make("select", { id });
  element.append(...options);
  return element;
};

export class RewindSheet {
  constructor(journal) {
    this.journal = journal;
    this.stage = journal.stage;
    this.list = [];
    this.coming = null; // { id, at, title } that was asked for and does not sound yet
    this.beat = { bpm: 70, beatsPerBar: 4 };
    this.state = make("p", { class: "headline", role: "status" });
    this.count = make("output", { for: "rewind-phrases" });
    this.phrases = make("input", { id: "rewind-phrases", type: "number", inputmode: "numeric", min: "1", max: String(MOST), step: "1", value: String(FIRST), required: true });
    this.how = select("rewind-seed-how", [new Option("Another", "other"), new Option("The same", "same")]);
    this.seed = make("input", { id: "rewind-seed", type: "text", inputmode: "numeric", autocomplete: "off", "aria-label": "Seed", pattern: "\\d{1,20}", required: true });
    this.script = select("rewind-script", [new Option("As it was", "")]);
    this.how.addEventListener("change", () => this.showSeed());
    this.token = tokenForm("rewind-token");
    this.submit = make("button", { type: "submit", class: "strong wide" }, "Go back");
    const form = make(
      "form", { class: "sheet-form" },
      make("div", { class: "span" }, labelled("rewind-phrases", "Phrases back", this.phrases), labelled("rewind-script", "Script", make("div", { class: "select" }, this.script))),
      make("div", { class: "span" }, labelled("rewind-seed-how", "Seed", make("div", { class: "select" }, this.how)), make("div", { class: "field bottom" }, this.seed)),
      this.submit,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.rewind();
    });
    this.strip = make("ol", { class: "branches", "aria-label": "Branches" });
    this.note = make("p", { class: "hint" });
    const about = make("p", { class: "hint" }, "Back to an earlier phrase, and another way on from there. What played stays: it is a branch to return to.");
    this.dialog = makeSheet("rewind", "Rewind", { small: true }, about, this.token, this.state, form, make("h3", {}, "Branches"), this.note, this.strip);
    this.showSeed();
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
    this.channel = this.stage.channel();
    this.load();
    this.listScripts();
    clearInterval(this.ticking);
    this.ticking = setInterval(() => (this.dialog.open ? this.tick() : clearInterval(this.ticking)), TICK_MS);
    clearInterval(this.looking);
    this.looking = setInterval(() => (this.dialog.open ? document.hidden || this.load() : clearInterval(this.looking)), LOOK_MS);
  }

  askToken() {}

  // ---- inside ----

  showSeed() {
    const same = this.how.value === "same";
    this.seed.disabled = same;
    this.seed.value = same ? "" : seedOfChance();
    this.seed.placeholder = same ? "as it was" : "";
  }

  async listScripts() {
    const [scripts, phrases] = await Promise.all([this.ask("scripts"), this.ask("phrases", this.channel)]);
    const own = (scripts?.scripts ?? []).filter(({ library }) => !library).map(({ name }) => new Option(name.replace(/\.lua$/, ""), name));
    const chosen = this.script.value;
    this.script.replaceChildren(new Option("As it was", ""), ...own);
    this.script.value = chosen;
    this.beat = { bpm: phrases?.current?.bpm ?? this.stage.bpm() ?? 70, beatsPerBar: phrases?.current?.beats_per_bar ?? 4 };
  }

  async ask(what, channel = null) {
    const url = apiUrl(what);
    if (channel !== null) url.searchParams.set("channel", channel);
    const answer = await ask(url).catch(() => null);
    return answer?.ok ? answer.body : null;
  }

  async load() {
    this.channel ??= this.stage.channel();
    if (this.channel === null) return this.cannot("Your stream begins when you press Play; then there is something to go back to.");
    const asked = (this.asked = {});
    const answer = await remote.list(this.channel);
    if (asked !== this.asked) return; // a later one tells
    if (!answer.ok) return this.cannot(reason(answer, "Going back"));
    this.list = answer.body.branches;
    this.submit.disabled = false;
    setText(this.note, this.list.length < 2 ? "There is one so far." : "");
    this.note.hidden = this.list.length > 1;
    this.render();
  }

  cannot(text) {
    this.list = [];
    this.submit.disabled = true;
    this.note.hidden = false;
    setText(this.note, text);
    this.render();
  }

  async rewind() {
    const wish = { phrases: Number(this.phrases.value) };
    if (this.how.value === "other") {
      if (BigInt(this.seed.value) > SEED_MAX) return this.say(`Seed: allowed: a whole number from 0 to ${SEED_MAX}.`, "bad");
      wish.seed = seedValue(this.seed.value);
    }
    if (this.script.value) wish.script = this.script.value;
    const back = wish.phrases === 1 ? "one phrase back" : `${wish.phrases} phrases back`;
    this.take(await remote.rewind(this.channel, wish), back, () => this.rewind());
  }

  async switchTo(branch) {
    this.take(await remote.switchTo(this.channel, branch.id), branchTitle(branch).toLowerCase(), () => this.switchTo(branch));
  }

  /** The server's answer to either. */
  take(answer, title, again) {
    if (answer.status === 401) return this.token.ask(reason(answer, "Going back"), again);
    if (!answer.ok) return this.say(reason(answer, "Going back"), "bad");
    const { branch, sounds_in_ms: inMs } = answer.body;
    this.coming = { id: branch, title, at: performance.now() + inMs + this.stage.latencyMs() };
    this.showSeed();
    this.tick();
    this.load();
  }

  say(text, tone) {
    this.state.dataset.tone = tone;
    setText(this.state, text);
  }

  tick() {
    if (!this.coming) return;
    const { at, title } = this.coming;
    const left = at - performance.now();
    if (left > 0) return this.say(`${title.charAt(0).toUpperCase()}${title.slice(1)}, sounds ${barsUntil(left, this.beat)}`, "good");
    this.coming = null;
    this.say(`Sounds now: ${title}`, "good");
    this.load();
  }

  // ---- the strip ----

  render() {
    const shown = JSON.stringify([this.list, this.coming?.id]);
    if (shown === this.shown) return; // nobody's finger is on a lane that is made anew
    this.shown = shown;
    const focused = document.activeElement?.dataset?.branch;
    this.strip.replaceChildren(...lanes(this.list).map((lane) => this.lane(lane)));
    if (focused !== undefined) this.strip.querySelector(`[data-branch="${CSS.escape(focused)}"]`)?.focus();
  }

  lane({ branch, depth, from, to }) {
    const state = branchState(branch, this.coming);
    const words = { now: "Sounds now", next: "Next", "": "Go on here" }[state];
    const button = press(
      "row lane",
      [
        make("span", { class: "row-title" }, branchTitle(branch)), make("span", { class: "row-line lane-state" }, words),
        make("span", { class: "lane-bar", "aria-hidden": "true" }), make("span", { class: "row-line lane-about" }, branchLine(branch)),
      ],
      () => state === "" && this.switchTo(branch),
      { "data-branch": branch.id, "data-state": state, "aria-pressed": String(state === "now") },
    );
    button.style.setProperty("--from", from);
    button.style.setProperty("--to", to);
    button.style.setProperty("--depth", Math.min(depth, 4));
    return make("li", {}, button);
  }
}

/** Seeds beyond what a number holds are sent as text. */
function seedValue(text) {
  const seed = Number(text);
  return Number.isSafeInteger(seed) ? seed : text;
}
