// The code editor: CodeMirror with Lua, completion for the library, errors at their line. deployment/editor bundles this
// file into bundle.js, which the page loads only when somebody opens the editor.
//
// It lives in a shadow root, where CodeMirror's styles are adopted sheets: so the page's content policy stays strict.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lua } from "@codemirror/legacy-modes/mode/lua";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, StateEffect, StateField, Transaction } from "@codemirror/state";
import { Decoration, EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

import { parametersAt } from "../parameters.js";

const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", fontSize: "0.875rem" },
  ".cm-scroller": { fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace", lineHeight: "1.55" },
  ".cm-gutters": { background: "transparent", color: "var(--muted)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { background: "var(--line)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 28%, transparent)",
  },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-sounding": { background: "color-mix(in srgb, var(--accent) 20%, transparent)" },
  ".cm-panels, .cm-tooltip": { background: "var(--ground)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionInfo": { maxWidth: "26rem", whiteSpace: "pre-wrap", padding: "0.5rem 0.75rem" },
  ".cm-diagnostic": { whiteSpace: "pre-wrap" },
  ".cm-textfield": { background: "var(--ground)", color: "var(--text)", borderColor: "var(--rail)" },
  ".cm-button": { background: "var(--ground)", color: "var(--text)", borderColor: "var(--rail)" },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.standard(tags.name), tags.standard(tags.variableName)], color: "var(--accent)" },
]);

const KINDS = { piece: "property", ctx: "variable", stream: "method" };

/** The parts of a list of { module, name, signature, doc } as completions. */
function completions(library) {
  return library.map(({ module, name, signature, doc }) => ({
    label: name,
    detail: signature.startsWith(name) ? signature.slice(name.length) : signature,
    info: doc,
    type: KINDS[module] ?? (name === module ? "namespace" : "function"),
    apply: name === module && signature.startsWith("require") ? `local ${module} = ${signature}` : undefined,
  }));
}

/**
 * After `theory.` what theory has; after `ctx:` its methods; in a patch or an effect their parameters; else everything that
 * begins with what was typed.
 */
function source(library, tables) {
  const options = completions(library);
  return (context) => {
    const word = context.matchBefore(/[\w.:]+/);
    const here = parametersAt(context.state.doc.toString(), context.pos, tables);
    if (here && (word || context.explicit || context.matchBefore(/["']/))) {
      return { from: word?.from ?? context.pos, options: here, validFor: /^\w*$/ };
    }
    if (!word && !context.explicit) return null;
    return { from: word?.from ?? context.pos, options, validFor: /^[\w.:]*$/ };
  };
}

const setSounding = StateEffect.define();
const soundingLine = Decoration.line({ class: "cm-sounding" });
const sounding = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    let now = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setSounding)) continue;
      const { doc } = transaction.state;
      const lines = effect.value.filter((line) => line >= 1 && line <= doc.lines).sort((a, b) => a - b);
      now = Decoration.set(lines.map((line) => soundingLine.range(doc.line(line).from)));
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** From { line, column, severity, message }, counted from 1, to a range of the document. */
function toRange(doc, { line, column, severity, message, traceback }) {
  const at = doc.line(Math.min(Math.max(line || 1, 1), doc.lines));
  const text = at.text.trimEnd().length;
  const from = Math.min(at.from + Math.max((column || 1) - 1, 0), at.from + text);
  const to = Math.max(at.from + text, from);
  return { from, to, severity, message: traceback ? `${message}\n\n${traceback}` : message };
}

/**
 * @param {HTMLElement} parent
 * @param {{ library: object[], tables: object, label: string, on: { change(), save(), cursor(line) } }} options
 */
export function createEditor(parent, { library, tables, label, on }) {
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: "open" });
  const editable = new Compartment();
  const access = (writable) => [EditorState.readOnly.of(!writable), EditorView.editable.of(writable)];
  const save = () => {
    on.save();
    return true;
  };
  const changed = EditorView.updateListener.of((update) => {
    const own = update.transactions.some((each) => each.annotation(Transaction.userEvent) === "load");
    if (update.docChanged && !own) on.change();
    if (update.selectionSet || update.docChanged) on.cursor(update.state.doc.lineAt(update.state.selection.main.head).number);
  });
  const extensions = [
    lineNumbers(),
    lintGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    indentUnit.of("  "),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    StreamLanguage.define(lua),
    syntaxHighlighting(colours),
    autocompletion({ override: [source(library, tables)] }),
    sounding,
    theme,
    editable.of(access(true)),
    EditorView.contentAttributes.of({ "aria-label": label }),
    keymap.of([
      { key: "Mod-s", run: save, preventDefault: true },
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...defaultKeymap,
      indentWithTab,
    ]),
    changed,
  ];
  const view = new EditorView({ state: EditorState.create({ doc: "", extensions }), parent: root, root });
  return {
    text: () => view.state.doc.toString(),
    /** Another file: its own history begins. */
    open(text, writable) {
      view.setState(EditorState.create({ doc: text, extensions }));
      view.dispatch({ effects: editable.reconfigure(access(writable)) });
    },
    /** Another text of the same file: can be undone; what is the same keeps its place. */
    replace(text) {
      const old = view.state.doc.toString();
      let from = 0;
      while (from < old.length && from < text.length && old[from] === text[from]) from++;
      let end = 0;
      while (end < Math.min(old.length, text.length) - from && old.at(-1 - end) === text.at(-1 - end)) end++;
      const changes = { from, to: old.length - end, insert: text.slice(from, text.length - end) };
      view.dispatch({ changes, annotations: Transaction.userEvent.of("load") });
    },
    diagnose(list) {
      view.dispatch(setDiagnostics(view.state, list.map((each) => toRange(view.state.doc, each))));
    },
    sounding(lines) {
      view.dispatch({ effects: setSounding.of(lines) });
    },
    goto(line) {
      const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
      view.dispatch({ selection: { anchor: at.from }, effects: EditorView.scrollIntoView(at.from, { y: "center" }) });
      view.focus();
    },
    focus: () => view.focus(),
  };
}
