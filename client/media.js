// What the system shows and asks while music plays: lock screen, media keys, headphones. For browsers an audio context is
// ambience at best; a player is who has a media element. So an element plays silence beside the context.

const ARTWORK_PX = 512;
const SILENCE_S = 10; // browsers take shorter ones for sound effects
const SILENCE_RATE = 8000;

/** A WAV file of silence: mono, 8 bits. */
export function silence(seconds = SILENCE_S, rate = SILENCE_RATE) {
  const frames = seconds * rate;
  const bytes = new Uint8Array(44 + frames).fill(128, 44);
  const view = new DataView(bytes.buffer);
  const text = (at, word) => [...word].forEach((letter, i) => (bytes[at + i] = letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + frames, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, "data");
  view.setUint32(40, frames, true);
  return bytes;
}

/** The page's icon as a picture of fixed size: lock screens take no SVG. */
async function artwork() {
  const image = new Image(ARTWORK_PX, ARTWORK_PX);
  image.src = new URL("icon.svg", document.baseURI).href;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = ARTWORK_PX;
  canvas.getContext("2d").drawImage(image, 0, 0, ARTWORK_PX, ARTWORK_PX);
  return [{ src: canvas.toDataURL("image/png"), sizes: `${ARTWORK_PX}x${ARTWORK_PX}`, type: "image/png" }];
}

export class Media {
  /** @param on { play(), stop() } */
  constructor(on) {
    this.session = navigator.mediaSession ?? null;
    this.title = "Auralis";
    this.artwork = [];
    if (!this.session) return;
    const actions = { play: on.play, pause: on.stop, stop: on.stop };
    for (const [action, run] of Object.entries(actions)) {
      try {
        this.session.setActionHandler(action, run);
      } catch {
        // this browser does not know the key
      }
    }
    artwork().then((images) => {
      this.artwork = images;
      this.describe();
    }, () => {});
  }

  /** In a user gesture when it begins. */
  playing(on) {
    if (!this.session) return;
    if (on) {
      this.element ??= this.silent();
      this.element.play().catch(() => {}); // then without keys
    } else this.element?.pause();
    this.session.playbackState = on ? "playing" : "paused";
  }

  show(title) {
    if (title === this.title && this.shown) return;
    this.title = title;
    this.describe();
  }

  // ---- inside ----

  describe() {
    if (!this.session || !globalThis.MediaMetadata) return;
    this.shown = true;
    const { title, artwork } = this;
    this.session.metadata = new MediaMetadata({ title, artist: "Auralis", artwork });
  }

  silent() {
    const element = new Audio(URL.createObjectURL(new Blob([silence()], { type: "audio/wav" })));
    element.loop = true;
    return element;
  }
}
