// A box that is being drawn or moved over a picture: with the pointer, or with the keys.
import { announce, h } from "./dom.js";

const LEAST = 6; // pixels of the picture
const STEP = 0.01; // of the picture's width

/**
 * Fires "done" with `detail.box` (x0, y0, x1, y1 in the picture's pixels), and "cancel".
 * Arrow keys move the box, with Shift they change its size; Enter takes it, Escape leaves it.
 */
export class Draft extends EventTarget {
  /**
   * @param {Element} picture an image or a video, in the middle of its parent.
   * @param {number[]} size of the picture that boxes are told in: width, height.
   * @param {number[]|null} box to begin with.
   */
  constructor(picture, size, box = null) {
    super();
    this.size = size;
    const [width, height] = size;
    this.box = box ?? [width * 0.4, height * 0.4, width * 0.6, height * 0.6];
    this.drawn = box !== null;
    this.from = null;
    this.sheet = h("svg:rect", { class: "draft-sheet", width, height });
    this.rect = h("svg:rect", {
      class: "draft",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "box",
      "aria-label": "Box. Arrow keys move it, with Shift they change its size. Enter takes it, Escape leaves it.",
    });
    this.group = h("svg:g", {}, this.sheet, this.rect);
    const layer = { class: "draft-layer", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "xMidYMid meet" };
    this.svg = h("svg:svg", layer, this.group);
    picture.parentElement.append(this.svg);
    this.listeners = new AbortController();
    const options = { signal: this.listeners.signal };
    this.group.addEventListener("pointerdown", (event) => this.down(event), options);
    this.group.addEventListener("pointermove", (event) => this.move(event), options);
    this.group.addEventListener("pointerup", (event) => this.up(event), options);
    this.rect.addEventListener("keydown", (event) => this.key(event), options);
    this.show();
    this.rect.focus({ preventScroll: true });
    announce("Draw a box with the pointer, or move this one with the arrow keys.");
  }

  end() {
    this.listeners.abort();
    this.svg.remove();
  }

  take() {
    const [x0, y0, x1, y1] = this.box;
    if (x1 - x0 < LEAST || y1 - y0 < LEAST) return;
    this.end();
    this.dispatchEvent(new CustomEvent("done", { detail: { box: this.box } }));
  }

  cancel() {
    this.end();
    this.dispatchEvent(new CustomEvent("cancel"));
  }

  place(event) {
    const matrix = this.svg.getScreenCTM().inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return [Math.min(Math.max(x, 0), this.size[0]), Math.min(Math.max(y, 0), this.size[1])];
  }

  down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.group.setPointerCapture(event.pointerId);
    const at = this.place(event);
    const [x0, y0, x1, y1] = this.box;
    const inside = at[0] > x0 && at[0] < x1 && at[1] > y0 && at[1] < y1;
    this.from = { at, box: this.drawn && inside ? [...this.box] : null };
  }

  move(event) {
    if (!this.from) return;
    const [x, y] = this.place(event);
    const { at, box } = this.from;
    if (box) {
      this.shift(box, x - at[0], y - at[1]);
    } else {
      this.box = [Math.min(x, at[0]), Math.min(y, at[1]), Math.max(x, at[0]), Math.max(y, at[1])];
    }
    this.show();
  }

  up(event) {
    if (!this.from) return;
    this.move(event);
    const moved = this.from.box !== null;
    this.from = null;
    this.drawn = true;
    this.rect.focus({ preventScroll: true });
    const [x0, y0, x1, y1] = this.box;
    if (!moved && (x1 - x0 < LEAST || y1 - y0 < LEAST)) return;
    this.take();
  }

  key(event) {
    const step = this.size[0] * STEP;
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key === "Enter") this.take();
    else if (event.key === "Escape") this.cancel();
    else if (ways[event.key]) this.nudge(...ways[event.key], event.shiftKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  nudge(x, y, grow) {
    if (grow) {
      const [x0, y0, x1, y1] = this.box;
      this.box = [x0, y0, Math.max(x0 + LEAST, x1 + x), Math.max(y0 + LEAST, y1 + y)];
    } else {
      this.shift(this.box, x, y);
    }
    this.drawn = true;
    this.show();
  }

  shift(box, x, y) {
    this.box = [box[0] + x, box[1] + y, box[2] + x, box[3] + y];
  }

  show() {
    const [x0, y0, x1, y1] = this.box;
    for (const [name, value] of Object.entries({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 })) {
      this.rect.setAttribute(name, Math.max(0, value));
    }
    this.group.classList.toggle("fresh", !this.drawn);
  }
}
