// What a take looks like: its files by what they are, its state in words, its waveform as bars. Pure.

import { bytesText, clock } from "./moments.js";

const KINDS = [
  [/^stems\/(.+)\.(flac|wav)$/, "stem"],
  [/\.chords\.txt$/, "Chords"],
  [/\.flac$/, "FLAC"],
  [/\.wav$/, "WAV"],
  [/\.opus$/, "Opus"],
  [/\.mid$/, "MIDI"],
  [/\.json$/, "Notes"],
  [/\.auralis$/, "Session"],
];

const ORDER = ["FLAC", "WAV", "Opus", "MIDI", "Chords", "Notes", "Session", "other"];

function kindOf(name) {
  for (const [pattern, kind] of KINDS) {
    const match = pattern.exec(name);
    if (match) return { kind, label: kind === "stem" ? match[1].replace(/^return-/, "return of ") : kind };
  }
  return { kind: "other", label: name };
}

/** @returns { sound: the file to listen to or null, plain: [file], stems: [file] }, each file with its kind and label */
export function sortFiles(files) {
  const all = (files ?? []).map((file) => ({ ...file, ...kindOf(file.name), size: bytesText(file.bytes) }));
  const stems = all.filter(({ kind }) => kind === "stem");
  const sound = ["FLAC", "WAV", "Opus"].map((kind) => all.find((file) => file.kind === kind)).find(Boolean) ?? null;
  const plain = all.filter(({ kind }) => kind !== "stem").sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  return { sound, plain, stems };
}

export const works = ({ state }) => state === "waiting" || state === "rendering";

/** A take's state in a few words, "" where there is nothing to say. */
export function stateText(take) {
  if (take.state === "waiting") return "Waiting for its turn";
  if (take.state === "rendering") return `Keeping, ${Math.round(100 * (take.progress ?? 0))}%`;
  if (take.state === "failed") return `Could not be kept: ${take.error || "the server does not say why"}`;
  return "";
}

/** What a take is called where it has no name. */
export const takeTitle = (take) => take.name || `Take of ${clock(take.seconds)}`;

/**
 * Peaks as bars of a picture: { x, top, height } in its pixels, quiet ones at least one pixel high.
 * @param peaks [[min, max], …], -1 to 1
 */
export function waveBars(peaks, width, height, gap = 1) {
  const step = width / peaks.length;
  const middle = height / 2;
  const loudest = Math.max(0.05, ...peaks.flat().map(Math.abs));
  return peaks.map(([min, max], i) => {
    const top = middle - (Math.max(0, max) / loudest) * (middle - 1);
    const bottom = middle - (Math.min(0, min) / loudest) * (middle - 1);
    const tall = Math.max(1, bottom - top);
    return { x: i * step, width: Math.max(0.5, step - gap), top: Math.min(top, middle - 0.5), height: tall };
  });
}
