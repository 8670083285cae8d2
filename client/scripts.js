// The server's scripts over REST. Every call gives { ok, status, body }; it rejects only when the server cannot be reached.
// Changing a script may need the server's edit token, which is kept for this tab only.

const TOKEN_KEY = "auralis.edit-token";
const url = (path) => new URL(`api/v1/${path}`, document.baseURI);
const scriptUrl = (name, rest = "") => url(`scripts/${name.split("/").map(encodeURIComponent).join("/")}${rest}`);

function storedToken() {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? "";
  } catch {
    return ""; // storage may be forbidden
  }
}

export class Scripts {
  constructor() {
    this.token = storedToken();
  }

  setToken(token) {
    this.token = token;
    try {
      sessionStorage.setItem(TOKEN_KEY, token);
    } catch {
      // kept until the page is left, then
    }
  }

  list() {
    return this.ask(url("scripts"));
  }

  /** body: the text; version: of it. */
  async read(name, version = "") {
    const answer = await this.ask(scriptUrl(name, version && `?version=${version}`));
    return { ...answer, version: answer.etag };
  }

  check(name, text, signal) {
    return this.ask(scriptUrl(name, "/check"), { method: "POST", body: text, signal });
  }

  /** onlyOver: the version the text was made from; refused with 412 when another lies there. */
  save(name, text, onlyOver) {
    const headers = onlyOver ? { "If-Match": `"${onlyOver}"` } : {};
    return this.ask(scriptUrl(name), { method: "PUT", body: text, headers });
  }

  versions(name) {
    return this.ask(scriptUrl(name, "/versions"));
  }

  /** The notes of the phrase that sounds and of the next; of the first channel if none is named. */
  phrases(channel = null) {
    return this.ask(url(channel === null ? "phrases" : `phrases?channel=${encodeURIComponent(channel)}`));
  }

  // ---- inside ----

  async ask(address, { headers = {}, ...options } = {}) {
    const permit = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    const response = await fetch(address, { cache: "no-store", ...options, headers: { ...headers, ...permit } });
    const json = response.headers.get("Content-Type")?.startsWith("application/json");
    const body = json ? await response.json() : await response.text();
    const etag = response.headers.get("ETag")?.replaceAll('"', "") ?? "";
    return { ok: response.ok, status: response.status, body, etag };
  }
}
