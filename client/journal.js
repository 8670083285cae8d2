// What the server remembers, as far as the page always shows it: the button and the key that keep what was heard, and the
// buttons of the sheets for takes, keeping and going back. The sheets are loaded when somebody opens them.

import { permit } from "./api.js";
import { Keeping } from "./keeping.js";
import { keptExtras } from "./preferences.js";

const AT_ONCE_MINUTES = 10;
const byId = (id) => document.getElementById(id);

export class Journal {
  /**
   * @param stage { channel() -> name or null, heard() -> chunk or null, quiet() stops the stream, say(text, severity),
   * latencyMs(), bpm(), script() -> file that plays }
   */
  constructor(stage) {
    this.stage = stage;
    this.sheets = {};
    this.keeping = new Keeping(byId("toasts"), {
      changed: (take) => this.sheets.takes?.then((sheet) => sheet.changed(take)),
      show: () => this.open("takes"),
    });
    byId("keep").addEventListener("click", () => this.keepAtOnce());
    byId("keep-more").addEventListener("click", () => this.open("keep"));
    byId("takes-open").addEventListener("click", () => this.open("takes"));
    byId("rewind-open").addEventListener("click", () => this.open("rewind"));
    document.addEventListener("keydown", (event) => this.key(event));
    addEventListener("auralis-permit", () => this.showPermit());
    this.showPermit();
  }

  /** Keeps a span that ends with what is heard now. @returns null, or the answer of a server that does not */
  async keepHeard(minutes, more = {}) {
    const channel = this.stage.channel();
    if (channel === null) return this.notYet();
    const chunk = this.stage.heard();
    const until = chunk === null ? {} : { until_chunk: chunk };
    return this.keeping.keep({ channel, minutes, ...until, ...more }, minutes * 60);
  }

  /** Keeps a span of a session. */
  keepSpan(session, fromS, toS, more = {}) {
    return this.keeping.keep({ session, from_s: fromS, to_s: toS, ...more }, toS - fromS);
  }

  // ---- inside ----

  async keepAtOnce() {
    const refused = await this.keepHeard(AT_ONCE_MINUTES, keptExtras());
    if (refused?.status === 401) (await this.open("keep")).askToken(refused);
  }

  notYet() {
    this.stage.say("Nothing plays yet that could be kept.");
    return null;
  }

  key(event) {
    const plain = !(event.ctrlKey || event.altKey || event.metaKey || event.repeat);
    const taken = "input:not([type=range]), select, textarea, dialog, #code";
    if (event.key.toLowerCase() !== "k" || !plain || event.target.closest(taken)) return;
    event.preventDefault();
    this.keepAtOnce();
  }

  showPermit() {
    byId("rewind-open").hidden = !permit.likely();
  }

  async open(name) {
    this.sheets[name] ??= SHEETS[name](this);
    const sheet = await this.sheets[name].catch(() => null);
    if (!sheet) {
      delete this.sheets[name];
      this.stage.say("The server cannot be reached.", "warning");
      return { askToken() {} };
    }
    sheet.open();
    return sheet;
  }
}

const SHEETS = {
  keep: async (journal) => new (await import("./keep-sheet.js")).KeepSheet(journal),
  takes: async (journal) => new (await import("./takes-sheet.js")).TakesSheet(journal),
  rewind: async (journal) => new (await import("./rewind-sheet.js")).RewindSheet(journal),
};
