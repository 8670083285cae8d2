// Volume and quality: two inputs of the page that the browser remembers.

import { isNearby } from "./formats.js";
import { preferences } from "./preferences.js";

const VOLUME_KEY = "auralis.volume";
const QUALITY_KEY = "auralis.quality";
const VOLUME = 0.8;
const byId = (id) => document.getElementById(id);

function rememberedVolume() {
  const value = Number.parseFloat(preferences.get(VOLUME_KEY));
  return value >= 0 && value <= 1 ? value : VOLUME;
}

/** At home lossless, which costs nobody anything there; over the internet Opus, a fraction of the bytes. */
function rememberedQuality() {
  const value = preferences.get(QUALITY_KEY);
  if (value === "lossless" || value === "compact") return value;
  return isNearby(location.hostname) ? "lossless" : "compact";
}

/** @param on { volume(0 to 1), quality(name) }; the volume is told at once */
export function listening(on) {
  const set = (value) => {
    const volume = byId("volume");
    const text = `${Math.round(value * 100)}%`;
    volume.value = value;
    volume.parentElement.parentElement.style.setProperty("--value", value);
    volume.setAttribute("aria-valuetext", text);
    byId("volume-value").textContent = text;
    on.volume(Number(value));
  };
  byId("volume").addEventListener("input", (event) => {
    set(event.target.value);
    preferences.set(VOLUME_KEY, event.target.value);
  });
  byId("quality").value = rememberedQuality();
  byId("quality").addEventListener("change", (event) => {
    preferences.set(QUALITY_KEY, event.target.value);
    on.quality(event.target.value);
  });
  set(rememberedVolume());
}
