// What a script's text can be completed with at a place: the voices, the effects and their parameters, with unit, range
// and default as the server tells them (GET /api/v1/voices). Pure.

const TOKEN = /--\[(=*)\[[\s\S]*?(?:\]\1\]|$)|--[^\n]*|\[(=*)\[[\s\S]*?(?:\]\2\]|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|[{}]/g;

const LINE_COMMENT = /^--(?!\[=*\[)/;

/** The tables around a place, the innermost last: { name, from, to }. name: of the field or variable it is given to. */
export function tablesAround(text, at) {
  const open = [];
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === "{") {
      const name = /([A-Za-z_]\w*)\s*=\s*$/.exec(text.slice(Math.max(0, index - 100), index))?.[1] ?? "";
      open.push({ name, from: index + 1, to: text.length });
    } else if (token === "}" && open.length > 0) {
      if (index >= at && open.at(-1).from <= at) {
        open.at(-1).to = index;
        return [...open];
      }
      open.pop();
    } else if (index < at && at < index + token.length + (LINE_COMMENT.test(token) ? 1 : 0) && !/^["']/.test(token)) {
      return []; // in a comment or a long string
    }
    if (index >= at && open.every(({ from }) => from > at)) return [];
  }
  return open.filter(({ from }) => from <= at);
}

/** The table's own text, without the tables in it. */
function ownText(text, { from, to }) {
  let depth = 0;
  return [...text.slice(from, to)].filter((c) => (c === "{" ? depth++ === 0 : c === "}" ? --depth === 0 : depth === 0)).join("");
}

const number = (value) => String(Number(value.toPrecision(6)));

function parameterOption({ name, unit, min, max, default: usual, about }) {
  const range = `${number(min)} to ${number(max)}${unit ? ` ${unit}` : ""}`;
  return { label: name, detail: ` ${range}, else ${number(usual)}`, info: about, type: "property", apply: `${name} = ` };
}

const nameOption = ({ name }) => ({ label: name, type: "enum" });

/**
 * @param {string} text  the script
 * @param {number} at  where something is typed
 * @param {{ voices: object[], effects: object[] }} tables
 * @returns completions { label, detail, info, type, apply } for that place, or null where it is none of these
 */
export function parametersAt(text, at, { voices, effects }) {
  const around = tablesAround(text, at);
  const inner = around.at(-1);
  if (!inner) return null;
  const before = text.slice(inner.from, at);
  if (/\bvoice\s*=\s*["']\w*$/.test(before)) return voices.map(nameOption);
  if (/["']\w*$/.test(before) || /=\s*[\w.]*$/.test(before)) return null; // in a text, or a value
  const voice = /\bvoice\s*=\s*["'](\w+)["']/.exec(ownText(text, inner))?.[1];
  const parent = around.at(-2)?.name;
  const table = voice ? voices.find(({ name }) => name === voice) : parent === "effects" ? effects.find(({ name }) => name === inner.name) : null;
  if (table) return table.params.map(parameterOption);
  return inner.name === "effects" ? effects.map(({ name }) => ({ label: name, type: "property", apply: `${name} = { ` })) : null;
}
