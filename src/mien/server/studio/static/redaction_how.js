// How it is hidden: effect, strength, shape, margin, soft edge; shown at once, kept when let go.
import { $, h } from "./dom.js";

const WORDS = {
  blur: "Blur",
  pixelate: "Pixelate",
  solid: "Grey",
  black: "Black",
  outline: "Outline (hides nothing)",
  low: "Low",
  med: "Medium",
  high: "High",
  ellipse: "Ellipse",
  box: "Box",
};
const STRONG = ["blur", "pixelate"]; // effects that have a strength
const NAMES = ["effect", "strength", "mask", "margin", "feather"];

export class Hows {
  constructor(redaction, { edit, preview }) {
    this.redaction = redaction;
    this.edit = edit;
    this.preview = preview;
    const { effects, strengths, masks } = redaction.state.choices;
    this.fill("#effect", effects);
    this.fill("#strength", strengths);
    this.fill("#mask", masks);
    for (const name of NAMES) {
      $(`#${name}`).addEventListener("input", () => this.changed());
      $(`#${name}`).addEventListener("change", () => this.keep());
    }
  }

  fill(place, words) {
    $(place).replaceChildren(...words.map((word) => h("option", { value: word }, WORDS[word])));
  }

  /** What the fields say. */
  read() {
    const value = (name) => $(`#${name}`).value;
    const look = { effect: value("effect"), strength: value("strength"), mask: value("mask") };
    return { ...look, margin: Number(value("margin")), feather: Number(value("feather")) };
  }

  show() {
    for (const name of NAMES) $(`#${name}`).value = this.redaction.state.look[name];
    this.tell();
  }

  tell() {
    const { effect, strength, margin, feather } = this.read();
    const { unsafe } = this.redaction.state.choices;
    const field = $("#strength");
    field.disabled = !STRONG.includes(effect);
    for (const option of field.options) {
      option.disabled = effect !== "outline" && unsafe.some(([e, s]) => e === effect && s === option.value);
    }
    $("#margin-told").textContent = `${Math.round(margin * 100)} %`;
    $("#feather-told").textContent = `${Math.round(feather * 100)} %`;
    const weak = unsafe.some(([e, s]) => e === effect && s === strength);
    $("#how-note").textContent =
      effect === "outline"
        ? "An outline draws around faces and hides nothing."
        : weak
          ? "This can be seen through; no copy is made with it."
          : "Masks reach this far beyond the face.";
  }

  changed() {
    if (STRONG.includes($("#effect").value) && $("#strength").selectedOptions[0]?.disabled) {
      $("#strength").value = "med";
    }
    this.tell();
    this.preview(this.read());
  }

  async keep() {
    const look = this.read();
    const known = this.redaction.state.look;
    if (NAMES.some((name) => look[name] !== known[name])) await this.edit({ kind: "effect", ...look });
    this.preview(null);
  }
}
