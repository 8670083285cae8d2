// The sleep timer's sheet and its countdown. The timer itself is sleep-timer.js.

import { sheet } from "./sheet.js";
import { clockText, fadeSeconds, MINUTES_MAX, shortText, SleepTimer } from "./sleep-timer.js";

const TICK_MS = 1000;
const byId = (id) => document.getElementById(id);

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

const fadeText = (seconds) => (seconds < 60 ? `${seconds} seconds` : `${Math.round(seconds / 60)} min`);

export class SleepSheet {
  /** @param on { begin(): music has to play, fade(seconds), unfade(), end(), say(text) }  @param env see SleepTimer */
  constructor(on, env) {
    this.on = on;
    this.dialog = byId("sleep");
    this.timer = new SleepTimer(env, {
      fade: (seconds) => on.fade(seconds),
      unfade: () => on.unfade(),
      end: () => {
        on.end();
        this.render();
      },
    });
    sheet(this.dialog, byId("sleep-open"), () => this.render());
    for (const button of this.dialog.querySelectorAll("[data-minutes]")) {
      button.addEventListener("click", () => this.start(Number(button.dataset.minutes)));
    }
    byId("sleep-custom").addEventListener("submit", (event) => {
      event.preventDefault();
      const minutes = Math.round(Number(byId("sleep-minutes").value));
      if (minutes >= 1 && minutes <= MINUTES_MAX) this.start(minutes);
    });
    byId("sleep-more").addEventListener("click", () => {
      this.timer.extend(15);
      this.render();
    });
    byId("sleep-cancel").addEventListener("click", () => {
      this.cancel();
      this.dialog.close();
      on.say("Sleep timer cancelled.");
    });
    setInterval(() => !document.hidden && this.render(), TICK_MS);
    document.addEventListener("visibilitychange", () => this.render());
  }

  /** Nothing to sleep to any more. */
  cancel() {
    this.timer.cancel();
    this.render();
  }

  // ---- inside ----

  start(minutes) {
    this.timer.start(minutes);
    this.on.begin();
    this.dialog.close();
    this.render();
    this.on.say(`The music fades out over the last ${fadeText(fadeSeconds(minutes))} of ${minutes} min.`);
  }

  render() {
    const runs = this.timer.runs();
    const left = clockText(this.timer.leftMs());
    byId("sleep-set").hidden = runs;
    byId("sleep-runs").hidden = !runs;
    byId("sleep-open").toggleAttribute("data-on", runs);
    byId("sleep-open").setAttribute("aria-label", runs ? `Sleep timer, ${this.spoken()} left` : "Sleep timer");
    setText("sleep-left", runs ? shortText(this.timer.leftMs()) : "Sleep");
    setText("sleep-countdown", runs ? left : "–");
    setText("sleep-about", this.timer.fading ? "Fading out." : "until silence");
  }

  /** In minutes, so that the name of a button does not change every second. */
  spoken() {
    const minutes = Math.ceil(this.timer.leftMs() / 60000);
    return `${minutes} ${minutes === 1 ? "minute" : "minutes"}`;
  }
}
