// What can be listened to on this server: its moods, its shared streams, and whether it has a stream of one's own to
// give. Asked when it is needed, over REST.

import { fromPreset, isPlain } from "./moods.js";

const NO_PRIVATE = { available: false, reason: "this server has no streams of one's own" };

async function ask(path) {
  const response = await fetch(new URL(`api/v1/${path}`, document.baseURI), { cache: "no-store" }).catch(() => null);
  return response?.ok ? response.json().catch(() => null) : null;
}

export class Places {
  constructor() {
    this.presets = []; // as the server has them
    this.channels = [];
    this.private = NO_PRIVATE;
  }

  /** @returns {Promise<boolean>} whether the server answered */
  async load() {
    const channels = await ask("channels");
    if (channels === null) return false;
    this.channels = channels.channels;
    this.private = channels.private ?? NO_PRIVATE;
    if (channels.private) this.presets = (await ask("presets"))?.presets ?? this.presets;
    return true;
  }

  /** Those that came with the server. */
  moods() {
    return this.presets.filter(({ own }) => !own).map(fromPreset);
  }

  /** Those that somebody saved on it. */
  ownMoods() {
    return this.presets.filter(({ own }) => own).map(fromPreset);
  }

  /** The file that a preset plays; null: the first channel's. */
  scriptOf(preset) {
    const from = preset === null ? this.channels[0] : this.presets.find(({ name }) => name === preset);
    return from?.script ?? null;
  }

  /** The shared stream that plays this mood as it is, or null. */
  shared(mood) {
    const preset = this.presets.find((each) => each.name === mood.preset);
    if (!preset || !isPlain(mood, preset)) return null;
    return this.channels.find((channel) => channel.script === preset.script) ?? null;
  }

  /** "shared", "own", or "" where the mood cannot be had now. */
  reach(mood) {
    if (this.shared(mood)) return "shared";
    return this.private.available ? "own" : "";
  }

  /** The preset of a piece: its name; null for the first channel's piece; undefined: a piece that no mood can have. */
  presetOf(script) {
    const preset = this.presets.find((each) => each.script === script);
    if (preset) return preset.name;
    return script !== undefined && this.channels[0]?.script === script ? null : undefined;
  }
}
