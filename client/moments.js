// Where the listener is in the stream, and spans of time as people write them. Pure; times are in milliseconds, lengths in
// seconds.

/**
 * The chunk that leaves the loudspeaker now.
 * @param player its last report: { nextIndex, depthMs, at (wall clock), state }  @param now wall clock
 * @param outputMs from the player to the ear  @param chunkMs
 * @returns {number | null} null: nothing is heard
 */
export function heardChunk(player, now, outputMs, chunkMs) {
  if (!player || player.nextIndex === null || !(chunkMs > 0)) return null;
  const since = player.state === "playing" ? Math.max(0, Math.min(now - player.at, player.depthMs)) : 0;
  const place = player.nextIndex - (player.depthMs - since + outputMs) / chunkMs;
  return place < 0 ? null : Math.floor(place);
}

const two = (n) => String(n).padStart(2, "0");

/** "0:07", "10:00", "1:02:03" */
export function clock(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "1:02:03", "10:00", "90" or "7.5" in seconds; NaN for what is none of these. */
export function parseClock(text) {
  const match = /^\s*(?:(?:(\d+):)?([0-5]?\d):)?(\d+(?:\.\d+)?)\s*$/.exec(text);
  if (!match) return NaN;
  const [, h = "0", m, s] = match;
  if (m !== undefined && Number(s) >= 60) return NaN;
  return Number(h) * 3600 + Number(m ?? 0) * 60 + Number(s);
}

/** "10 minutes 5 seconds", for names of things. */
export function spoken(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const parts = [[Math.floor(all / 3600), "hour"], [Math.floor(all / 60) % 60, "minute"], [all % 60, "second"]];
  const said = parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}${n === 1 ? "" : "s"}`);
  return said.join(" ") || "0 seconds";
}

/** "Today, 17:40", "Yesterday, 17:40", "21 Nov, 17:40", with the year where it is another one. */
export function dayAndTime(iso, now = new Date()) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.ceil((midnight - at) / 86400000);
  if (at <= now && days <= 0) return `Today, ${time}`;
  if (days === 1) return `Yesterday, ${time}`;
  const year = at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return `${at.toLocaleDateString([], { day: "numeric", month: "short", ...year })}, ${time}`;
}

/** "812 B", "41 kB", "48.2 MB" */
export function bytesText(bytes) {
  if (!(bytes >= 0)) return "";
  const units = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]];
  const [unit, name] = units.find(([size]) => bytes >= size) ?? [1, "B"];
  const value = bytes / unit;
  return `${value.toFixed(name === "MB" || name === "GB" ? (value < 100 ? 1 : 0) : 0)} ${name}`;
}
