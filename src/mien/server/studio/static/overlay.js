// Boxes and points over a picture, a video or a canvas, in the media's own pixels.
import { h } from "./dom.js";

const LETTERS = 13; // CSS pixels
const POINT = 1.5;
const PERSONS = 12;
const DARK = "#101216";
const LIGHT = "#ffffff";

/** The size of what is shown, in its own pixels. */
function sizeOf(media) {
  const width = media.naturalWidth || media.videoWidth || media.width;
  const height = media.naturalHeight || media.videoHeight || media.height;
  return [width, height];
}

/** The colour of a person or face 0, 1, 2 …, as mien.report.palette has it; grey for none (-1). */
export function personColour(number) {
  return `var(--person-${number < 0 ? "nobody" : number % PERSONS})`;
}

const inks = new Map();

function luminance([r, g, b]) {
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
}

/** Dark or light letters, whichever can be read better on a colour. */
function inkOn(colour, element) {
  if (!inks.has(colour)) {
    element.style.color = colour;
    const parts = getComputedStyle(element).color.match(/[\d.]+/g).map(Number);
    element.style.color = "";
    const bright = luminance(parts) + 0.05;
    inks.set(colour, bright / (luminance([16, 18, 22]) + 0.05) >= 1.05 / bright ? DARK : LIGHT);
  }
  return inks.get(colour);
}

/**
 * An SVG that lies exactly over the media. The media's parent becomes the frame.
 * Fires "pick" with `detail.id` when a box is clicked, or Enter or Space pressed on it.
 */
export class Overlay extends EventTarget {
  constructor(media) {
    super();
    this.media = media;
    this.faces = [];
    this.shown = new Map();
    this.svg = h("svg:svg", { class: "overlay", preserveAspectRatio: "xMidYMid meet" });
    media.parentElement.classList.add("overlay-frame");
    media.after(this.svg);
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(media);
    for (const name of ["load", "loadedmetadata", "resize"]) {
      media.addEventListener(name, () => this.fit());
    }
    this.fit();
  }

  /**
   * Show faces in place of those that were shown. The element of a face that stays is kept, so
   * that what is focused or pressed remains so while boxes move.
   * @param {Array<{id, label?: string, title?: string, box: number[], points?: number[][],
   *   colour?: string, dashed?: boolean, selected?: boolean}>} faces box is x0, y0, x1, y1; points
   *   are x, y; `title` is read out, else the label; dashed: nobody saw the box, it was put there.
   */
  setFaces(faces) {
    this.faces = faces;
    const before = this.shown;
    this.shown = new Map(faces.map((face) => [String(face.id), before.get(String(face.id))]));
    for (const [id, element] of before) if (!this.shown.has(id)) element.remove();
    faces.forEach((face, place) => {
      const element = this.shown.get(String(face.id)) ?? this.make(face.id);
      this.shown.set(String(face.id), element);
      if (this.svg.children[place] !== element) this.place(element, place);
      this.draw(element, face); // once it is in its place: else its letters have no width
    });
  }

  /** The element of a face, or undefined. */
  find(id) {
    return this.shown.get(String(id));
  }

  /** Take the overlay away. */
  remove() {
    this.observer.disconnect();
    this.svg.remove();
  }

  /** Put an element at its place; moving one takes the focus from it. */
  place(element, place) {
    const focused = element === document.activeElement;
    this.svg.insertBefore(element, this.svg.children[place] ?? null);
    if (focused) element.focus({ preventScroll: true });
  }

  fit() {
    const { media, svg } = this;
    const [width, height] = sizeOf(media);
    if (!width || !height || !media.clientWidth) return;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.style.left = `${media.offsetLeft + media.clientLeft}px`;
    svg.style.top = `${media.offsetTop + media.clientTop}px`;
    svg.style.width = `${media.clientWidth}px`;
    svg.style.height = `${media.clientHeight}px`;
    const scale = Math.max(width / media.clientWidth, height / media.clientHeight);
    if (scale !== this.scale) {
      this.scale = scale; // the media's pixels for a CSS pixel
      this.setFaces(this.faces);
    }
  }

  make(id) {
    const pick = () => this.dispatchEvent(new CustomEvent("pick", { detail: { id } }));
    const press = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      pick();
    };
    return h(
      "svg:g",
      { tabindex: "0", role: "button", dataset: { id: String(id) }, onclick: pick, onkeydown: press },
      h("svg:rect", { class: "halo" }),
      h("svg:rect", { class: "box" }),
      h("svg:g", { class: "points", "aria-hidden": "true" }),
      h("svg:g", { class: "label", "aria-hidden": "true" }),
    );
  }

  draw(element, face) {
    const [halo, box, points, label] = element.children;
    const [x0, y0, x1, y1] = face.box;
    const scale = this.scale ?? 1;
    const place = { x: x0, y: y0, width: Math.max(0, x1 - x0), height: Math.max(0, y1 - y0) };
    for (const rect of [halo, box]) {
      for (const [name, value] of Object.entries({ ...place, rx: 3 * scale })) {
        rect.setAttribute(name, value);
      }
    }
    const classes = ["face", face.selected && "selected", face.dashed && "dashed"];
    element.setAttribute("class", classes.filter(Boolean).join(" "));
    element.setAttribute("aria-pressed", String(Boolean(face.selected)));
    element.setAttribute("aria-label", face.title ?? face.label ?? String(face.id));
    if (face.colour) element.style.setProperty("--box", face.colour);
    else element.style.removeProperty("--box");
    this.drawPoints(points, face.points ?? [], place.width);
    this.drawLabel(label, face, x0, y0);
  }

  drawPoints(group, points, width) {
    // many on a small face would hide it
    const r = Math.min(POINT * (this.scale ?? 1), width / (3 * Math.sqrt(points.length)));
    group.replaceChildren(...points.map(([cx, cy]) => h("svg:circle", { cx, cy, r })));
  }

  drawLabel(group, face, x, y) {
    group.replaceChildren();
    if (!face.label) return;
    const scale = this.scale ?? 1;
    const letters = LETTERS * scale;
    const height = letters * 1.4;
    const top = y >= height ? y - height : y;
    const ink = inkOn(face.colour ?? personColour(0), this.svg);
    const text = h(
      "svg:text",
      { x: x + 0.4 * letters, y: top + 1.02 * letters, "font-size": letters, style: { fill: ink } },
      face.label,
    );
    const plate = h("svg:rect", { class: "plate", x, y: top, height, rx: 3 * scale });
    group.append(plate, text);
    const width = text.getComputedTextLength() + 0.8 * letters;
    const left = Math.max(0, Math.min(x, sizeOf(this.media)[0] - width));
    plate.setAttribute("width", width);
    plate.setAttribute("x", left);
    text.setAttribute("x", left + 0.4 * letters);
  }
}
