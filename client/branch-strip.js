// Branches of a stream as a strip: each a lane from the phrase where it begins to the one where it stands. Pure.

/**
 * @param branches as the server lists them
 * @returns lanes in order of a tree, children below their parent:
 * { branch, depth, from, to } with from and to between 0 and 1 of the strip's width
 */
export function lanes(branches) {
  const known = new Set(branches.map(({ id }) => id));
  const children = new Map();
  for (const branch of branches) {
    const parent = known.has(branch.parent) && branch.parent !== branch.id ? branch.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), branch]);
  }
  const first = Math.min(...branches.map(({ ordinal }) => ordinal));
  const last = Math.max(...branches.map((branch) => end(branch)));
  const place = (ordinal) => (last > first ? (ordinal - first) / (last - first) : 0);
  const found = [];
  const visit = (parent, depth) => {
    for (const branch of (children.get(parent) ?? []).sort((a, b) => a.id - b.id)) {
      found.push({ branch, depth, from: place(branch.ordinal), to: place(end(branch)) });
      visit(branch.id, depth + 1);
    }
  };
  visit(null, 0);
  return found;
}

/** The phrase that it composes next; a branch that has none yet has the length of one. */
const end = ({ ordinal, at_ordinal: at }) => Math.max(ordinal + 1, at);

const script = (name) => (name ?? "").replace(/\.lua$/, "");

/** "The first", "Branch 2" */
export const branchTitle = ({ id }) => (id === 0 ? "The first" : `Branch ${id + 1}`);

/** "phrases 8 to 12 · ambient · seed 7" */
export function branchLine(branch) {
  const { ordinal: first } = branch;
  const last = end(branch) - 1;
  const phrases = last > first ? `phrases ${first} to ${last}` : `phrase ${first}`;
  return [phrases, script(branch.script), `seed ${branch.seed}`].filter(Boolean).join(" · ");
}

/** "next" for what takes over at the boundary, "now" for what sounds, "". coming: { id } that was asked for, or null. */
export function branchState(branch, coming) {
  if (coming ? coming.id === branch.id : branch.armed) return "next";
  return branch.current ? "now" : "";
}
