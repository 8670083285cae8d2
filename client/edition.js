// What is known of the script that is open in the editor, and how to say it in one line. Pure: times are handed in, in
// milliseconds.

const plural = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** The time until a change sounds as musicians count it: bars while there are some, then "now". */
export function barsUntil(ms, { bpm, beatsPerBar }) {
  const bars = (ms / 60000) * (bpm / beatsPerBar);
  return bars < 0.25 ? "now" : `in ${plural(Math.max(1, Math.ceil(bars - 0.25)), "bar")}`;
}

/** One diagnostic in a line: "line 12: unexpected symbol". Other files are named. */
export function diagnosticText({ file, line, message }, name) {
  const where = file && file !== name ? `${file}, line ${line}` : `line ${line}`;
  return line > 0 ? `${where}: ${message}` : message;
}

export class Edition {
  constructor(name) {
    this.name = name;
    this.disk = ""; // version of the file as last read or written
    this.text = ""; // and its text
    this.playing = ""; // version that sounds, "" where this file is not what sounds
    this.readOnly = false;
    this.dirty = false;
    this.saving = false;
    this.conflict = false; // somebody else wrote the file while it was edited here
    this.diagnostics = []; // of the last check of what is in the editor
    this.armed = null; // { version, at }
    this.failure = null; // { state, version, text, diagnostics }
    this.notice = ""; // of an answer that is neither good nor a diagnostic
  }

  /** The file was read, or written by us. What was said of this text already holds. */
  loaded(text, version) {
    const diagnostics = this.failure?.version === version ? this.failure.diagnostics : [];
    Object.assign(this, { text, disk: version, dirty: false, saving: false, conflict: false, notice: "", diagnostics });
  }

  edited(text) {
    this.dirty = text !== this.text;
    this.notice = "";
    if (!this.dirty) this.diagnostics = [];
  }

  saved(text, body, now) {
    this.loaded(text, body.version);
    this.failure = null;
    this.diagnostics = body.diagnostics ?? [];
    if (body.status === "armed") this.armed = { version: body.version, at: now + body.sounds_in_ms };
  }

  /** An answer to a save that was not good. */
  refused(status, body) {
    this.saving = false;
    this.diagnostics = body.diagnostics ?? [];
    this.conflict = status === 412;
    if (status !== 412 && status !== 422) this.notice = body.message ?? `The server answered ${status}.`;
  }

  /** A script_update message. True: the file on disk is another than the one known here. */
  update(message, now) {
    this.playing = message.playing_version ?? this.playing;
    if (message.name !== this.name) return false;
    if (message.state === "armed") {
      this.armed = { version: message.version, at: now + message.sounds_in_ms };
      this.failure = null;
    } else if (message.state === "playing") {
      this.armed = null;
      this.playing = message.version;
      this.failure = null;
    } else {
      if (this.armed?.version === message.version) this.armed = null;
      const first = message.diagnostics[0];
      const text = first ? diagnosticText(first, this.name) : "";
      this.failure = { state: message.state, version: message.version, text, diagnostics: message.diagnostics };
      if (message.version === this.disk && !this.dirty) this.diagnostics = message.diagnostics;
    }
    return message.state !== "rolled_back" && message.version !== this.disk;
  }

  errors() {
    return this.diagnostics.filter((each) => each.severity === "error");
  }

  /** Whether the text in the editor is the one that sounds, so that lines and notes belong together. */
  sounds() {
    return !this.dirty && this.disk !== "" && this.disk === this.playing;
  }

  /** @returns { text, tone: "calm" | "good" | "warn" | "bad" }; beat: { bpm, beatsPerBar }. */
  headline(now, beat) {
    if (this.saving) return { text: "Checking", tone: "calm" };
    if (this.notice) return { text: this.notice, tone: "bad" };
    if (this.conflict) return { text: "Changed on disk by somebody else: save again to overwrite, or revert", tone: "warn" };
    const errors = this.errors();
    if (errors.length > 0) {
      const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
      return { text: `${diagnosticText(errors[0], this.name)}${rest}. What played plays on`, tone: "bad" };
    }
    if (this.dirty) return { text: "Not saved yet", tone: "calm" };
    if (this.failure?.version === this.disk) {
      const what = this.failure.state === "refused" ? "Refused" : "Failed while it played, and was rolled back";
      return { text: `${what}: ${this.failure.text}`, tone: "bad" };
    }
    if (this.armed?.version === this.disk) {
      return { text: `Armed, sounds ${barsUntil(this.armed.at - now, beat)}`, tone: "good" };
    }
    if (this.readOnly) return { text: "A file of the library: read only", tone: "calm" };
    if (this.sounds()) return { text: "This is what plays", tone: "good" };
    return { text: this.playing ? "Saved; an earlier version plays" : "Saved; not what plays", tone: "calm" };
  }
}
