// How long sound has been under way: from when the server had a chunk to when its first sample leaves the player. Pure;
// times are wall-clock milliseconds, handed in. Runs in the stream worker.

const KEPT = 8; // pongs; the quickest of them tells most exactly how the two clocks differ

export class ServerClock {
  constructor() {
    this.pongs = []; // { rttMs, offsetMs }
    this.published = null; // { index, at } of a chunk, by the server's clock
  }

  /** Another server, or the same one anew. */
  reset() {
    this.pongs = [];
    this.published = null;
  }

  pong(sentAt, cameAt, serverTime) {
    const offsetMs = Date.parse(serverTime) - (sentAt + cameAt) / 2;
    this.pongs = [...this.pongs, { rttMs: cameAt - sentAt, offsetMs }].slice(-KEPT);
  }

  status({ server_time: time, chunk_index: index, published_ms_ago: agoMs }) {
    if (agoMs !== undefined) this.published = { index, at: Date.parse(time) - agoMs };
  }

  /** At the time `at` the player was at `place` of the stream, in chunks. @returns {number | null} null: not known yet */
  latencyMs(at, place, chunkMs) {
    if (this.pongs.length === 0 || this.published === null) return null;
    const { offsetMs } = this.pongs.reduce((a, b) => (b.rttMs < a.rttMs ? b : a));
    return at + offsetMs - (this.published.at + (place - this.published.index) * chunkMs);
  }
}
