// The frame before and after, side by side; boxes in it, and what can be done with them.
import { $, announce, formatTime, h, icon } from "./dom.js";
import { Draft } from "./redaction_draft.js";
import { Overlay } from "./overlay.js";

const STEPS = 160; // widths of pictures that are asked for
const WAIT_MS = 60; // until a frame is asked for, while the slider moves

const COLOURS = { hide: "var(--bad)", keep: "var(--person-2)", drawn: "var(--person-4)", look: "var(--person-1)" };

export class Frames {
  constructor(redaction, { edit, attempt }) {
    this.redaction = redaction;
    this.edit = edit;
    this.attempt = attempt;
    this.number = 0;
    this.boxes = [];
    this.time = null;
    this.selected = null; // "person 3", "drawing 7"
    this.pointed = null;
    this.look = null;
    this.draft = null;
    this.asking = new AbortController();
    this.before = $("#before");
    this.after = $("#after");
    this.overlay = new Overlay(this.before);
    this.overlay.addEventListener("pick", (event) => this.select(event.detail.id));
    this.before.addEventListener("load", () => this.showBoxes());
    const scrub = $("#scrub");
    scrub.addEventListener("input", () => this.go(Number(scrub.value), { soon: true }));
    $("#previous").addEventListener("click", () => this.step(-1));
    $("#next").addEventListener("click", () => this.step(1));
    $("#draw").addEventListener("click", () => this.draw());
  }

  get video() {
    return this.redaction.state.video;
  }

  /** Show the state, which has changed. */
  show() {
    $("#scrub").max = this.video.frames - 1;
    this.go(Math.min(this.number, this.video.frames - 1));
  }

  step(by) {
    this.go(this.number + by);
  }

  /** Go to a frame. */
  go(number, { soon = false } = {}) {
    const last = this.video.frames - 1;
    this.number = Math.min(Math.max(number, 0), last);
    $("#scrub").value = this.number;
    this.asking.abort();
    this.asking = new AbortController();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.ask(this.asking.signal), soon ? WAIT_MS : 0);
  }

  /** Ask for the boxes and pictures of the frame. */
  async ask(signal) {
    const number = this.number;
    this.paint(this.before, "before", signal);
    this.paint(this.after, "after", signal);
    try {
      const told = await this.redaction.frame(number, signal);
      if (signal.aborted) return;
      this.boxes = told.boxes;
      this.time = told.time;
      const all = `${number + 1} of ${this.video.frames}`;
      $("#clock").textContent = `${formatTime(told.seconds, 2)} · frame ${all}`;
      $("#scrub").setAttribute("aria-valuetext", `${formatTime(told.seconds, 2)}, frame ${all}`);
      document.documentElement.dataset.frame = number;
      this.showBoxes();
    } catch (error) {
      if (error.name !== "AbortError") await this.attempt(() => Promise.reject(error));
    }
  }

  /** Put a picture into its place once it is there, unless another is wanted by then. */
  paint(image, side, signal) {
    const wide = Math.min(this.video.width, image.parentElement.clientWidth * devicePixelRatio || 640);
    const width = Math.max(STEPS, Math.ceil(wide / STEPS) * STEPS);
    const url = this.redaction.picture(side, this.number, width, this.look);
    const shown = `${side} ${this.number}`;
    const fresh = new Image();
    fresh.onload = () => {
      if (signal.aborted) return;
      image.src = url;
      image.dataset.shown = shown;
    };
    fresh.src = url;
  }

  /** Show how it would look, before it is chosen; null: as it was chosen. */
  preview(look) {
    this.look = look;
    this.paint(this.after, "after", this.asking.signal);
  }

  /** Go to a moment of doubt, and mark its place. */
  point(doubt) {
    this.pointed = doubt;
    this.selected = null;
    this.go(doubt.frame);
    this.before.scrollIntoView({ block: "nearest" });
  }

  person(id) {
    return this.redaction.state.people.find((each) => each.id === id);
  }

  name(box) {
    if (box.drawing !== null) return "Drawn box";
    const person = this.person(box.person);
    return person ? person.name || `Person ${person.id + 1}` : "Somebody";
  }

  key(box) {
    if (box.drawing !== null) return `drawing ${box.drawing}`;
    if (box.person !== null) return `person ${box.person}`;
    return `nobody ${box.box.map(Math.round).join(" ")}`;
  }

  showBoxes() {
    const scale = (this.before.naturalWidth || this.video.width) / this.video.width;
    const scaled = (box) => box.map((value) => value * scale);
    const faces = this.boxes.map((box) => {
      const what = box.choice === "keep" ? "kept" : "hidden";
      const kind = box.drawing !== null ? "drawn" : box.choice;
      const seen = box.seen || box.drawing !== null ? "" : ", where the face should be";
      return {
        id: this.key(box),
        label: box.drawing !== null ? "drawn" : `${this.name(box)}${box.choice === "keep" ? " · kept" : ""}`,
        title: `${this.name(box)}, ${what}${seen}`,
        box: scaled(box.face ?? box.box),
        colour: COLOURS[kind],
        selected: this.key(box) === this.selected,
      };
    });
    if (this.pointed?.frame === this.number) {
      const { box, text } = this.pointed;
      faces.push({ id: "look", label: "look here", title: text, box: scaled(box), colour: COLOURS.look });
    }
    this.overlay.setFaces(faces);
    this.showSelection();
  }

  select(key) {
    if (key === "look") return;
    this.selected = this.selected === key ? null : key;
    this.showBoxes();
    if (this.selected) $("#selection button")?.focus({ preventScroll: true });
  }

  /** What can be done with the box that is selected. */
  showSelection() {
    const place = $("#selection");
    const box = this.boxes.find((each) => this.key(each) === this.selected);
    place.hidden = !box;
    if (!box) return;
    const button = (name, text, act, kind = "") =>
      h("button", { type: "button", class: `small ${kind}`, onclick: act }, icon(name), h("span", {}, text));
    const person = this.person(box.person);
    const kept = box.choice === "keep";
    place.replaceChildren(
      h("p", {}, this.name(box), h("span", { class: "soft" }, kept ? " · kept" : " · hidden")),
      h(
        "div",
        { class: "row" },
        person ? button(kept ? "hide" : "show", kept ? "Hide" : "Keep", () => this.choose(person, kept)) : null,
        box.face || box.drawing !== null ? button("edit", "Move", () => this.moveBox(box)) : null,
        box.face || box.drawing !== null ? button("delete", "Delete", () => this.remove(box), "danger") : null,
      ),
    );
  }

  choose(person, kept) {
    const anchors = { hide: [], keep: [] };
    anchors[kept ? "hide" : "keep"].push(person.anchor);
    this.edit({ kind: "choose", ...anchors });
  }

  /** What an edit calls a box: a face by its place, a drawn box by the edit that drew it. */
  target(box) {
    if (box.drawing !== null) return { edit: box.drawing, time: this.time };
    return { time: this.time, box: box.face };
  }

  async draw() {
    const box = await this.drafted(null);
    if (!box) return;
    const tracked = await this.askFollow("Hide this place");
    if (tracked === null) return;
    const done = await this.edit({ kind: "draw", time: this.time, box, tracked });
    if (done) announce(tracked ? "Drawn, and being followed" : "Drawn");
  }

  async moveBox(box) {
    const place = await this.drafted(box.face ?? box.box);
    if (!place) return;
    const tracked = await this.askFollow("Move the box");
    if (tracked === null) return;
    await this.edit({ kind: "move", what: this.target(box), box: place, tracked });
  }

  /** A box that somebody draws over the frame, in the video's pixels; null if they do not. */
  drafted(box) {
    this.draft?.cancel();
    const { width, height } = this.video;
    const button = $("#draw");
    return new Promise((resolve) => {
      const end = (found) => {
        this.draft = null;
        button.setAttribute("aria-pressed", "false");
        button.focus({ preventScroll: true });
        resolve(found);
      };
      button.setAttribute("aria-pressed", "true");
      this.draft = new Draft(this.before, [width, height], box);
      this.draft.addEventListener("done", (event) => end(event.detail.box));
      this.draft.addEventListener("cancel", () => end(null));
    });
  }

  /** Whether a box is followed, or stays where it is; null: neither. */
  askFollow(title) {
    return choice({
      title,
      options: [
        ["follow", "Follow what is in it", "Both ways, until it is lost or another shot begins."],
        ["stay", "Stay in this place", "From the beginning of this shot to its end."],
      ],
      confirm: title,
    }).then((found) => (found === null ? null : found === "follow"));
  }

  async remove(box) {
    const drawn = box.drawing !== null;
    const reach = await choice({
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
    await this.edit({ kind: "delete", what: this.target(box), reach });
  }
}

/** Have one of some options chosen; null if none. */
function choice({ title, options, confirm }) {
  const fields = options.map(([value, text, note], index) =>
    h(
      "label",
      { class: "check" },
      h("input", { type: "radio", name: "choice", value, checked: index === 0 }),
      h("span", {}, text, note ? h("span", { class: "hint" }, ` ${note}`) : null),
    ),
  );
  const chosen = () => dialog.querySelector("input:checked").value;
  const dialog = h(
    "dialog",
    { "aria-labelledby": "choice-title" },
    h("h2", { id: "choice-title" }, title),
    h("fieldset", { class: "stack tight" }, h("legend", { class: "unseen" }, title), fields),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", onclick: () => dialog.close("") }, "Cancel"),
      h("button", { type: "button", class: "primary", onclick: () => dialog.close(chosen()) }, confirm),
    ),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    dialog.showModal();
  });
}
