// The sheet that gives a mood away: a link that carries it.

import { moodLine } from "./mood-sheet.js";
import { toHash } from "./moods.js";
import { sheet } from "./sheet.js";

const byId = (id) => document.getElementById(id);

export class ShareSheet {
  /** @param on { mood() -> the mood of now, or null; say(text) } */
  constructor(on) {
    this.on = on;
    this.dialog = byId("share");
    sheet(this.dialog, byId("share-open"), () => this.show(on.mood()));
    byId("share-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.copy();
    });
    byId("share-link").addEventListener("focus", (event) => event.target.select());
    byId("share-send").hidden = !navigator.share;
    byId("share-send").addEventListener("click", () => this.send());
  }

  open(mood) {
    this.show(mood);
    this.dialog.showModal();
  }

  // ---- inside ----

  show(mood) {
    const link = new URL(location.pathname + location.search, location.origin);
    if (mood) link.hash = toHash(mood);
    byId("share-link").value = link.href;
    const line = mood && moodLine(mood);
    byId("share-about").textContent = mood
      ? `${mood.title}${line && `, ${line}`}. Whoever opens this link hears it after pressing Play.`
      : "Whoever opens this link hears the same stream as you, after pressing Play.";
    this.title = mood?.title ?? "Auralis";
  }

  async copy() {
    const field = byId("share-link");
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      if (!document.execCommand("copy")) return; // it stands selected, to be copied by hand
    }
    this.dialog.close();
    this.on.say("Link copied.");
  }

  async send() {
    try {
      await navigator.share({ title: `${this.title} · Auralis`, url: byId("share-link").value });
      this.dialog.close();
    } catch {
      // taken back
    }
  }
}
