// The audio thread: a Player behind AudioWorkletProcessor.

import { Player } from "./player.js";
import { PlayerHost } from "./player-host.js";

class PlayerProcessor extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    const player = new Player(sampleRate, processorOptions.streamRate);
    this.host = new PlayerHost(player, (message) => this.port.postMessage(message));
    this.port.onmessage = (event) => this.host.command(event.data);
  }

  process(inputs, [output]) {
    this.host.process(output[0], output[1]);
    return true;
  }
}

registerProcessor("auralis-player", PlayerProcessor);
