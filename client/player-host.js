// Connects a Player with the rest of the page: commands from the main thread, chunks from the stream worker, reports
// back to that worker. Used by the worklet and, where there is none, by the fallback on the main thread.

const REPORT_S = 0.2;

export class PlayerHost {
  /** @param {Player} player  @param {(message: object) => void} reply to the main thread */
  constructor(player, reply) {
    this.player = player;
    this.reply = reply;
    this.stream = null;
    this.sinceReport = 0;
    this.lastState = "stopped";
  }

  /** start | stop | stream (with the worker's port) */
  command(message) {
    if (message.type === "start") this.player.start();
    else if (message.type === "stop") this.player.stop();
    else if (message.type === "stream") {
      this.stream = message.port;
      this.stream.onmessage = (event) => this.receive(event.data);
    }
  }

  receive(message) {
    if (message.type === "chunk") this.player.push(message.index, message.rate, message.samples);
    else if (message.type === "link") this.player.setLink(message.up);
    else if (message.type === "target") this.player.setTarget(message.ms);
    else if (message.type === "break") this.player.breakStream();
  }

  process(left, right) {
    this.player.process(left, right);
    this.sinceReport += left.length;
    const { state } = this.player;
    if (state !== this.lastState) this.reply({ type: "state", state });
    if (state !== this.lastState || this.sinceReport > REPORT_S * this.player.outRate) this.report();
    this.lastState = state;
  }

  report() {
    this.sinceReport = 0;
    this.stream?.postMessage({ type: "player", at: Date.now(), ...this.player.stats() });
  }
}
