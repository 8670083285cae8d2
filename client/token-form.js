// The form that asks for the server's edit token where something was refused for want of it.

import { permit } from "./api.js";
import { make } from "./sheet.js";

/** @returns an element, hidden; ask(text, again) shows it, and calls again() once a token was given */
export function tokenForm(id) {
  const about = make("p", { class: "hint" });
  const input = make("input", { id, type: "password", autocomplete: "off", required: true });
  const label = make("label", { class: "unseen", for: id }, "Edit token");
  const form = make("form", { class: "token", hidden: true }, about, make("div", { class: "inline" }, label, input, make("button", { type: "submit", class: "strong" }, "Use it")));
  input.placeholder = "Edit token";
  let next = () => {};
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    permit.set(input.value);
    input.value = "";
    form.hidden = true;
    next();
  });
  form.ask = (text, again) => {
    about.textContent = text;
    next = again;
    form.hidden = false;
    input.focus();
  };
  return form;
}
