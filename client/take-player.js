// Plays one take at a time, by an audio element of its own; the stream is silent meanwhile.

export class TakePlayer {
  /** @param quiet() stops the stream */
  constructor(quiet) {
    this.quiet = quiet;
    this.row = null; // that it belongs to: { moved(seconds, playing) }
    this.audio = new Audio();
    this.audio.preload = "metadata";
    for (const event of ["play", "pause", "timeupdate", "seeked", "ended"]) this.audio.addEventListener(event, () => this.tell());
    this.audio.addEventListener("error", () => this.row?.failed());
  }

  /** From where it stands; or stops it where it plays. */
  toggle(row, url) {
    this.take(row, url);
    if (!this.audio.paused) return this.audio.pause();
    this.quiet();
    this.audio.play().catch(() => {}); // its error event tells
  }

  seek(row, url, seconds) {
    this.take(row, url);
    this.audio.currentTime = seconds;
  }

  pause() {
    this.audio.pause();
  }

  /** The row goes away. */
  drop(row) {
    if (this.row !== row) return;
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.row = null;
  }

  // ---- inside ----

  take(row, url) {
    if (this.row === row) return;
    this.audio.pause();
    this.row?.moved(0, false);
    this.row = row;
    this.audio.src = url;
  }

  tell() {
    this.row?.moved(this.audio.currentTime, !this.audio.paused && !this.audio.ended);
  }
}
