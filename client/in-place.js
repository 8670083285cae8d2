// Things that are done where they stand: a name is edited in its row, a deletion is asked about in its row.

import { make, press } from "./sheet.js";

/** Puts `other` in the place of an element; of a list item, in it. @returns what takes it back */
function swap(element, other) {
  if (element.tagName !== "LI") {
    element.replaceWith(other);
    return () => other.replaceWith(element);
  }
  const children = [...element.childNodes];
  element.replaceChildren(other);
  return () => element.replaceChildren(...children);
}

/**
 * Puts a form in the place of `element` until the name is given or Escape is pressed.
 * @param done(name) once; name is null where it was left alone
 */
export function renameInPlace(element, { label, value, max = 120 }, done) {
  const input = make("input", { type: "text", maxlength: String(max), required: true, autocomplete: "off", "aria-label": label });
  input.value = value;
  const form = make("form", { class: "inline" }, input, make("button", { type: "submit", class: "strong" }, "Rename"));
  let over = false;
  const end = (name) => {
    if (over) return;
    over = true;
    back();
    done(name);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    end(input.value.trim() || null);
  });
  leaveWithEscape(form, () => end(null));
  const back = swap(element, form);
  input.select();
}

/** Asks in the place of `element`: "Delete “Evening”?" @param done(yes) once */
export function confirmInPlace(element, question, verb, done) {
  const end = (yes) => {
    back();
    done(yes);
  };
  const yes = press("plain danger", verb, () => end(true));
  const asked = make("div", { class: "asked", role: "group", "aria-label": question }, make("p", {}, question), yes, press("plain", "Keep it", () => end(false)));
  leaveWithEscape(asked, () => end(false));
  const back = swap(element, asked);
  yes.focus();
}

/** Escape leaves this alone, not the sheet. */
function leaveWithEscape(element, run) {
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    run();
  });
}
