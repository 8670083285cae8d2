// The workbench: the script's text, what the server says of it, and the piano roll of what it makes. It is loaded when
// somebody opens it; without the bundle of the code editor a plain text field takes its place.

import { Edition, diagnosticText } from "./edition.js";
import { Roll, soundingLines } from "./roll.js";
import { Scripts } from "./scripts.js";

const CHECK_AFTER_MS = 300; // of quiet while typing
const PHRASES_AFTER_MS = 150;
const byId = (id) => document.getElementById(id);

/** The code editor, or a text field with the same few methods. */
async function makeEditor(parent, options) {
  try {
    const load = (path, otherwise) => fetch(path).then((response) => (response.ok ? response.json() : otherwise));
    const [{ createEditor }, library, tables] = await Promise.all([
      import("./editor/bundle.js"),
      load("library.json", []),
      load("/api/v1/voices", { voices: [], effects: [] }),
    ]);
    return createEditor(parent, { ...options, library, tables });
  } catch {
    return plainEditor(parent, options);
  }
}

function plainEditor(parent, { label, on }) {
  const field = document.createElement("textarea");
  field.spellcheck = false;
  field.setAttribute("aria-label", label);
  field.addEventListener("input", () => on.change());
  field.addEventListener("keydown", (event) => {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    on.save();
  });
  parent.append(field);
  const set = (text) => (field.value = text);
  return {
    text: () => field.value,
    open(text, writable) {
      set(text);
      field.readOnly = !writable;
    },
    replace: set,
    diagnose() {},
    sounding() {},
    goto(line) {
      const at = field.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      field.setSelectionRange(at, at);
      field.focus();
    },
    focus: () => field.focus(),
  };
}

export class Workbench {
  /** @param {HTMLElement} root  @param {{ error(text) }} on */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.scripts = new Scripts();
    this.edition = new Edition("");
    this.phrases = []; // the newest two, and those before that may still be heard
    this.beat = { bpm: 70, beatsPerBar: 4 };
    this.files = byId("script-name");
    this.files.addEventListener("change", () => this.leave(() => this.open(this.files.value)));
    byId("script-save").addEventListener("click", () => this.save());
    byId("script-revert").addEventListener("click", () => this.revert());
    byId("script-version").addEventListener("change", (event) => this.showVersion(event.target.value));
    byId("script-version").addEventListener("focus", () => this.listVersions());
    byId("edit-token-form").addEventListener("submit", (event) => this.takeToken(event));
    addEventListener("beforeunload", (event) => this.edition.dirty && event.preventDefault());
  }

  async start() {
    this.editor ??= await makeEditor(byId("code"), {
      label: "Script",
      on: { change: () => this.changed(), save: () => this.save(), cursor: (line) => this.cursor(line) },
    });
    this.roll ??= new Roll(byId("roll"), byId("roll-note"), { line: (line) => this.gotoLine(line) });
    await this.listFiles();
    this.fetchPhrases();
  }

  // ---- from the server ----

  /** status: what plays, while no stream tells. */
  status(status) {
    this.channel = status.channel;
    if (!status.script) return;
    this.played = status.script;
    this.edition.playing = status.script === this.edition.name ? status.script_version : "";
    this.beat.bpm = status.current_bpm;
    if (this.armedBefore !== status.script_version) this.fetchPhrases();
    this.armedBefore = status.script_version;
  }

  async update(message) {
    const elsewhere = this.edition.update(message, performance.now());
    if (elsewhere && !this.edition.saving) await this.changedOnDisk();
    this.showDiagnostics();
    this.fetchPhrases();
  }

  /** A phrase begins, or the next one will be another. */
  phrase() {
    this.fetchPhrases();
  }

  fetchPhrases() {
    clearTimeout(this.phrasesSoon);
    this.phrasesSoon = setTimeout(() => this.takePhrases(), PHRASES_AFTER_MS);
  }

  async takePhrases() {
    const answer = await this.scripts.phrases(this.channel).catch(() => null);
    if (!answer?.ok) return;
    const { current, next } = answer.body;
    const fresh = [current, next].filter(Boolean);
    const older = this.phrases.filter((old) => !fresh.some((each) => each.phrase_id === old.phrase_id));
    this.phrases = [...older, ...fresh].slice(-4);
    this.beat.beatsPerBar = current?.beats_per_bar ?? 4;
    this.shown = null;
  }

  async changedOnDisk() {
    const { edition } = this;
    const answer = await this.scripts.read(edition.name).catch(() => null);
    if (!answer?.ok || edition !== this.edition || answer.version === edition.disk) return;
    if (edition.dirty) edition.conflict = true;
    else {
      edition.loaded(answer.body, answer.version);
      this.editor.replace(answer.body);
    }
  }

  // ---- files ----

  async listFiles() {
    const answer = await this.scripts.list().catch(() => null);
    if (!answer?.ok) return this.on.error("The scripts could not be listed.");
    const { scripts, writable } = answer.body;
    this.writable = writable !== false;
    const group = (label, list) => {
      const element = document.createElement("optgroup");
      element.label = label;
      element.append(...list.map((script) => new Option(script.name, script.name)));
      return element;
    };
    const own = scripts.filter((script) => !script.library);
    const library = scripts.filter((script) => script.library);
    this.readOnly = new Set(library.map((script) => script.name));
    this.files.replaceChildren(group("Scripts", own), ...(library.length > 0 ? [group("Library", library)] : []));
    const playing = own.find((script) => script.playing?.length > 0)?.name;
    const name = this.edition.name || playing || own[0]?.name;
    if (name && !this.edition.name) await this.open(name);
    this.files.value = this.edition.name;
  }

  /** Text that was not saved is not thrown away unasked. */
  leave(go) {
    if (!this.edition.dirty || confirm(`${this.edition.name} is not saved. Leave it?`)) go();
    else this.files.value = this.edition.name;
  }

  async open(name) {
    const answer = await this.scripts.read(name).catch(() => null);
    if (!answer?.ok) return this.on.error(answer?.body.message ?? "The server cannot be reached.");
    const playing = name === this.played ? this.armedBefore : "";
    this.edition = new Edition(name);
    this.edition.playing = playing ?? "";
    this.edition.readOnly = !this.writable || this.readOnly.has(name);
    this.edition.loaded(answer.body, answer.version);
    this.files.value = name;
    this.editor.open(answer.body, !this.edition.readOnly);
    byId("script-version").replaceChildren(new Option("Versions", ""));
    this.showDiagnostics();
  }

  // ---- editing ----

  changed() {
    this.edition.edited(this.editor.text());
    clearTimeout(this.checkSoon);
    if (this.edition.dirty) this.checkSoon = setTimeout(() => this.check(), CHECK_AFTER_MS);
    else this.showDiagnostics();
  }

  async check() {
    const { edition } = this;
    this.checking?.abort();
    this.checking = new AbortController();
    const answer = await this.scripts.check(edition.name, this.editor.text(), this.checking.signal).catch(() => null);
    if (!answer?.ok || edition !== this.edition || !edition.dirty) return;
    edition.diagnostics = answer.body.diagnostics;
    this.showDiagnostics();
  }

  async save() {
    const { edition } = this;
    if (edition.saving || edition.readOnly || !edition.name) return;
    clearTimeout(this.checkSoon);
    this.checking?.abort();
    const text = this.editor.text();
    edition.saving = true;
    const over = edition.conflict ? "" : edition.disk;
    const answer = await this.scripts.save(edition.name, text, over).catch(() => null);
    if (!answer) edition.refused(0, { message: "The server cannot be reached; nothing was saved." });
    else if (answer.ok) {
      edition.saved(text, answer.body, performance.now());
      edition.edited(this.editor.text());
    } else edition.refused(answer.status, answer.body);
    if (answer?.status === 401) this.askToken();
    this.showDiagnostics();
    this.fetchPhrases();
  }

  /** Back to the version that plays, on disk too; where another file plays, to the one on disk. */
  async revert() {
    const { edition } = this;
    const version = edition.playing || edition.disk;
    const answer = await this.scripts.read(edition.name, version).catch(() => null);
    if (!answer?.ok) return this.on.error(answer?.body.message ?? "The server cannot be reached.");
    this.editor.replace(answer.body);
    edition.conflict = false;
    edition.edited(answer.body);
    if (edition.dirty || edition.armed) await this.overwrite();
    else this.showDiagnostics();
  }

  async overwrite() {
    this.edition.conflict = true; // whatever lies there
    await this.save();
  }

  async listVersions() {
    const answer = await this.scripts.versions(this.edition.name).catch(() => null);
    if (!answer?.ok) return;
    const label = (each) => {
      const marks = [each.current && "on disk", each.playing && "plays"].filter(Boolean).join(", ");
      return `${new Date(each.saved).toLocaleString()}${marks && ` (${marks})`}`;
    };
    const options = answer.body.versions.map((each) => new Option(label(each), each.version));
    byId("script-version").replaceChildren(new Option("Versions", ""), ...options);
  }

  /** An earlier text comes into the editor; saving it is left to the musician. */
  async showVersion(version) {
    if (!version) return;
    const answer = await this.scripts.read(this.edition.name, version).catch(() => null);
    byId("script-version").value = "";
    if (!answer?.ok) return this.on.error(answer?.body.message ?? "The server cannot be reached.");
    this.editor.replace(answer.body);
    this.changed();
  }

  // ---- the token ----

  askToken() {
    byId("edit-token-form").hidden = false;
    byId("edit-token").focus();
  }

  takeToken(event) {
    event.preventDefault();
    this.scripts.setToken(byId("edit-token").value);
    byId("edit-token-form").hidden = true;
    this.save();
  }

  // ---- what is shown ----

  cursor(line) {
    this.line = line;
    this.roll?.mark(this.sameText() ? line : 0);
  }

  gotoLine(line) {
    if (this.sameText()) this.editor.goto(line);
  }

  /** Whether lines of the notes shown are lines of the text in the editor. */
  sameText() {
    return !this.edition.dirty && this.phrases.some((phrase) => phrase.version === this.edition.disk);
  }

  showDiagnostics() {
    const { edition } = this;
    this.editor.diagnose(edition.diagnostics.filter((each) => !each.file || each.file === edition.name));
    const items = edition.diagnostics.map((each) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = diagnosticText(each, edition.name);
      button.addEventListener("click", () => this.editor.goto(each.line));
      item.dataset.severity = each.severity;
      item.append(button);
      return item;
    });
    byId("diagnostics").replaceChildren(...items);
  }

  /** Every tick. view: what the timeline shows, or null; playing: whether it is heard. */
  render(view, playing) {
    if (!this.editor) return;
    const { text, tone } = this.edition.headline(performance.now(), this.beat);
    const state = byId("script-state");
    if (state.textContent !== text) state.textContent = text;
    state.dataset.tone = tone;
    byId("script-save").disabled = this.edition.readOnly || this.edition.saving;
    byId("script-revert").disabled = this.edition.readOnly;
    this.renderRoll(view, playing);
  }

  renderRoll(view, playing) {
    const id = view && `phrase_${view.number}`;
    const at = Math.max(0, this.phrases.findIndex((phrase) => phrase.phrase_id === id));
    const pair = this.phrases.slice(at, at + 2);
    const key = pair.map((phrase) => `${phrase.phrase_id}${phrase.preview}${phrase.version}${phrase.notes.length}`).join();
    if (key !== this.shown) {
      this.shown = key;
      this.roll.show(pair);
    }
    this.roll.playhead(playing && view ? view.number : null, view?.progress ?? 0);
    const heard = playing && pair[0]?.phrase_id === id && pair[0].version === this.edition.disk && !this.edition.dirty;
    const lines = heard ? soundingLines(pair[0], view.progress) : [];
    if (lines.join() !== this.lit) this.editor.sounding(lines);
    this.lit = lines.join();
  }
}
