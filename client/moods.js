// Moods: a piece with settings, as the server ships them (presets), as a listener keeps them, and as a link carries
// them. Pure but for the store, which is handed in.
//
// A mood is { title, about, preset, key, bpm, intensity, melody_complexity, brightness?, seed?, set: { own: number } };
// preset names the server's preset whose piece it plays, null is the piece of the first channel.

const STORE_KEY = "auralis.moods";
const KEPT = 50;
const TITLE_MAX = 40;
const KEY = /^[A-G][#b]? (major|minor|ionian|dorian|phrygian|lydian|mixolydian|aeolian|locrian)$/;
const OWN_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const OWN = "set."; // before the names of the piece's own controls in a link
const SEED = /^\d{1,20}$/; // a string: it may have more digits than a number holds
const SEED_MAX = (1n << 64n) - 1n;

const range = (min, max, integer = false) => ({
  allowed: `${integer ? "a whole number" : "a number"} from ${min} to ${max}`,
  read: (text) => {
    const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max && (!integer || Number.isInteger(value)) ? value : undefined;
  },
});

const FIELDS = {
  key: { allowed: "a tonic and a mode, such as D dorian", read: (text) => (KEY.test(text) ? text : undefined) },
  bpm: range(40, 200, true),
  intensity: range(0, 1),
  melody_complexity: range(0, 1),
  brightness: range(0, 1),
  seed: {
    allowed: "a whole number from 0 to 18446744073709551615",
    read: (text) => (SEED.test(text) && BigInt(text) <= SEED_MAX ? text : undefined),
  },
};

// Where each shipped mood stands on the circle of colours.
const HUES = { ambient: 166, focus: 192, meditation: 272, sleep: 236, bright: 38, rain: 210, overtones: 322, arc: 130 };

/** The hue of a mood's light, 0 to 359. */
export function hueOf(mood) {
  const name = mood?.preset ?? "ambient";
  if (Object.hasOwn(HUES, name)) return HUES[name];
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)) % 360;
  return hash;
}

/** The hue that goes with it: warm ones lean to red, the others on to blue and violet. */
export const secondHue = (hue) => (hue + (hue > 10 && hue < 110 ? 316 : 44)) % 360;

export function fromPreset(preset) {
  const { name, title, about, key, bpm, intensity, melody_complexity, set } = preset;
  return { title, about, preset: name, key, bpm, intensity, melody_complexity, set: { ...set } };
}

/** The parameters of a private stream that plays the mood. */
export function placeOf(mood) {
  const place = { channel: "private", ...mood.set };
  for (const name of ["preset", "key", "bpm", "intensity", "melody_complexity", "seed"]) {
    if (mood[name] !== undefined && mood[name] !== null) place[name] = mood[name];
  }
  return place;
}

/** Whether a mood is a preset as the server ships it. */
export function isPlain(mood, preset) {
  const plain = fromPreset(preset);
  const same = (a, b) => JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
  return (
    mood.preset === preset.name &&
    mood.seed === undefined &&
    mood.brightness === undefined &&
    ["key", "bpm", "intensity", "melody_complexity"].every((name) => mood[name] === plain[name]) &&
    same(mood.set, plain.set)
  );
}

const round = (value) => String(Math.round(value * 1000) / 1000);

/** The part of an address that carries a mood: "#mood=focus&title=...". */
export function toHash(mood) {
  const query = new URLSearchParams({ mood: mood.preset ?? "" });
  if (mood.title) query.set("title", mood.title);
  for (const name of Object.keys(FIELDS)) {
    const value = mood[name];
    if (value !== undefined && value !== null) query.set(name, typeof value === "number" ? round(value) : value);
  }
  for (const [name, value] of Object.entries(mood.set)) query.set(OWN + name, round(value));
  return `#${query}`;
}

const readOwn = range(-1e6, 1e6);

/** One parameter of a link into `mood`. @returns {string | null} what is wrong with it */
function readField(mood, name, text) {
  if (name === "mood" || name === "title") return null;
  const own = name.startsWith(OWN) ? name.slice(OWN.length) : null;
  const builtin = Object.hasOwn(FIELDS, name) && FIELDS[name];
  const field = own === null ? builtin : OWN_NAME.test(own) && readOwn;
  if (!field) return `${name.slice(0, TITLE_MAX)} is nothing that a mood has`;
  const value = field.read(text);
  if (value === undefined) return `${own ?? name}: “${text.slice(0, TITLE_MAX)}” is not allowed; allowed: ${field.allowed}`;
  if (own === null) mood[name] = value;
  else mood.set[own] = value;
  return null;
}

/**
 * @param {string} hash of the address  @param {object[]} presets of the server
 * @returns null: it carries no mood; { mood } or { error: what is wrong with it }
 */
export function fromHash(hash, presets) {
  if (!hash.startsWith("#mood=")) return null;
  const query = new URLSearchParams(hash.slice(1));
  const name = query.get("mood");
  const preset = presets.find((each) => each.name === name);
  if (name !== "" && !preset) return { error: `this server has no mood “${name.slice(0, TITLE_MAX)}”` };
  const mood = preset ? fromPreset(preset) : { title: "A mood", about: "", preset: null, set: {} };
  for (const [field, text] of query) {
    const wrong = readField(mood, field, text);
    if (wrong !== null) return { error: wrong };
  }
  const title = (query.get("title") ?? "").trim().slice(0, TITLE_MAX);
  if (title) mood.title = title;
  return { mood };
}

/** Whether what a store holds is a mood: it may have been written by another version, or by hand. */
function isMood(mood) {
  const fine = (name) => mood[name] === undefined || FIELDS[name].read(String(mood[name])) !== undefined;
  const text = (value) => typeof value === "string" && value.length > 0;
  const numbers = (set) => typeof set === "object" && set !== null && Object.values(set).every(Number.isFinite);
  return (
    typeof mood === "object" && mood !== null && text(mood.id) && text(mood.title) && numbers(mood.set) &&
    (mood.preset === null || text(mood.preset)) && Object.keys(FIELDS).every(fine)
  );
}

/** The listener's own moods, newest first. */
export class MoodStore {
  /** @param storage { get(key), set(key, text) -> whether it was kept } */
  constructor(storage) {
    this.storage = storage;
  }

  list() {
    try {
      const moods = JSON.parse(this.storage.get(STORE_KEY) ?? "[]");
      return Array.isArray(moods) ? moods.filter(isMood).slice(0, KEPT) : [];
    } catch {
      return [];
    }
  }

  /** @returns the mood as it was kept, null where the browser keeps nothing */
  add(mood) {
    const id = mood.id ?? `${Date.now().toString(36)}${Math.floor(Math.random() * 1e9).toString(36)}`;
    const kept = { ...mood, id, title: mood.title.trim().slice(0, TITLE_MAX) };
    return this.put([kept, ...this.list().filter((each) => each.id !== id)]) ? kept : null;
  }

  rename(id, title) {
    const name = title.trim().slice(0, TITLE_MAX);
    if (name) this.put(this.list().map((mood) => (mood.id === id ? { ...mood, title: name } : mood)));
  }

  remove(id) {
    this.put(this.list().filter((mood) => mood.id !== id));
  }

  put(moods) {
    return this.storage.set(STORE_KEY, JSON.stringify(moods.slice(0, KEPT)));
  }
}
