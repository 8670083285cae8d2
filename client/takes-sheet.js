// The sheet of what was kept, and of what can be: takes and sessions, each in a tab.

import { reason, sessions, takes } from "./journal-api.js";
import { SessionRow } from "./session-row.js";
import { filePicker, make, makeSheet, press, setText } from "./sheet.js";
import { TakePlayer } from "./take-player.js";
import { TakeRow } from "./take-row.js";
import { works } from "./take-files.js";
import { tokenForm } from "./token-form.js";

const LOOK_MS = 1000; // while something is being kept
const GROW_MS = 5000; // while a session grows

/** Rows by id: those that stay keep their element, so nothing loses the focus or stops playing. */
function arrange(list, rows, items, makeRow) {
  const here = new Set(items.map(({ id }) => id));
  for (const [id, row] of rows) {
    if (here.has(id)) continue;
    row.element.remove();
    rows.delete(id);
  }
  items.forEach((item, i) => {
    const row = rows.get(item.id);
    if (row) row.update(item);
    else rows.set(item.id, makeRow(item));
    const { element } = rows.get(item.id);
    if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
  });
}

export class TakesSheet {
  constructor(journal) {
    this.journal = journal;
    this.rows = { takes: new Map(), sessions: new Map() };
    this.all = { takes: [], sessions: [] };
    this.turn = 0; // of asking
    this.player = new TakePlayer(() => journal.stage.quiet());
    this.notice = make("p", { class: "notice", role: "status" });
    this.token = tokenForm("takes-token");
    this.lists = { takes: make("ul", { class: "entries" }), sessions: make("ul", { class: "entries" }) };
    this.none = { takes: make("p", { class: "hint" }), sessions: make("p", { class: "hint" }) };
    this.panels = {
      takes: this.panel("takes", this.none.takes, this.lists.takes),
      sessions: this.panel("sessions", this.none.sessions, this.lists.sessions, this.importer()),
    };
    this.tabs = { takes: this.tab("takes", "Takes"), sessions: this.tab("sessions", "Sessions") };
    const bar = make("div", { class: "tabs", role: "tablist", "aria-label": "What was kept" }, this.tabs.takes, this.tabs.sessions);
    bar.addEventListener("keydown", (event) => this.arrow(event));
    this.dialog = makeSheet("takes", "Takes & sessions", {}, this.notice, this.token, bar, this.panels.takes, this.panels.sessions);
    this.dialog.addEventListener("close", () => this.closed());
    this.show("takes");
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
    this.say("");
    this.load().then(() => this.rows.sessions.forEach((row) => row.look()));
  }

  askToken() {}

  /** A take is new, moved on, or has another name. */
  changed(take) {
    if (!this.dialog.open) return;
    this.change({ takes: [take, ...this.without("takes", take.id)].sort((a, b) => Date.parse(b.kept_at) - Date.parse(a.kept_at)) });
  }

  // ---- inside ----

  tab(name, text) {
    return press("tab", text, () => this.show(name), { role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` });
  }

  panel(name, ...children) {
    return make("section", { class: "tab-panel", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` }, ...children);
  }

  show(name) {
    this.shown = name;
    for (const [each, tab] of Object.entries(this.tabs)) {
      tab.setAttribute("aria-selected", String(each === name));
      tab.tabIndex = each === name ? 0 : -1;
      this.panels[each].hidden = each !== name;
    }
    this.lookAgain();
  }

  arrow(event) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = this.shown === "takes" ? "sessions" : "takes";
    this.show(other);
    this.tabs[other].focus();
  }

  say(text) {
    setText(this.notice, text);
  }

  without(kind, id) {
    return this.all[kind].filter((each) => each.id !== id);
  }

  /** What is known here, and newer than any answer that is still on its way. */
  change(lists) {
    this.turn++;
    Object.assign(this.all, lists);
    this.render();
    this.lookAgain();
  }

  async load() {
    clearTimeout(this.soon);
    const turn = ++this.turn;
    const own = this.journal.stage.channel()?.startsWith("private-") ? sessions.of(this.journal.stage.channel()) : null;
    const [kept, recorded, unlisted] = await Promise.all([takes.list(), sessions.list(), own]);
    if (turn !== this.turn) return;
    if (!kept.ok || !recorded.ok) {
      this.say(reason(kept.ok ? recorded : kept, "Looking"));
      this.unavailable = true;
    } else {
      if (this.unavailable) this.say("");
      this.unavailable = false;
      this.all = { takes: kept.body.takes, sessions: [...(unlisted?.ok ? unlisted.body.sessions : []), ...recorded.body.sessions] };
    }
    this.render();
    this.lookAgain();
  }

  render() {
    const on = { failed: (...args) => this.failed(...args) };
    arrange(this.lists.takes, this.rows.takes, this.all.takes, (take) => new TakeRow(take, this.player, { ...on, gone: (id) => this.gone("takes", id), changed: (changed) => this.changed(changed) }));
    arrange(this.lists.sessions, this.rows.sessions, this.all.sessions, (session) => new SessionRow(session, {
      ...on,
      gone: (id) => this.gone("sessions", id),
      changed: (changed) => this.change({ sessions: this.all.sessions.map((each) => (each.id === changed.id ? changed : each)) }),
      find: (id) => this.all.sessions.find((each) => each.id === id),
      keep: (...span) => this.keepPart(...span),
    }));
    setText(this.none.takes, this.all.takes.length > 0 || this.unavailable ? "" : "Nothing is kept yet. Press Keep, or K, while you listen, and the last ten minutes are here.");
    setText(this.none.sessions, this.all.sessions.length > 0 || this.unavailable ? "" : "No session is recorded yet.");
    this.import.hidden = Boolean(this.unavailable);
  }

  /** Again soon while something is under way that is looked at. */
  lookAgain() {
    clearTimeout(this.soon);
    if (!this.dialog?.open) return;
    const busy = this.all.takes.some(works);
    if (busy || this.all.sessions.some((each) => each.recording)) this.soon = setTimeout(() => this.load(), busy ? LOOK_MS : GROW_MS);
  }

  closed() {
    clearTimeout(this.soon);
    this.player.pause();
  }

  gone(kind, id) {
    this.change({ [kind]: this.without(kind, id) });
    this.say(kind === "takes" ? "The take is gone." : "The session is gone.");
    this.tabs[kind].focus();
  }

  /** again: what to do once the token is there. */
  failed(answer, what, again) {
    if (answer.status === 401 && again) this.token.ask(reason(answer, what), again);
    else this.say(reason(answer, what));
  }

  async keepPart(session, from, to, more) {
    this.show("takes");
    this.tabs.takes.focus();
    const refused = await this.journal.keepSpan(session.id, from, to, more);
    if (refused) this.failed(refused, "Keeping", () => this.keepPart(session, from, to, more));
  }

  // ---- import ----

  importer() {
    this.import = make("p", { class: "import" }, ...filePicker("Import a session", ".auralis", (file) => this.take(file), { id: "session-file" }));
    return this.import;
  }

  async take(file) {
    this.say(`Taking in ${file.name} …`);
    const answer = await sessions.import(file);
    if (!answer.ok) {
      this.say("");
      return this.failed(answer, "Importing", () => this.take(file));
    }
    await this.load();
    this.say(`${file.name} is here.`);
    this.rows.sessions.get(answer.body.id)?.element.scrollIntoView({ block: "nearest" });
  }
}
