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

/** As many bars as there is room for: neighbours share one, or one is shown as several. null: nothing is known there. */
export function groupPeaks(peaks, most) {
  const size = Math.ceil(peaks.length / Math.max(1, most));
  if (size <= 1) return peaks.flatMap((peak) => Array(Math.floor(most / peaks.length)).fill(peak));
  const groups = [];
  for (let i = 0; i < peaks.length; i += size) {
    const some = peaks.slice(i, i + size).filter(Boolean);
    groups.push(some.length > 0 ? [Math.min(...some.map(([min]) => min)), Math.max(...some.map(([, max]) => max))] : null);
  }
  return groups;
}

/**
 * Peaks as bars of a picture: { x, top, height } in its pixels, quiet ones at least one pixel high; where nothing is known there
 * is none.
 * @param peaks [[min, max] or null, …], -1 to 1
 */
export function waveBars(peaks, width, height, gap = 1) {
  const step = width / peaks.length;
  const middle = height / 2;
  const loudest = Math.max(0.05, ...peaks.flat().map(Math.abs));
  return peaks.flatMap((peak, i) => {
    if (!peak) return [];
    const top = middle - (Math.max(0, peak[1]) / loudest) * (middle - 1);
    const bottom = middle - (Math.min(0, peak[0]) / loudest) * (middle - 1);
    const tall = Math.max(1, bottom - top);
    return [{ x: i * step, width: Math.max(0.5, step - gap), top: Math.min(top, middle - 0.5), height: tall }];
  });
}
