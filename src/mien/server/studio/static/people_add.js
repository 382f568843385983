// Faces out of many pictures: looked at first, with advice, and kept when the visitor says so.
import { $, announce, h, icon, showError } from "./dom.js";
import { Overlay, personColour } from "./overlay.js";
import { fit } from "./people_api.js";
import { count, shown } from "./people_words.js";

const NOTE_LENGTH = 128;

function area({ width, height }) {
  return width * height;
}

/** A picture that was chosen: what was found on it, and which face is to be kept. */
class Shot {
  constructor(file, adding) {
    Object.assign(this, { file, adding, faces: [], chosen: null, keep: false, done: false });
    this.url = URL.createObjectURL(file);
    this.picture = h("img", { src: this.url, alt: file.name });
    this.told = h("div", { class: "advice", "aria-live": "polite" }, "Looking …");
    this.trouble = h("p", { hidden: true });
    this.box = h("input", { type: "checkbox", disabled: true, onchange: () => this.toggle() });
    this.label = h("span", {}, "Keep this face");
    this.note = adding.isGroup ? null : h("input", { type: "text", maxlength: NOTE_LENGTH,
      value: file.name.replace(/\.[^.]*$/, "").slice(0, NOTE_LENGTH), "aria-label": "Note" });
    this.element = h("li", { class: "shot" },
      h("div", { class: "frame" }, this.picture),
      h("div", { class: "stack" },
        h("p", { class: "file" }, file.name),
        this.told,
        this.trouble,
        this.note ? h("label", { class: "field" }, h("span", { class: "hint" }, "Note"), this.note) : null,
        h("label", { class: "check" }, this.box, this.label)));
  }

  /** Ask what the picture shows. */
  async look() {
    const { here, person, most, signal } = this.adding;
    try {
      this.sent = await fit(this.file, most);
      const found = await here.advice(this.sent, person?.personId ?? null, { signal });
      this.faces = found.sort((a, b) => area(b.faceRectangle) - area(a.faceRectangle));
    } catch (error) {
      if (error.name === "AbortError") return;
      this.told.replaceChildren();
      showError(this.trouble, error);
      return;
    }
    this.overlay = new Overlay(this.picture);
    this.overlay.addEventListener("pick", (event) => this.choose(event.detail.id, true));
    if (this.faces.length === 1) this.choose(0);
    else this.choose(this.alike());
  }

  /** Of several faces, the one that looks like the person; null where none does. */
  alike() {
    if (!this.adding.person || !this.faces.length) return null;
    const fitting = this.faces.flatMap((face, row) =>
      face.advice.some((each) => each.code === "unlike" || each.code === "unusable") ? [] : [row]);
    return this.adding.person.persistedFaceIds.length && fitting.length === 1 ? fitting[0] : null;
  }

  /** Take a face of the picture; by default it is kept unless something serious is against it. */
  choose(row, byHand = false) {
    this.chosen = row;
    const face = row === null ? null : this.faces[row];
    const serious = face?.advice.some((each) => each.serious) ?? false;
    this.box.disabled = face === null || face.advice.some((each) => each.code === "unusable");
    this.keep = face !== null && !serious && !this.twice;
    this.box.checked = this.keep;
    this.show();
    if (byHand) announce(this.told.textContent);
    this.adding.changed();
  }

  toggle() {
    this.keep = this.box.checked;
    this.adding.changed();
  }

  show() {
    this.overlay?.setFaces(
      this.faces.map(({ faceRectangle: { left, top, width, height } }, row) => ({
        id: row,
        label: this.faces.length > 1 ? String(row + 1) : "",
        title: `Face ${row + 1}`,
        box: [left, top, left + width, top + height],
        colour: personColour(row),
        selected: row === this.chosen,
      })),
    );
    this.told.replaceChildren(...this.words());
    this.label.textContent = this.keepWords();
  }

  words() {
    if (!this.faces.length) return [h("p", {}, "No face was found on this picture. Take another one.")];
    if (this.chosen === null) {
      return [h("p", {}, `${count(this.faces.length, "face")}: choose the one that is meant.`)];
    }
    const { advice } = this.faces[this.chosen];
    const all = this.twice
      ? [{ serious: true, message: "This picture was chosen twice." }, ...advice]
      : advice;
    if (!all.length) {
      return [h("p", { class: "fine" }, icon("done"), h("span", {}, "It shows well."))];
    }
    return all.map((each) =>
      h("p", { class: each.serious ? "serious" : "mild" }, icon(each.serious ? "warning" : "info"),
        h("span", {}, each.message,
          each.confidence !== undefined && each.code === "looksLike"
            ? ` Confidence ${shown(each.confidence)}; from 0.50 on two faces pass for one person.`
            : "")));
  }

  keepWords() {
    if (this.done) return "Kept";
    const serious = this.chosen !== null && this.faces[this.chosen].advice.some((each) => each.serious);
    return serious || this.twice ? "Keep it all the same" : "Keep this face";
  }

  /** Keep the chosen face; what goes wrong is shown here, and false is given. */
  async store(person) {
    showError(this.trouble, null);
    try {
      const { faceRectangle } = this.faces[this.chosen];
      await this.adding.here.keep(this.sent, faceRectangle, { person, note: this.note?.value.trim() });
    } catch (error) {
      showError(this.trouble, error);
      return false;
    }
    this.done = true;
    this.keep = false;
    this.box.disabled = true;
    this.label.textContent = "Kept";
    return true;
  }

  close() {
    this.overlay?.remove();
    URL.revokeObjectURL(this.url);
  }
}

/**
 * The panel in which faces are added. Fires "kept" with `detail.text`, and "close".
 * @param {Collection} here
 * @param {{isGroup: boolean, person: object|null, most: number, room: number}} options person: to
 *   whom pictures are added; null for a new one. most: bytes of a picture. room: faces at most.
 */
export class Adding extends EventTarget {
  constructor(here, options) {
    super();
    Object.assign(this, { here, shots: [], working: false, ...options });
    this.stop = new AbortController();
    this.signal = this.stop.signal;
    this.name = h("input", { id: "new-name", type: "text", maxlength: NOTE_LENGTH,
      autocomplete: "off", oninput: () => this.changed() });
    this.list = h("ul", { class: "shots", "aria-label": "Pictures" });
    this.trouble = h("p", { hidden: true });
    this.keep = h("button", { type: "button", class: "primary", disabled: true,
      onclick: () => this.store() }, "Keep");
    this.element = this.made();
  }

  made() {
    const { isGroup, person } = this;
    const heading = person ? `Add pictures of ${person.name}` : isGroup ? "Add a person" : "Add faces";
    const input = h("input", { id: "new-files", class: "unseen", type: "file", accept: "image/*",
      multiple: true, onchange: () => this.take([...input.files]) });
    const drop = h("div", { class: "empty take drop" },
      h("p", {}, "Drop pictures here. Three or more of a person are found far better than one."),
      h("label", { class: "button", for: "new-files" }, icon("upload"), h("span", {}, "Choose pictures")),
      input);
    for (const name of ["dragover", "dragleave", "drop"]) {
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", name === "dragover");
        if (name === "drop") this.take([...event.dataTransfer.files]);
      });
    }
    return h("section", { class: "adding stack", "aria-labelledby": "adding-title" },
      h("h3", { id: "adding-title", tabindex: "-1" }, heading),
      isGroup && !person
        ? h("div", { class: "field narrow" }, h("label", { for: "new-name" }, "Name"), this.name)
        : null,
      drop,
      this.list,
      this.trouble,
      h("div", { class: "row" }, this.keep,
        h("button", { type: "button", onclick: () => this.close() }, "Close")));
  }

  /** Once it is on the page. */
  begin() {
    this.element.scrollIntoView({ block: "nearest" });
    (this.isGroup && !this.person ? this.name : $("#adding-title")).focus();
  }

  /** Look at some files, two at a time. */
  async take(files) {
    const added = files.map((file) => new Shot(file, this));
    for (const shot of added) {
      shot.twice = this.isTwice(shot);
      this.shots.push(shot);
    }
    this.list.append(...added.map((shot) => shot.element));
    const waiting = [...added];
    const worker = async () => {
      while (waiting.length && !this.signal.aborted) await waiting.shift().look();
    };
    await Promise.all([worker(), worker()]);
    this.changed();
  }

  isTwice({ file }) {
    const before = this.shots.find(
      (each) => each.file.name === file.name && each.file.size === file.size &&
        each.file.lastModified === file.lastModified,
    );
    return before !== undefined;
  }

  changed() {
    const chosen = this.shots.filter((shot) => shot.keep && !shot.done).length;
    const named = !this.isGroup || this.person || this.name.value.trim();
    this.keep.disabled = !chosen || !named || this.working;
    this.keep.textContent = chosen ? `Keep ${count(chosen, "face")}` : "Keep";
    const over = chosen > this.room;
    showError(this.trouble, over ? `A person has at most ${this.room} more faces here.` : null);
    this.keep.disabled ||= over;
  }

  async store() {
    this.working = true;
    this.changed();
    const chosen = this.shots.filter((shot) => shot.keep && !shot.done);
    const name = this.person?.name ?? this.name.value.trim();
    let kept = 0;
    let failure = null;
    try {
      kept = await this.storeAll(chosen, name);
    } catch (error) {
      failure = error;
    }
    this.working = false;
    this.changed();
    if (failure) showError(this.trouble, failure);
    if (!kept) return;
    const of = this.isGroup ? ` of ${name}` : "";
    const text = `Kept ${count(kept, "face")}${of}.`;
    this.dispatchEvent(new CustomEvent("kept", { detail: { text } }));
    if (kept === chosen.length) this.close();
  }

  /** Keep the chosen faces; how many were. A new person of whom none was is not left behind. */
  async storeAll(chosen, name) {
    const isNew = this.isGroup && !this.person;
    if (isNew) {
      this.person = { personId: await this.here.addPerson(name), name, persistedFaceIds: [] };
    }
    let kept = 0;
    for (const shot of chosen) kept += await shot.store(this.person?.personId ?? null);
    if (isNew && !kept) {
      const { personId } = this.person;
      this.person = null;
      await this.here.removePerson(personId);
    }
    this.name.disabled = this.person !== null;
    return kept;
  }

  close() {
    this.stop.abort();
    for (const shot of this.shots) shot.close();
    this.dispatchEvent(new CustomEvent("close"));
  }
}
