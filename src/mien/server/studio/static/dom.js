// Making and finding elements, saying things, keys. Nothing here takes markup: text stays text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element.
 * @param {string} tag "div", or "svg:rect" for one of SVG.
 * @param {object} attributes onclick and the like take functions; `dataset` and `style` take
 *   objects; true is an attribute without a value; false, null and undefined leave it out.
 * @param {...(Node|string|number|null|Array)} children texts and elements.
 */
export function h(tag, attributes = {}, ...children) {
  const made = tag.startsWith("svg:")
    ? document.createElementNS(SVG, tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    set(made, name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

function set(element, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (name.startsWith("on")) {
    element.addEventListener(name.slice(2), value);
  } else if (name === "dataset") {
    Object.assign(element.dataset, value);
  } else if (name === "style") {
    for (const [property, each] of Object.entries(value)) element.style.setProperty(property, each);
  } else if (name === "value" || name === "checked") {
    element[name] = value;
  } else {
    element.setAttribute(name, value === true ? "" : value);
  }
}

/** The first element of a selector, or null. */
export function $(selector, within = document) {
  return within.querySelector(selector);
}

/** All elements of a selector. */
export function $$(selector, within = document) {
  return [...within.querySelectorAll(selector)];
}

const sprite = new URL("icons.svg", import.meta.url).href;

/** An icon of icons.svg; read out where it has a label. */
export function icon(name, label = "") {
  const told = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return h("svg:svg", { class: "icon", ...told }, h("svg:use", { href: `${sprite}#${name}` }));
}

let clearing = 0;

/** Have something read out. */
export function announce(text) {
  const announcer = $("#announcer");
  announcer.textContent = "";
  clearTimeout(clearing);
  clearing = setTimeout(() => (announcer.textContent = text), 50); // a change is what is read out
}

/**
 * Show an error where it happened, or take it away.
 * @param {Element} element an empty element that is kept for it.
 * @param {Error|string|null} error its message is shown.
 */
export function showError(element, error) {
  element.hidden = !error;
  element.replaceChildren();
  if (!error) return;
  const text = typeof error === "string" ? error : error.message;
  element.classList.add("told", "error");
  element.setAttribute("role", "alert");
  element.append(icon("warning"), h("span", {}, text));
}

/** 3725.4 as "1:02:05"; with digits, "1:02:05.4". */
export function formatTime(seconds, digits = 0) {
  const scale = 10 ** digits;
  const whole = Math.floor(Math.max(0, seconds) * scale + 1e-6) / scale;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = (whole % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** 1536 as "1.5 KB". */
export function formatBytes(bytes) {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit += 1;
  }
  return `${unit && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

const TYPING = "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select";

const PRESSED = "button, a, summary, [role=button], input[type=checkbox], input[type=radio]";

let pointed = false; // whether what has the focus has it from the pointer
document.addEventListener("pointerdown", () => (pointed = true), true);
document.addEventListener("keydown", (event) => event.key === "Tab" && (pointed = false), true);

/** Whether Space is meant for an element: a button that was clicked is done with. */
function takesSpace(element) {
  return element && !(pointed && element.matches("button"));
}

/**
 * Do things at keys, as long as nobody types in a field.
 * @param {Object<string, function(KeyboardEvent)>} map "k", "ArrowLeft", "Space", "Ctrl+z",
 *   "Ctrl+Shift+z"; Ctrl is Cmd on a Mac. What a function answers with false is not taken.
 * @returns {function()} ends it.
 */
export function onKeys(map, target = document) {
  const listen = (event) => {
    if (event.defaultPrevented || event.altKey || event.target.closest?.(TYPING)) return;
    if (event.target.closest?.("dialog")) return; // its keys are its own
    if (event.key === " " && takesSpace(event.target.closest?.(PRESSED))) return;
    const key = event.key === " " ? "Space" : event.key;
    const ctrl = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
    const shift = event.shiftKey && (ctrl || key.length > 1) ? "Shift+" : "";
    const found = map[ctrl + shift + (key.length === 1 ? key.toLowerCase() : key)];
    if (found && found(event) !== false) event.preventDefault();
  };
  target.addEventListener("keydown", listen);
  return () => target.removeEventListener("keydown", listen);
}
