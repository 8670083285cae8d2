// Requests to the server's REST interface, and the edit token that some of them need. Every call gives { ok, status, body,
// etag }; it rejects only when the server cannot be reached. The token is kept for this tab only.

const TOKEN_KEY = "auralis.edit-token";

function storedToken() {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? "";
  } catch {
    return ""; // storage may be forbidden
  }
}

export const permit = {
  token: storedToken(),

  set(token) {
    permit.token = token;
    try {
      sessionStorage.setItem(TOKEN_KEY, token);
    } catch {
      // kept until the page is left, then
    }
    dispatchEvent(new Event("auralis-permit"));
  },

  /** Whether this visitor may change things, as far as can be told without trying: a token is known, or this is the server's own machine. */
  likely: () => permit.token !== "" || /^(localhost|127\.0\.0\.1|\[::1\])$/.test(location.hostname),
};

/** parts of the path are encoded each by itself. */
export const apiUrl = (...parts) => new URL(`api/v1/${parts.map(encodeURIComponent).join("/")}`, document.baseURI);

export async function ask(address, { headers = {}, ...options } = {}) {
  const bearer = permit.token ? { Authorization: `Bearer ${permit.token}` } : {};
  const response = await fetch(address, { cache: "no-store", ...options, headers: { ...headers, ...bearer } });
  const json = response.headers.get("Content-Type")?.startsWith("application/json");
  const body = json ? await response.json() : await response.text();
  const etag = response.headers.get("ETag")?.replaceAll('"', "") ?? "";
  return { ok: response.ok, status: response.status, body, etag };
}
