// What the server remembers, over REST: takes, sessions, branches, presets of one's own. See api.js for what every call
// gives; here it also never rejects: { ok: false, status: 0 } is a server that cannot be reached.

import { apiUrl, ask } from "./api.js";

const JSON_TYPE = { "Content-Type": "application/json" };

async function call(method, address, body) {
  const options = body === undefined ? { method } : { method, headers: JSON_TYPE, body: JSON.stringify(body) };
  try {
    return await ask(address, options);
  } catch {
    return { ok: false, status: 0, body: {} };
  }
}

const path = (...parts) => apiUrl(...parts);

export const takes = {
  list: () => call("GET", path("takes")),
  get: (id) => call("GET", path("takes", id)),
  keep: (wish) => call("POST", path("keep"), wish),
  rename: (id, name) => call("PUT", path("takes", id), { name }),
  remove: (id) => call("DELETE", path("takes", id)),
  retry: (id) => call("POST", path("takes", id, "retry")),
  waveform: (id) => call("GET", path("takes", id, "waveform")),
  /** Where a file of a take lies: "stems/pad.flac" is a name. */
  file: (id, name) => path("takes", id, "files", ...name.split("/")).href,
};

export const sessions = {
  list: () => call("GET", path("sessions")),
  /** Of one channel, also of a private stream, which the list has not. */
  async of(channel) {
    const url = path("sessions");
    url.searchParams.set("channel", channel);
    return call("GET", url);
  },
  get: (id) => call("GET", path("sessions", id)),
  rename: (id, name) => call("PUT", path("sessions", id), { name }),
  remove: (id) => call("DELETE", path("sessions", id)),
  waveform: (id) => call("GET", path("sessions", id, "waveform")),
  exported: (id) => path("sessions", id, "export").href,
  /** file: of the file picker. */
  async import(file) {
    try {
      return await ask(path("sessions"), { method: "POST", body: file });
    } catch {
      return { ok: false, status: 0, body: {} };
    }
  },
};

export const branches = {
  list: (channel) => call("GET", path("channels", channel, "branches")),
  rewind: (channel, wish) => call("POST", path("channels", channel, "rewind"), wish),
  switchTo: (channel, branch) => call("POST", path("channels", channel, "switch"), { branch }),
};

export const ownPresets = {
  put: (name, preset) => call("PUT", path("presets", name), preset),
  remove: (name) => call("DELETE", path("presets", name)),
  exported: () => path("presets", "export").href,
  import: (body) => call("POST", path("presets", "import"), body),
};

/** Why a call came to nothing, said calmly. what: "Keeping", "Going back". Pure. */
export function reason({ status, body }, what) {
  if (status === 0) return "The server cannot be reached.";
  if (status === 401) return `${what} needs this server's edit token.`;
  if (status === 403) return `${what} is not open to visitors of this page.`;
  if (status === 503 && body?.error === "NO_JOURNAL") return "This server keeps no journal, so there is nothing to keep or to go back to here.";
  return body?.message ? sentence(body.message) : `The server answered ${status}.`;
}

/** "no journal: why" becomes "No journal: why." */
function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
