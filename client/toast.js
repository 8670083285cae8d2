// Short messages at the edge of the page. They are announced, leave by themselves, though not while somebody points at
// them or is in them, and can be sent away.

const SHOWN = 3;
const REPEAT_MS = 10000;
const LINGER_MS = 2000;
const STAY_MS = { info: 5000, warning: 7000, error: 9000, critical: 12000 };

export class Toasts {
  constructor(root) {
    this.root = root;
    this.shownAt = new Map();
  }

  show(text, severity = "info") {
    const now = performance.now();
    if (now - (this.shownAt.get(text) ?? -Infinity) < REPEAT_MS) return;
    this.shownAt.set(text, now);
    const item = document.createElement("div");
    item.className = "toast";
    item.dataset.severity = severity;
    const words = document.createElement("p");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.setAttribute("aria-label", "Dismiss");
    close.textContent = "×";
    close.onclick = () => item.remove();
    item.append(words, close);
    this.root.append(item);
    const passing = [...this.root.querySelectorAll(".toast:not([data-held])")]; // others come and go by themselves
    for (const old of passing.slice(0, -SHOWN)) old.remove();
    const leave = () => (item.matches(":hover, :focus-within") ? setTimeout(leave, LINGER_MS) : item.remove());
    setTimeout(leave, STAY_MS[severity] ?? STAY_MS.info);
  }
}
