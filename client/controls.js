// The control panel: built-in sliders from the page, the piece's own from what the server lists, the key from two
// selects. What the listener does shows at once; what the server says wins as soon as the listener lets go.

const HOLD_MS = 1500; // after a touch, server values wait this long
const UNITS = { bpm: " BPM" };

/** A value as people read it. */
export function formatValue(spec, value) {
  if (spec.min === 0 && spec.max === 1) return `${Math.round(value * 100)}%`;
  const digits = spec.integer ? 0 : spec.max - spec.min >= 20 ? 1 : 2;
  return `${value.toFixed(digits)}${UNITS[spec.name] ?? ""}`;
}

class Slider {
  constructor(element, onInput) {
    this.element = element;
    this.input = element.querySelector("input");
    this.output = element.querySelector("output");
    this.heldUntil = 0;
    this.dragging = false;
    this.input.addEventListener("input", () => this.touched(onInput));
    this.input.addEventListener("pointerdown", () => (this.dragging = true));
    for (const end of ["pointerup", "pointercancel", "blur"]) {
      this.input.addEventListener(end, () => (this.dragging = false));
    }
  }

  describe(spec) {
    this.spec = spec;
    const { input } = this;
    input.min = spec.min;
    input.max = spec.max;
    input.step = spec.integer ? 1 : (spec.max - spec.min) / 100;
    input.disabled = false;
    this.element.querySelector("label").textContent = spec.label;
    this.show(Number(input.value));
  }

  touched(onInput) {
    this.heldUntil = performance.now() + HOLD_MS;
    const value = Number(this.input.value);
    this.show(value);
    onInput(this.spec.name, value);
  }

  held() {
    return this.dragging || performance.now() < this.heldUntil;
  }

  set(value) {
    if (this.held()) return;
    this.input.value = value;
    this.show(value);
  }

  show(value) {
    const text = formatValue(this.spec, value);
    this.output.textContent = text;
    this.input.setAttribute("aria-valuetext", text);
    this.place("--value", value);
  }

  /** Marks the value that sounds now. */
  sounding(value) {
    this.place("--sounding", value);
    this.element.toggleAttribute("data-waiting", Math.abs(value - Number(this.input.value)) > this.input.step / 2);
  }

  place(property, value) {
    const { min, max } = this.spec;
    this.element.style.setProperty(property, (value - min) / (max - min));
  }
}

class KeySelect {
  constructor(element, onInput) {
    this.tonic = element.querySelector("#tonic");
    this.mode = element.querySelector("#mode");
    this.heldUntil = 0;
    for (const select of [this.tonic, this.mode]) {
      select.addEventListener("change", () => {
        this.heldUntil = performance.now() + HOLD_MS;
        onInput("key", `${this.tonic.value} ${this.mode.value}`);
      });
    }
  }

  describe({ tonics, modes }) {
    const common = ["major", "minor"].filter((mode) => modes.includes(mode));
    const others = modes.filter((mode) => !common.includes(mode));
    const text = [...tonics, ...modes].join();
    if (text === this.described) return;
    this.described = text;
    this.tonic.replaceChildren(...tonics.map(option));
    this.mode.replaceChildren(group("Common", common), group("Modes", others));
    this.tonic.disabled = this.mode.disabled = false;
  }

  set(key) {
    if (performance.now() < this.heldUntil) return;
    const [tonic, mode] = key.split(" ");
    choose(this.tonic, tonic);
    choose(this.mode, mode);
  }
}

function option(name) {
  const element = document.createElement("option");
  element.value = name;
  element.textContent = name.replace("#", "♯").replace(/^([A-G])b$/, "$1♭");
  return element;
}

function group(label, names) {
  const element = document.createElement("optgroup");
  element.label = label;
  element.append(...names.map(option));
  return element;
}

/** Other clients may have chosen a spelling that the list lacks. */
function choose(select, value) {
  if (![...select.options].some((each) => each.value === value)) select.append(option(value));
  select.value = value;
}

export class Controls {
  /** @param {HTMLElement} root  @param {(name: string, value) => void} onInput */
  constructor(root, onInput) {
    this.onInput = (name, value) => {
      this.values[name] = value;
      onInput(name, value);
    };
    this.own = root.querySelector("#own");
    this.template = root.querySelector("#slider");
    this.values = {};
    this.known = {}; // as the server last said
    this.key = new KeySelect(root.querySelector("#key"), this.onInput);
    this.sliders = new Map();
    for (const element of root.querySelectorAll("[data-control]")) {
      this.sliders.set(element.dataset.control, new Slider(element, this.onInput));
    }
    this.builtins = new Set(this.sliders.keys());
  }

  /** What the server lists: limits, labels, the piece's own controls. */
  describe(specs, keys) {
    this.key.describe(keys);
    const text = JSON.stringify(specs);
    if (text === this.described) return;
    this.described = text;
    this.own.replaceChildren();
    for (const name of this.sliders.keys()) if (!this.builtins.has(name)) this.sliders.delete(name);
    for (const spec of specs) (this.sliders.get(spec.name) ?? this.add(spec)).describe(spec);
    this.own.hidden = this.own.children.length === 0;
  }

  add({ name }) {
    const element = this.template.content.firstElementChild.cloneNode(true);
    const id = `control-${name}`;
    element.querySelector("input").id = id;
    element.querySelector("label").htmlFor = id;
    element.querySelector("output").htmlFor = id;
    this.own.append(element);
    const slider = new Slider(element, this.onInput);
    this.sliders.set(name, slider);
    return slider;
  }

  /** Values the server will play, or plays already. */
  apply(values) {
    Object.assign(this.known, values);
    if (values.key !== undefined) this.key.set(values.key);
    this.each(values, (slider, value) => slider.set(value));
  }

  sounding(values) {
    this.each(values, (slider, value) => slider.sounding(value));
  }

  /** The values as they stand on the page: the listener's, or the server's where the listener let go. */
  shown() {
    const values = { key: `${this.key.tonic.value} ${this.key.mode.value}` };
    for (const [name, slider] of this.sliders) if (slider.spec) values[name] = Number(slider.input.value);
    return values;
  }

  /** A change that was refused or did not arrive: back to what the server knows. */
  revert() {
    this.key.heldUntil = 0;
    for (const slider of this.sliders.values()) slider.heldUntil = 0;
    this.apply({ ...this.known });
  }

  /** A control's value in words: "D dorian", "84 BPM", "Melody density 40%". */
  describeValue(name, value) {
    if (name === "key") return prettyKey(value);
    const spec = this.sliders.get(name)?.spec;
    if (!spec) return `${name} ${value}`;
    const text = formatValue(spec, value);
    return UNITS[name] ? text : `${spec.label.toLowerCase()} ${text}`;
  }

  each(values, run) {
    for (const [name, value] of Object.entries(values)) {
      const slider = this.sliders.get(name);
      if (slider?.spec && typeof value === "number") run(slider, value);
    }
  }
}

export function prettyKey(key) {
  return key.replace("#", "♯").replace(/^([A-G])b /, "$1♭ ");
}
