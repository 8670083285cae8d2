// What the browser keeps for the listener. Storage may be forbidden or full: then nothing is kept, and nothing breaks.

export const preferences = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },

  /** @returns {boolean} whether it was kept */
  set(key, text) {
    try {
      localStorage.setItem(key, text);
      return true;
    } catch {
      return false;
    }
  },
};

const EXTRAS = ["stems", "midi"];

/** What goes with the sound of a take, as chosen last: { stems, midi }. */
export function keptExtras() {
  const without = (preferences.get("kept-without") ?? "").split(" ");
  return Object.fromEntries(EXTRAS.map((name) => [name, !without.includes(name)]));
}

export function keepExtras(chosen) {
  const without = EXTRAS.filter((name) => !chosen[name]);
  preferences.set("kept-without", without.join(" "));
}
