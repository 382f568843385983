// The boxes of the frame that is shown, and what can be done with them: keep, hide, draw, move, delete.
import { $, announce, h, icon } from "./dom.js";
import { choose } from "./dialog.js";
import { nameOf } from "./people_colours.js";
import { Draft } from "./redaction_draft.js";

const COLOURS = { hide: "var(--bad)", keep: "var(--person-2)", drawn: "var(--person-4)", look: "var(--person-1)" };

export class Boxes {
  constructor(redaction, sides, { edit }) {
    this.redaction = redaction;
    this.sides = sides;
    this.edit = edit;
    this.selected = null; // "person 3", "drawing 7"
    this.pointed = null;
    this.draft = null;
    sides.addEventListener("frame", () => this.show());
    for (const name of ["play", "pause", "ended"]) this.player.video.addEventListener(name, () => this.showSelection());
    this.player.overlay.addEventListener("pick", (event) => this.select(event.detail.id));
    $("#draw").addEventListener("click", () => this.draw());
  }

  get player() {
    return this.sides.player;
  }

  get boxes() {
    return this.sides.frame?.faces ?? [];
  }

  /** The time of the frame that is shown, as edits have it. */
  get time() {
    return { pts: this.sides.frame.pts, timeBase: this.redaction.state.video.timeBase };
  }

  person(id) {
    return this.redaction.state.people.find((each) => each.id === id);
  }

  name(box) {
    if (box.drawing !== null) return "Drawn box";
    const person = this.person(box.person);
    return person ? nameOf(person) : "Somebody";
  }

  key(box) {
    if (box.drawing !== null) return `drawing ${box.drawing}`;
    if (box.person !== null) return `person ${box.person}`;
    return `nobody ${box.box.map(Math.round).join(" ")}`;
  }

  /** Go to a place that somebody should look at, and mark it: {frame, box, text}. */
  point(place) {
    this.pointed = place;
    this.selected = null;
    this.sides.go(place.frame);
    if (this.sides.frame?.number === place.frame) this.show();
    this.player.video.scrollIntoView({ block: "nearest" });
  }

  show() {
    const { video } = this.player;
    const { width, height } = this.redaction.state.video;
    const [x, y] = [video.videoWidth / width || 1, video.videoHeight / height || 1];
    const scaled = ([left, top, right, bottom]) => [left * x, top * y, right * x, bottom * y];
    const faces = this.boxes.map((box) => this.shown(box, scaled));
    if (this.pointed && this.pointed.frame === this.sides.frame?.number) {
      const { box, text } = this.pointed;
      faces.push({ id: "look", label: "look here", title: text, box: scaled(box), colour: COLOURS.look });
    }
    this.player.overlay.setFaces(faces);
    this.showSelection();
  }

  shown(box, scaled) {
    const kept = box.choice === "keep";
    const drawn = box.drawing !== null;
    const seen = box.seen || drawn ? "" : ", where the face should be";
    return {
      id: this.key(box),
      label: drawn ? "drawn" : `${this.name(box)}${kept ? " · kept" : ""}`,
      title: `${this.name(box)}, ${kept ? "kept" : "hidden"}${seen}`,
      box: scaled(box.face ?? box.box),
      colour: COLOURS[drawn ? "drawn" : box.choice],
      dashed: !box.seen && !drawn,
      selected: this.key(box) === this.selected,
    };
  }

  select(key) {
    if (key === "look") return;
    this.player.pause();
    this.selected = this.selected === key ? null : key;
    this.show();
    if (this.selected) $("#selection button")?.focus({ preventScroll: true });
  }

  /** What can be done with the box that is selected, while the video stands still. */
  showSelection() {
    const place = $("#selection");
    const box = this.boxes.find((each) => this.key(each) === this.selected);
    place.hidden = !box || !this.player.stands;
    if (place.hidden) return;
    const focused = place.contains(document.activeElement) ? document.activeElement.dataset.act : null;
    const kept = box.choice === "keep";
    place.replaceChildren(
      h("p", {}, this.name(box), h("span", { class: "soft" }, kept ? " · kept" : " · hidden")),
      h("div", { class: "row" }, this.acts(box)),
    );
    if (focused) ($(`[data-act="${focused}"]`, place) ?? $("button", place))?.focus({ preventScroll: true });
  }

  acts(box) {
    const button = (act, name, text, onclick, kind = "") =>
      h(
        "button",
        { type: "button", class: `small ${kind}`, dataset: { act }, onclick },
        icon(name),
        h("span", {}, text),
      );
    const person = this.person(box.person);
    const kept = box.choice === "keep";
    const own = box.face || box.drawing !== null;
    return [
      person ? button("choose", kept ? "hide" : "show", kept ? "Hide" : "Keep", () => this.choose(person, kept)) : null,
      own ? button("move", "edit", "Move", () => this.moveBox(box)) : null,
      own ? button("delete", "delete", "Delete", () => this.remove(box), "danger") : null,
    ];
  }

  choose(person, kept) {
    const anchors = { hide: [], keep: [] };
    anchors[kept ? "hide" : "keep"].push(person.anchor);
    this.edit({ kind: "choose", ...anchors });
  }

  /** What an edit calls a box: a face by its place, a drawn box by the edit that drew it. */
  target(box, time) {
    if (box.drawing !== null) return { edit: box.drawing, time };
    return { time, box: box.face };
  }

  async draw() {
    const drawn = await this.drafted(null);
    if (!drawn) return;
    const tracked = await this.askFollow("Hide this place");
    if (tracked === null) return;
    const done = await this.edit({ kind: "draw", ...drawn, tracked });
    if (done) announce(tracked ? "Drawn, and being followed" : "Drawn");
  }

  async moveBox(box) {
    const drawn = await this.drafted(box.face ?? box.box);
    if (!drawn) return;
    const tracked = await this.askFollow("Move the box");
    if (tracked === null) return;
    await this.edit({ kind: "move", what: this.target(box, drawn.time), box: drawn.box, tracked });
  }

  /** A box that somebody draws over the frame, in the video's pixels, and the frame's time; null if
   * they do not. */
  drafted(box) {
    this.draft?.cancel();
    if (!this.sides.frame) return Promise.resolve(null);
    this.player.pause();
    const { time } = this;
    const { width, height } = this.redaction.state.video;
    const button = $("#draw");
    return new Promise((resolve) => {
      const end = (found) => {
        this.draft = null;
        button.setAttribute("aria-pressed", "false");
        button.focus({ preventScroll: true });
        resolve(found);
      };
      button.setAttribute("aria-pressed", "true");
      this.draft = new Draft(this.player.video, [width, height], box);
      this.draft.addEventListener("done", (event) => end({ time, box: event.detail.box }));
      this.draft.addEventListener("cancel", () => end(null));
    });
  }

  /** Whether a box is followed, or stays where it is; null: neither. */
  async askFollow(title) {
    const found = await choose({
      title,
      options: [
        ["follow", "Follow what is in it", "Both ways, until it is lost or another shot begins."],
        ["stay", "Stay in this place", "From the beginning of this shot to its end."],
      ],
      confirm: title,
    });
    return found === null ? null : found === "follow";
  }

  async remove(box) {
    const { time } = this;
    const drawn = box.drawing !== null;
    const reach = await choose({
      title: drawn ? "Delete the drawn box" : "This is no face that must be hidden",
      options: [
        ["all", "Everywhere", drawn ? "It is hidden nowhere." : "It is hidden nowhere: the whole time of this person."],
        ["after", "From here on", ""],
        ["before", "Up to here", ""],
        ...(drawn ? [["frame", "In this frame only", ""]] : []),
      ],
      confirm: "Delete",
    });
    if (reach === null) return;
    this.selected = null;
    await this.edit({ kind: "delete", what: this.target(box, time), reach });
  }
}
