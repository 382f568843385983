// The panel of one face: expressions as bars, attributes and quality in words, why it may be wrong.
import { bars } from "./charts.js";
import { h, showError } from "./dom.js";
import {
  EXPRESSIONS,
  agreementOf,
  attributesOf,
  doubtsOf,
  looks,
  percent,
  qualityOf,
} from "./words.js";

function facts(title, content) {
  return h("section", { class: "facts" }, h("h3", {}, title), content);
}

function terms(title, pairs) {
  if (!pairs.length) return null;
  const rows = pairs.map(([term, words]) => h("div", {}, h("dt", {}, term), h("dd", {}, words)));
  return facts(title, h("dl", {}, rows));
}

function doubts(face) {
  const told = doubtsOf(face);
  if (!told.length)
    return facts(
      "Why it may be wrong",
      h("p", { class: "note" }, "Nothing here speaks against what is told."),
    );
  return facts(
    "Why it may be wrong",
    h(
      "ul",
      {},
      told.map((text) => h("li", {}, text)),
    ),
  );
}

/** The chart of a face, drawn into an element that is in the page. */
async function draw(element, emotion) {
  try {
    await bars(element, {
      title: "Expression",
      labels: EXPRESSIONS,
      values: EXPRESSIONS.map((name) => emotion[name]),
      colours: EXPRESSIONS.map((name) => `--emotion-${name}`),
      format: percent,
    });
  } catch (error) {
    showError(element, error);
  }
}

function expressions(face, offered) {
  if (!offered)
    return [
      h("p", { class: "soft" }, "Expressions are switched off by whoever runs this service."),
    ];
  const emotion = face.faceAttributes?.emotion;
  if (!emotion)
    return [h("p", { class: "soft" }, "No expression is told of this face; see below why.")];
  const chart = h("div", { class: "bars" });
  draw(chart, emotion);
  return [chart, h("p", {}, agreementOf(face))];
}

/**
 * Show a face.
 * @param {Element} card where to.
 * @param {{face: object, number: number, count: number, offered: string[], actions: Node[]}} what
 */
export function showFace(card, { face, number, count, offered, actions }) {
  card.hidden = false;
  const told = offered.includes("emotion");
  const lead = told ? `Face ${number} ${looks(face.faceAttributes?.emotion)}` : `Face ${number}`;
  card.replaceChildren(
    h(
      "div",
      { class: "row apart" },
      h(
        "div",
        {},
        h("h2", { class: "lead" }, lead),
        h("p", { class: "note" }, `${number} of ${count}`),
      ),
      actions,
    ),
    ...expressions(face, told),
    doubts(face),
    ...[
      terms("What it looks like", attributesOf(face)),
      terms("How well it shows", qualityOf(face)),
    ].filter(Boolean),
  );
}
