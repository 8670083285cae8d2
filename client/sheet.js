// Dialogs over the page: opened by a button, closed by their cross, by Escape, and by a press beside them.

/** @param {HTMLDialogElement} dialog  @param {HTMLElement} opener  @param {() => void} [onOpen] before it is seen */
export function sheet(dialog, opener, onOpen = () => {}) {
  opener.addEventListener("click", () => {
    onOpen();
    dialog.showModal();
  });
  closable(dialog);
}

/** A sheet that the page's text has not: its head, then the children. It is closed, and the last of the page. */
export function makeSheet(id, title, { small = false } = {}, ...children) {
  const close = make("button", { type: "button", class: "round", "data-close": true }, icon("close"), make("span", { class: "unseen" }, `Close: ${title}`));
  const head = make("div", { class: "sheet-head" }, make("h2", { id: `${id}-title` }, title), close);
  const attributes = { id, class: small ? "sheet small" : "sheet", "aria-labelledby": `${id}-title` };
  const dialog = make("dialog", attributes, head, ...children);
  closable(dialog);
  document.body.append(dialog);
  return dialog;
}

function closable(dialog) {
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]") || (event.target === dialog && outside(dialog, event))) dialog.close();
  });
}

function outside(dialog, { clientX: x, clientY: y }) {
  const box = dialog.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

/** A small element tree: make("button", { class: "pill", type: "button" }, "text", child). */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A button that does something: press("pill", "Keep", () => …); its name is its text unless one is given. */
export function press(className, content, run, attributes = {}) {
  const button = make("button", { type: "button", class: className, ...attributes }, ...[content].flat());
  button.addEventListener("click", run);
  return button;
}

/** A button that lets a file be chosen. @returns [button, its hidden input] */
export function filePicker(text, accept, chosen, attributes = {}) {
  const input = make("input", { type: "file", hidden: true, accept, ...attributes });
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (file) chosen(file);
    input.value = "";
  });
  return [press("plain", text, () => input.click()), input];
}

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Sets a text only where it is another, so that nothing is announced or laid out for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
