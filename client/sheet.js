// Dialogs over the page: opened by a button, closed by their cross, by Escape, and by a press beside them.

/** @param {HTMLDialogElement} dialog  @param {HTMLElement} opener  @param {() => void} [onOpen] before it is seen */
export function sheet(dialog, opener, onOpen = () => {}) {
  opener.addEventListener("click", () => {
    onOpen();
    dialog.showModal();
  });
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
