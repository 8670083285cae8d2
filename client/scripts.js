// The server's scripts over REST: see api.js for what every call gives.

import { apiUrl, ask, permit } from "./api.js";

const scriptUrl = (name, rest = "") => new URL(`${apiUrl("scripts", ...name.split("/"))}${rest}`);

export class Scripts {
  setToken(token) {
    permit.set(token);
  }

  list() {
    return ask(apiUrl("scripts"));
  }

  /** body: the text; version: of it. */
  async read(name, version = "") {
    const answer = await ask(scriptUrl(name, version && `?version=${version}`));
    return { ...answer, version: answer.etag };
  }

  check(name, text, signal) {
    return ask(scriptUrl(name, "/check"), { method: "POST", body: text, signal });
  }

  /** onlyOver: the version the text was made from; refused with 412 when another lies there. */
  save(name, text, onlyOver) {
    const headers = onlyOver ? { "If-Match": `"${onlyOver}"` } : {};
    return ask(scriptUrl(name), { method: "PUT", body: text, headers });
  }

  versions(name) {
    return ask(scriptUrl(name, "/versions"));
  }

  /** The notes of the phrase that sounds and of the next; of the first channel if none is named. */
  phrases(channel = null) {
    const url = apiUrl("phrases");
    if (channel !== null) url.searchParams.set("channel", channel);
    return ask(url);
  }
}
