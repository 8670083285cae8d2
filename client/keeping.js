// A take that is being kept: asked for, followed until it is done, told at the edge of the page without a word too many.

import { reason, takes } from "./journal-api.js";
import { clock } from "./moments.js";
import { make, press, setText } from "./sheet.js";
import { sortFiles, works } from "./take-files.js";

const LOOK_MS = 700;
const STAY_MS = 30000; // what is done can be downloaded from its message so long

export class Keeping {
  /** @param root of the messages  @param on { changed(take), show() } */
  constructor(root, on) {
    this.root = root;
    this.on = on;
  }

  /**
   * Asks for a take and follows it. @returns null, or the answer of a server that does not keep it
   * @param wish see POST /api/v1/keep  @param seconds that it will be about
   */
  async keep(wish, seconds) {
    const notice = new Notice(this.root, this.on);
    notice.begin(`Keeping ${clock(seconds)} …`);
    const answer = await takes.keep(wish);
    if (!answer.ok) {
      if (answer.status === 401) notice.close();
      else notice.end(reason(answer, "Keeping"), "warning");
      return answer;
    }
    this.follow(answer.body.take, notice);
    return null;
  }

  async follow(first, notice) {
    let take = first;
    notice.begin(`Keeping ${clock(take.seconds)} …`);
    this.on.changed(take);
    while (works(take)) {
      notice.progress(take.progress ?? 0);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const answer = await takes.get(first.id);
      if (answer.status === 404) return notice.close(); // deleted meanwhile
      if (answer.ok) take = answer.body.take ?? answer.body;
    }
    this.on.changed(take);
    if (take.state === "done") notice.done(take);
    else notice.end(`${take.name || "The take"} could not be kept: ${take.error || "the server does not say why"}.`, "error");
  }
}

class Notice {
  constructor(root, on) {
    this.on = on;
    this.words = make("p");
    this.bar = make("progress", { max: "1", value: "0", "aria-label": "Keeping" });
    this.links = make("span", { class: "kept-links" });
    const close = press("", "×", () => this.close(), { "aria-label": "Dismiss" });
    this.element = make("div", { class: "toast keeping", "data-held": true }, make("div", { class: "kept-text" }, this.words, this.bar), this.links, close);
    root.append(this.element);
  }

  begin(text) {
    setText(this.words, text);
  }

  progress(part) {
    this.bar.value = part;
  }

  done(take) {
    const { sound } = sortFiles(take.files);
    setText(this.words, `Kept ${clock(take.seconds)}`);
    const download = sound && make("a", { class: "strong", href: takes.file(take.id, sound.name), download: sound.name }, "Download");
    this.links.append(...[download, press("plain", "Show", () => {
      this.close();
      this.on.show();
    })].filter(Boolean));
    this.leave();
  }

  end(text, severity) {
    this.element.dataset.severity = severity;
    setText(this.words, text);
    this.leave();
  }

  /** Once there is nothing to follow; not from under a pointer or the focus. */
  leave() {
    this.bar.hidden = true;
    const look = () => {
      if (this.element.matches(":hover, :focus-within")) setTimeout(look, 2000);
      else this.close();
    };
    setTimeout(look, STAY_MS);
  }

  close() {
    this.element.remove();
  }
}
