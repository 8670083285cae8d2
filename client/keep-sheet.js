// The sheet that keeps what was heard: how much of it, under which name, with what.

import { reason } from "./journal-api.js";
import { keepExtras, keptExtras } from "./preferences.js";
import { make, makeSheet, press } from "./sheet.js";
import { tokenForm } from "./token-form.js";

const MINUTES = [1, 5, 10, 30];
const FIRST = 10;

/** What goes with the sound, for this sheet and for spans of sessions, as it was chosen last: { element, values() }. */
export function extras(id) {
  const chosen = keptExtras();
  const box = (name, text, about) => {
    const input = make("input", { type: "checkbox", id: `${id}-${name}`, "aria-describedby": `${id}-${name}-about` });
    input.checked = chosen[name];
    input.addEventListener("change", () => keepExtras(values()));
    const label = make("label", { for: `${id}-${name}` }, text);
    return { input, row: make("div", { class: "check" }, input, label, make("small", { id: `${id}-${name}-about` }, about)) };
  };
  const stems = box("stems", "Stems", "each sound by itself");
  const midi = box("midi", "MIDI", "the notes");
  const values = () => ({ stems: stems.input.checked, midi: midi.input.checked });
  return { element: make("div", { class: "checks" }, stems.row, midi.row), values };
}

export class KeepSheet {
  constructor(journal) {
    this.journal = journal;
    this.minutes = FIRST;
    this.choices = make("div", { class: "segments", role: "radiogroup", "aria-label": "How much" }, ...MINUTES.map((each) => this.choice(each)));
    this.name = make("input", { id: "keep-name", type: "text", maxlength: "120", autocomplete: "off", placeholder: "Name, if you like" });
    this.extras = extras("keep");
    this.submit = make("button", { type: "submit", class: "strong wide" });
    this.token = tokenForm("keep-token");
    const form = make(
      "form", { class: "sheet-form" },
      make("p", { class: "hint" }, "It ends with what you hear now, and sounds the same to the bit."),
      this.choices, make("label", { class: "unseen", for: "keep-name" }, "Name of the take"), this.name, this.extras.element, this.submit,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.keep();
    });
    const all = press("pill wide", "Takes & sessions", () => {
      this.dialog.close();
      journal.open("takes");
    });
    this.dialog = makeSheet("keep-sheet", "Keep what you heard", { small: true }, this.token, form, all);
    this.show();
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** A keeping was refused for want of the token. */
  askToken(answer) {
    this.token.ask(reason(answer, "Keeping"), () => this.keep());
  }

  // ---- inside ----

  choice(minutes) {
    const input = make("input", { type: "radio", name: "keep-minutes", value: String(minutes), class: "unseen" });
    input.checked = minutes === this.minutes;
    input.addEventListener("change", () => {
      this.minutes = minutes;
      this.show();
    });
    return make("label", { class: "segment" }, input, make("span", {}, `${minutes} min`));
  }

  show() {
    this.submit.textContent = `Keep the last ${this.minutes === 1 ? "minute" : `${this.minutes} minutes`}`;
  }

  async keep() {
    const name = this.name.value.trim();
    this.dialog.close();
    const refused = await this.journal.keepHeard(this.minutes, { ...this.extras.values(), ...(name && { name }) });
    if (!refused) this.name.value = "";
    if (refused?.status !== 401) return;
    this.open();
    this.askToken(refused);
  }
}
