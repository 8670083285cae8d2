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
