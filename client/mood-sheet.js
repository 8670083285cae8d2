// The sheet of moods: those of the server, the shared streams where there are several, the listener's own. It shows and
// asks; what a choice means is decided by its owner.

import { prettyKey } from "./controls.js";
import { hueOf, secondHue } from "./moods.js";
import { renameInPlace } from "./in-place.js";
import { icon, make, press, sheet } from "./sheet.js";

const byId = (id) => document.getElementById(id);

/** What a mood is, in a few signs: "D dorian · 66 BPM". */
export function moodLine(mood) {
  return [mood.key && prettyKey(mood.key), mood.bpm && `${mood.bpm} BPM`].filter(Boolean).join(" · ");
}

function tint(element, mood) {
  const hue = hueOf(mood);
  element.style.setProperty("--hue", hue);
  element.style.setProperty("--hue-2", secondHue(hue));
}

const listening = (count) => (count === 0 ? "nobody listening" : `${count} listening`);

export class MoodSheet {
  /**
   * @param store of own moods
   * @param on { open(), mood(mood), channel(name), keep(title) -> whether it was kept, share(mood) }
   */
  constructor(store, on) {
    this.store = store;
    this.on = on;
    this.dialog = byId("moods");
    this.state = { presets: [], channels: [], place: {}, keepable: false, reach: () => "" };
    this.server = null; // mood-server.js, once it is loaded
    sheet(this.dialog, byId("moods-open"), () => {
      this.say("");
      on.open();
    });
    byId("moods-save").addEventListener("submit", (event) => this.keep(event));
  }

  /**
   * @param state { presets: moods, channels, chosen: title or null, channel: name or null, keepable,
   * reach(mood) -> how it would be played: "shared", "own", or "" where it cannot be }
   */
  show(state) {
    this.state = state;
    this.render();
  }

  /** Why a mood cannot be had, and what can; what was done, and how to undo it. */
  say(text, undo = null) {
    const notice = byId("moods-notice");
    notice.replaceChildren(text);
    if (!undo) return;
    const button = make("button", { type: "button", class: "pill" }, "Undo");
    button.addEventListener("click", () => {
      undo();
      this.say("");
      this.render();
      byId("moods-own").querySelector(".row")?.focus();
    });
    notice.append(button);
    button.focus();
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  close() {
    this.dialog.close();
  }

  // ---- inside ----

  render() {
    const { presets, channels } = this.state;
    const focused = document.activeElement?.dataset?.focus;
    byId("moods-shipped").replaceChildren(...presets.map((mood) => this.card(mood)));
    byId("moods-shipped").hidden = presets.length === 0;
    byId("moods-channels-part").hidden = channels.length < 2;
    byId("moods-channels").replaceChildren(...channels.map((channel) => this.channelRow(channel)));
    const own = this.store.list();
    byId("moods-own").replaceChildren(...own.map((mood) => this.ownRow(mood)));
    byId("moods-none").hidden = own.length > 0;
    byId("moods-save").hidden = !this.state.keepable;
    this.server?.render((mood, ...acts) => make("li", { class: "own-row" }, this.playRow(mood, `server ${mood.preset}`), ...acts));
    if (focused) this.dialog.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  card(mood) {
    const reach = this.state.reach(mood);
    const how = { shared: "Shared stream", own: "", "": "Not to be had just now" }[reach];
    const button = make(
      "button",
      {
        type: "button", class: "card", "data-focus": `preset ${mood.preset}`, "data-mood": mood.preset,
        "aria-pressed": String(mood.title === this.state.chosen), "aria-label": `${mood.title}. ${mood.about} ${how}`.trim(),
      },
      make("span", { class: "swatch", "aria-hidden": "true" }),
      make("span", { class: "card-title" }, mood.title),
      make("span", { class: "card-about" }, mood.about),
      make("span", { class: "card-line" }, [moodLine(mood), how].filter(Boolean).join(" · ")),
    );
    tint(button, mood);
    button.toggleAttribute("data-away", reach === "");
    button.addEventListener("click", () => this.on.mood(mood));
    return button;
  }

  channelRow(channel) {
    const { name, title, listeners } = channel;
    const button = make(
      "button",
      {
        type: "button", class: "row", "data-focus": `channel ${name}`, "data-channel": name,
        "aria-pressed": String(name === this.state.channel),
      },
      make("span", { class: "row-title" }, title === name ? title : `${title} `, make("small", {}, name)),
      make("span", { class: "row-line" }, listening(listeners)),
    );
    button.addEventListener("click", () => this.on.channel(name));
    return button;
  }

  playRow(mood, focus) {
    const play = press(
      "row",
      [
        make("span", { class: "swatch", "aria-hidden": "true" }), make("span", { class: "row-title" }, mood.title),
        make("span", { class: "row-line" }, moodLine(mood)),
      ],
      () => this.on.mood(mood),
      { "data-focus": focus, "aria-pressed": String(mood.title === this.state.chosen) },
    );
    tint(play, mood);
    return play;
  }

  ownRow(mood) {
    const play = this.playRow(mood, `own ${mood.id}`);
    play.dataset.own = mood.id;
    const act = (name, words, run) => press("round", icon(name), run, { "aria-label": words, title: words });
    return make(
      "li",
      { class: "own-row" },
      play,
      act("save", `Save ${mood.title} on the server`, () => this.server?.save(mood)),
      act("share", `Share ${mood.title}`, () => this.on.share(mood)),
      act("rename", `Rename ${mood.title}`, (event) => this.rename(mood, event.currentTarget.closest("li"))),
      act("delete", `Delete ${mood.title}`, () => this.remove(mood)),
    );
  }

  rename(mood, row) {
    const label = `New name of ${mood.title}`;
    renameInPlace(row, { label, value: mood.title, max: 40 }, (name) => {
      if (name !== null) this.store.rename(mood.id, name);
      this.render();
      this.dialog.querySelector(`[data-own="${mood.id}"]`)?.focus();
    });
  }

  remove(mood) {
    this.store.remove(mood.id);
    this.render();
    this.say(`“${mood.title}” is gone.`, () => this.store.add(mood));
  }

  keep(event) {
    event.preventDefault();
    const input = byId("moods-name");
    if (input.value.trim() === "" || !this.on.keep(input.value)) return;
    input.value = "";
    this.render();
  }
}
