// The part of the moods' sheet with those that were saved on the server: everybody finds them there. They are saved from
// the listener's own, deleted, and carried to another server as a file. Loaded when the sheet is opened.

import { confirmInPlace } from "./in-place.js";
import { ownPresets, reason } from "./journal-api.js";
import { filePicker, icon, make, press } from "./sheet.js";
import { tokenForm } from "./token-form.js";

const NAME_MAX = 32;
const byId = (id) => document.getElementById(id);

/** A name for a preset of this title that no other has; presets: the server's. Its own of the same name is replaced. Pure. */
export function presetName(title, presets) {
  const plain = title.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  const free = plain === "" || plain === "main" || plain.startsWith("private") ? `mood-${plain}`.replace(/-+$/, "") : plain;
  const taken = (name) => presets.some((preset) => preset.name === name && !preset.own);
  for (let i = 1; ; i++) {
    const end = i === 1 ? "" : `-${i}`;
    const name = free.slice(0, NAME_MAX - end.length).replace(/-+$/, "") + end;
    if (!taken(name)) return name;
  }
}

/** A mood as the server keeps it. scriptOf(preset or null) -> the file that it plays. Pure. */
export function presetBody(mood, scriptOf) {
  const script = scriptOf(mood.preset);
  const { title, about, key, bpm, intensity, melody_complexity, brightness } = mood;
  const values = Object.entries({ key, bpm, intensity, melody_complexity, brightness }).filter(([, value]) => value !== undefined);
  return { title, ...(about && { about }), ...(script && { script }), ...Object.fromEntries(values), set: mood.set };
}

export class ServerMoods {
  /** @param sheet MoodSheet  @param places Places  @param changed() to look again at what the server has */
  constructor(sheet, places, changed) {
    this.sheet = sheet;
    this.places = places;
    this.changed = changed;
    this.list = make("ul", { class: "rows" });
    this.token = tokenForm("moods-token");
    this.export = make("a", { class: "plain", href: ownPresets.exported(), download: "auralis-presets.json" }, "Export");
    const foot = make("p", { class: "import" }, this.export, ...filePicker("Import", ".json,application/json", (file) => this.import(file), { id: "moods-file" }));
    this.none = make("p", { class: "hint" }, "A mood of yours that you save here is offered to everyone who opens this page.");
    const title = make("h3", { id: "moods-server-title" }, "Saved on this server");
    this.element = make("section", { id: "moods-server", "aria-labelledby": "moods-server-title" }, title, this.none, this.list, this.token, foot);
    byId("moods-save").closest("section").after(this.element);
    sheet.server = this;
    sheet.render();
  }

  /** Called when the sheet is drawn. row(mood, ...acts) makes a list item that plays the mood. */
  render(row) {
    const moods = this.places.ownMoods();
    const remove = (mood) => press("round", icon("delete"), (event) => this.askDelete(mood, event.currentTarget.closest("li")), { "aria-label": `Delete ${mood.title} from the server` });
    this.list.replaceChildren(...moods.map((mood) => row(mood, remove(mood))));
    this.none.hidden = moods.length > 0;
    this.export.hidden = moods.length === 0;
  }

  async save(mood) {
    const name = presetName(mood.title, this.places.presets);
    const answer = await ownPresets.put(name, presetBody(mood, (preset) => this.places.scriptOf(preset)));
    if (!answer.ok) return this.failed(answer, "Saving", () => this.save(mood));
    await this.changed();
    this.sheet.say(`“${mood.title}” is on the server now, for everyone.`);
  }

  // ---- inside ----

  askDelete(mood, row) {
    confirmInPlace(row, `Delete “${mood.title}” for everyone?`, "Delete", (yes) => {
      if (yes) this.delete(mood);
      else row.querySelector(".round").focus();
    });
  }

  async delete(mood) {
    const answer = await ownPresets.remove(mood.preset);
    if (!answer.ok && answer.status !== 404) return this.failed(answer, "Deleting", () => this.delete(mood));
    await this.changed();
    this.sheet.say(`“${mood.title}” is gone from the server.`);
  }

  async import(file) {
    let body;
    try {
      body = JSON.parse(await file.text());
    } catch {
      return this.sheet.say(`${file.name} holds no moods.`);
    }
    this.take(body, file.name);
  }

  async take(body, from) {
    const answer = await ownPresets.import(body);
    if (!answer.ok) return this.failed(answer, "Importing", () => this.take(body, from));
    await this.changed();
    const count = answer.body.imported;
    this.sheet.say(count === 1 ? "One mood was imported." : `${count ?? "The"} moods were imported.`);
  }

  failed(answer, what, again) {
    if (answer.status === 401) this.token.ask(reason(answer, what), again);
    else this.sheet.say(reason(answer, what));
  }
}
