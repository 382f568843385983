// A card for each person: hidden or kept.
import { $, formatTime, h } from "./dom.js";
import { nameOf } from "./people_colours.js";

export class People {
  constructor(redaction, { edit, go }) {
    this.redaction = redaction;
    this.edit = edit;
    this.go = go;
    $("#hide-all").addEventListener("click", () => this.choose(() => "hide"));
    $("#keep-all").addEventListener("click", () => this.choose(() => "keep"));
    $("#invert").addEventListener("click", () =>
      this.choose((person) => (person.choice === "keep" ? "hide" : "keep")),
    );
  }

  get people() {
    return this.redaction.state.people;
  }

  /** Choose for everyone at once; nothing where nothing changes. */
  choose(wish) {
    const anchors = { hide: [], keep: [] };
    for (const person of this.people) {
      if (wish(person) !== person.choice) anchors[wish(person)].push(person.anchor);
    }
    if (anchors.hide.length + anchors.keep.length) this.edit({ kind: "choose", ...anchors });
  }

  show() {
    const kept = this.people.filter((each) => each.choice === "keep").length;
    const all = this.people.length;
    $("#people-note").textContent = !all
      ? "Nobody was found. What you draw is hidden."
      : kept
        ? `${all - kept} of ${all} hidden, ${kept} kept.`
        : "Everyone is hidden until you keep them.";
    for (const name of ["hide-all", "keep-all", "invert"]) $(`#${name}`).disabled = !all;
    $("#merge-note").hidden = !all;
    const focused = document.activeElement?.dataset?.key;
    $("#people").replaceChildren(...this.people.map((person) => this.card(person)));
    if (focused) $(`#people [data-key="${focused}"]`)?.focus({ preventScroll: true });
  }

  card(person) {
    const name = nameOf(person);
    const choose = (choice) => {
      if (choice === person.choice) return;
      const anchors = { hide: [], keep: [] };
      anchors[choice].push(person.anchor);
      this.edit({ kind: "choose", ...anchors });
    };
    const button = (choice, text) =>
      h(
        "button",
        {
          type: "button",
          class: "small",
          "aria-pressed": String(person.choice === choice),
          "aria-label": `${text} ${name}`,
          dataset: { key: `${choice} ${person.id}` },
          onclick: () => choose(choice),
        },
        text,
      );
    return h(
      "li",
      { class: `person ${person.choice}`, dataset: { person: String(person.id) } },
      h(
        "button",
        { type: "button", class: "face-button", title: "Go to this picture", onclick: () => this.go(person.bestFrame) },
        h("img", { src: this.redaction.thumb(person.id), alt: `${name}, at ${this.moment(person.bestFrame)}`, loading: "lazy" }),
      ),
      h(
        "div",
        { class: "who-is" },
        h("p", { class: "person-name" }, name),
        h("p", { class: "hint" }, `${person.seconds < 60 ? `${person.seconds.toFixed(1)} s` : formatTime(person.seconds)} in view`),
        h("div", { class: "pair-of", role: "group", "aria-label": name }, button("hide", "Hide"), button("keep", "Keep")),
      ),
    );
  }

  moment(frame) {
    const { seconds, frames } = this.redaction.state.video;
    return formatTime((frame / Math.max(frames, 1)) * seconds);
  }
}
