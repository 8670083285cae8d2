// Sound out of the page: context, player node, volume. Made inside the user's gesture, kept from then on.

import { Player } from "./player.js";
import { PlayerHost } from "./player-host.js";

const FALLBACK_FRAMES = 2048;
const STOP_MS = 400; // longer than the player's fade
const FADE_POINTS = 129;

function createContext(sampleRate) {
  try {
    return new AudioContext({ sampleRate, latencyHint: "playback" });
  } catch {
    return new AudioContext({ latencyHint: "playback" }); // the player resamples
  }
}

export class Output {
  /** @param on { state(string) } what the player does: filling, playing, fading, stopped */
  constructor(on) {
    this.on = on;
    this.context = null;
    this.analyser = null;
    this.ready = null; // settled once the player is there, or cannot be
    this.suspendTimer = null;
    this.volume = 1;
    this.wanted = false;
    document.addEventListener("visibilitychange", () => this.revive());
  }

  /** In a user gesture. @returns {MessagePort | null} the first time, the port that feeds the player */
  start(streamRate) {
    this.wanted = true;
    clearTimeout(this.suspendTimer);
    if (this.context) {
      this.context.resume();
      this.ready.then(() => this.command({ type: "start" }));
      return null;
    }
    return this.open(streamRate);
  }

  stop() {
    this.wanted = false;
    this.ready?.then(() => this.command({ type: "stop" })).catch(() => {}); // start() reported it
    this.suspendTimer = setTimeout(() => this.context?.suspend(), STOP_MS);
  }

  /** @param {number} volume 0 to 1, as on the slider */
  setVolume(volume) {
    this.volume = volume;
    if (!this.context) return;
    const { gain } = this.gain;
    const now = this.context.currentTime;
    gain.cancelScheduledValues(now);
    gain.setValueAtTime(gain.value, now);
    gain.linearRampToValueAtTime(volume * volume, now + 0.05);
  }

  /** From where it is to silence, evenly to the ear, however long; fadeIn() takes it back. The volume stays as it is. */
  fadeOut(seconds) {
    this.fade(0, seconds);
  }

  fadeIn(seconds) {
    this.fade(1, seconds);
  }

  /** Fades out what plays and forgets it; what comes next is another stream. */
  restart() {
    this.ready?.then(() => {
      this.command({ type: "stop" });
      this.command({ type: "start" });
    }, () => {});
  }

  latencyMs() {
    if (!this.context) return 0;
    return 1000 * (this.context.outputLatency || this.context.baseLatency || 0);
  }

  // ---- inside ----

  /** A cube is close to what ears call even; its root is where a fade that was cut short stands. */
  fade(to, seconds) {
    if (!this.context) return;
    const { gain } = this.fader;
    const now = this.context.currentTime;
    gain.cancelScheduledValues(now);
    const from = Math.cbrt(gain.value);
    const curve = Float32Array.from({ length: FADE_POINTS }, (_, i) => (from + ((to - from) * i) / (FADE_POINTS - 1)) ** 3);
    gain.setValueCurveAtTime(curve, now, Math.max(0.01, seconds));
  }

  open(streamRate) {
    if (navigator.audioSession) navigator.audioSession.type = "playback";
    const { port1, port2 } = new MessageChannel();
    this.context = createContext(streamRate);
    this.context.onstatechange = () => this.revive();
    this.gain = new GainNode(this.context, { gain: this.volume * this.volume });
    this.fader = new GainNode(this.context);
    this.gain.connect(this.fader).connect(this.context.destination);
    this.analyser = new AnalyserNode(this.context, { fftSize: 4096, smoothingTimeConstant: 0.7 });
    this.context.resume();
    this.ready = this.openPlayer(streamRate).then(
      () => {
        this.command({ type: "start" }); // before the chunks that wait in the port
        this.command({ type: "stream", port: port2 }, [port2]);
      },
      (error) => {
        this.context.close();
        this.context = null;
        throw error;
      },
    );
    return port1;
  }

  async openPlayer(streamRate) {
    const node = this.context.audioWorklet ? await this.worklet(streamRate) : this.fallback(streamRate);
    node.connect(this.gain);
    node.connect(this.analyser);
  }

  async worklet(streamRate) {
    await this.context.audioWorklet.addModule(new URL("player-worklet.js", import.meta.url));
    const node = new AudioWorkletNode(this.context, "auralis-player", {
      numberOfInputs: 0,
      outputChannelCount: [2],
      processorOptions: { streamRate },
    });
    node.port.onmessage = (event) => this.on.state(event.data.state);
    this.command = (message, transfer = []) => node.port.postMessage(message, transfer);
    return node;
  }

  /** Browsers offer worklets only on https and localhost; on a plain http address the main thread plays. */
  fallback(streamRate) {
    const player = new Player(this.context.sampleRate, streamRate);
    const host = new PlayerHost(player, (message) => this.on.state(message.state));
    const node = this.context.createScriptProcessor(FALLBACK_FRAMES, 0, 2);
    node.onaudioprocess = ({ outputBuffer }) => {
      host.process(outputBuffer.getChannelData(0), outputBuffer.getChannelData(1));
    };
    this.command = (message) => host.command(message);
    return node;
  }

  /** A phone call or the system may suspend the context; come back when possible. */
  revive() {
    const { wanted, context } = this;
    if (wanted && context && context.state === "suspended" && !document.hidden) context.resume().catch(() => {});
  }
}
