// Two faces side by side, and whether they are of one person.
import { $, announce, h, showError } from "./dom.js";
import { send } from "./http.js";
import { percent, verdictOf } from "./words.js";

const API = "/studio/api/photo/compare";
const SIDE = 144;
const ROOM = 1.4; // of a face's longer side, for the picture of it

/** A square picture of a face. */
async function cut(url, [x0, y0, x1, y1]) {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const side = ROOM * Math.max(x1 - x0, y1 - y0);
  const canvas = h("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
  const from = [(x0 + x1 - side) / 2, (y0 + y1 - side) / 2, side, side];
  canvas.getContext("2d").drawImage(picture, ...from, 0, 0, SIDE, SIDE);
  return canvas;
}

/** Fires "change" when a face is added or taken out. */
export class Comparison extends EventTarget {
  constructor(pair, verdict) {
    super();
    this.pair = pair;
    this.verdict = verdict;
    this.faces = [];
    this.show();
  }

  has(picture, index) {
    return this.faces.some((each) => each.picture === picture && each.index === index);
  }

  /** Add a face; of two that are there, the second makes room. */
  async add(picture, index) {
    const { box } = picture.faces[index];
    const image = await cut(picture.url, box);
    this.faces = [...this.faces.slice(0, 1), { picture, index, box, image }];
    this.changed();
  }

  take(picture, index) {
    this.faces = this.faces.filter((each) => each.picture !== picture || each.index !== index);
    this.changed();
  }

  /** A picture is gone. */
  forget(picture) {
    if (!this.faces.some((each) => each.picture === picture)) return;
    this.faces = this.faces.filter((each) => each.picture !== picture);
    this.changed();
  }

  changed() {
    this.show();
    this.judge();
    this.dispatchEvent(new Event("change"));
  }

  show() {
    const slots = [0, 1].map((place) => this.slot(this.faces[place], place));
    this.pair.replaceChildren(...slots);
  }

  slot(face, place) {
    if (!face) {
      const text = place ? "Then the second face" : "Choose a face, then press “Add to comparison”";
      return h("div", { class: "slot free" }, h("p", {}, text));
    }
    const { picture, index, image } = face;
    const out = () => this.take(picture, index);
    return h(
      "div",
      { class: "slot" },
      image,
      h(
        "div",
        {},
        h("p", { title: picture.name }, `Face ${index + 1} of ${picture.name}`),
        h("button", { type: "button", class: "small quiet", onclick: out }, "Take out"),
      ),
    );
  }

  async judge() {
    const [first, second] = this.faces;
    this.verdict.replaceChildren();
    if (!second) return;
    const asked = [first, second];
    const form = new FormData();
    form.append("first", first.picture.file, "first");
    if (second.picture !== first.picture) form.append("second", second.picture.file, "second");
    form.append("firstBox", first.box.join(","));
    form.append("secondBox", second.box.join(","));
    this.verdict.append(h("p", { class: "soft" }, "Comparing…"));
    let shown;
    try {
      const answer = await (await send("POST", API, form)).json();
      shown = this.told(answer);
    } catch (error) {
      shown = h("div", {});
      showError(shown, error);
    }
    if (asked.every((face, place) => this.faces[place] === face))
      this.verdict.replaceChildren(shown);
  }

  told(answer) {
    const { title, meaning } = verdictOf(answer);
    announce(title);
    const full = h("div", { class: "full", style: { width: `${100 * answer.confidence}%` } });
    return h(
      "div",
      { class: "verdict" },
      h("p", { class: "lead" }, title),
      h(
        "p",
        {},
        `Confidence ${percent(answer.confidence)}; from 50 % on two faces count as one person.`,
      ),
      h("div", { class: "scale", "aria-hidden": "true" }, full, h("div", { class: "line" })),
      h("p", { class: "note" }, meaning),
    );
  }
}

/** The place of the comparison on the page; hidden where faces may not be compared. */
export function comparisonOf(section) {
  return new Comparison($("#pair", section), $("#verdict", section));
}
