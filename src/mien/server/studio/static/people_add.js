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
    this.byHand = false; // whether it is kept was decided by the visitor
    this.beside = []; // advice on the chosen face beside those of the other pictures
    this.url = URL.createObjectURL(file);
    this.picture = h("img", { src: this.url, alt: file.name });
    this.told = h("div", { class: "advice", "aria-live": "polite" }, "Looking …");
    this.trouble = h("p", { hidden: true });
    this.box = h("input", { type: "checkbox", disabled: true, onchange: () => this.toggle() });
    this.label = h("span", {}, "Keep this face");
    this.note = h("input", { type: "text", maxlength: NOTE_LENGTH,
      value: file.name.replace(/\.[^.]*$/, "").slice(0, NOTE_LENGTH) });
    this.element = h("li", { class: "shot" },
      h("div", { class: "frame" }, this.picture),
      h("div", { class: "stack" },
        h("p", { class: "file" }, file.name),
        this.told,
        this.trouble,
        h("label", { class: "field" }, h("span", { class: "hint" }, "Note, kept with the face"), this.note),
        h("label", { class: "check" }, this.box, this.label)));
  }

  /** The chosen face. */
  get face() {
    return this.chosen === null ? null : this.faces[this.chosen];
  }

  /** Its id, if it is to be compared with those of the other pictures. */
  get compared() {
    const declined = this.byHand && !this.keep && !this.done;
    return declined ? undefined : this.face?.faceId;
  }

  /** What there is to say of the chosen face. */
  get advice() {
    return [...(this.face?.advice ?? []), ...this.beside];
  }

  get serious() {
    return this.advice.some((each) => each.serious);
  }

  /** Have the faces of the picture found, and advised on; they are known by ids for a while. */
  async find() {
    const { here, known, signal } = this.adding;
    const found = await here.advice(this.sent, known, { signal });
    this.faces = found.sort((a, b) => area(b.faceRectangle) - area(a.faceRectangle));
  }

  /** Ask what the picture shows. */
  async look() {
    try {
      this.sent = await fit(this.file, this.adding.most);
      await this.find();
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
    Object.assign(this, { chosen: row, byHand: false, beside: [] });
    this.box.disabled = !this.face?.faceId;
    this.decide();
    if (byHand) announce(this.told.textContent);
    this.adding.changed();
  }

  /** Hear what is to be said of the chosen face beside the others. */
  hear(advice) {
    this.beside = advice;
    if (!this.done) this.decide();
  }

  /** By default a face is kept unless something serious is against it. */
  decide() {
    if (!this.byHand) this.keep = !this.box.disabled && !this.serious;
    this.box.checked = this.keep;
    this.show();
  }

  toggle() {
    this.keep = this.box.checked;
    this.byHand = true;
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
    if (!this.advice.length) {
      return [h("p", { class: "fine" }, icon("done"), h("span", {}, "It shows well."))];
    }
    return this.advice.map((each) =>
      h("p", { class: each.serious ? "serious" : "mild" }, icon(each.serious ? "warning" : "info"),
        h("span", {}, each.message,
          each.confidence !== undefined && each.code === "looksLike"
            ? ` Confidence ${shown(each.confidence)}; from 0.50 on two faces pass for one person.`
            : "")));
  }

  keepWords() {
    if (this.done) return "Kept";
    return this.serious ? "Keep it all the same" : "Keep this face";
  }

  /** Keep the chosen face; what goes wrong is shown here, and false is given. */
  async store(person) {
    showError(this.trouble, null);
    try {
      const { faceRectangle } = this.face;
      await this.adding.here.keep(this.sent, faceRectangle, { person, note: this.note.value.trim() });
    } catch (error) {
      showError(this.trouble, error);
      return false;
    }
    this.done = true;
    this.keep = false;
    this.box.disabled = true;
    this.note.disabled = true;
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
    Object.assign(this, { here, shots: [], working: false, looking: 0, ...options });
    this.known = options.person?.personId ?? null; // who was there before the panel was opened
    this.compared = ""; // the ids that were compared with each other, or are being
    this.comparing = false;
    this.stop = new AbortController();
    this.signal = this.stop.signal;
    this.name = h("input", { id: "new-name", type: "text", maxlength: NOTE_LENGTH,
      autocomplete: "off", oninput: () => this.changed() });
    this.list = h("ul", { class: "shots", "aria-label": "Pictures" });
    this.trouble = h("p", { hidden: true });
    this.doubt = h("div", { class: "row", hidden: true });
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
      this.doubt,
      this.trouble,
      h("div", { class: "row" }, this.keep,
        h("button", { type: "button", onclick: () => this.close() }, "Close")));
  }

  /** Once it is on the page. */
  begin() {
    this.element.scrollIntoView({ block: "nearest" });
    (this.isGroup && !this.person ? this.name : $("#adding-title")).focus();
  }

  /** Look at some files, two at a time; then at the faces of all pictures beside each other. */
  async take(files) {
    const added = files.map((file) => new Shot(file, this));
    this.shots.push(...added);
    this.list.append(...added.map((shot) => shot.element));
    this.looking += 1;
    const waiting = [...added];
    const worker = async () => {
      while (waiting.length && !this.signal.aborted) await waiting.shift().look();
    };
    await Promise.all([worker(), worker()]);
    this.looking -= 1;
    this.changed();
  }

  changed() {
    this.update();
    this.compare();
  }

  update() {
    const chosen = this.shots.filter((shot) => shot.keep && !shot.done).length;
    const named = !this.isGroup || this.person || this.name.value.trim();
    const over = chosen > this.room;
    const busy = this.working || this.looking || this.comparing;
    this.keep.disabled = !chosen || !named || over || busy;
    this.keep.textContent = chosen ? `Keep ${count(chosen, "face")}` : "Keep";
    showError(this.trouble, over ? `A person has at most ${this.room} more faces here.` : null);
  }

  /** Have the chosen faces compared with each other, whenever they are others than before. */
  async compare() {
    const among = this.shots.filter((shot) => shot.compared);
    const ids = among.map((shot) => shot.compared);
    if (this.looking || this.signal.aborted || ids.join() === this.compared) return;
    this.compared = ids.join();
    this.comparing = true;
    this.doubt.hidden = true;
    this.update();
    let told = [];
    let failure = null;
    try {
      told = ids.length > 1 ? await this.beside(ids, among) : [];
    } catch (error) {
      failure = error;
    }
    if (ids.join() !== this.compared || this.signal.aborted) return; // others are chosen by now
    this.comparing = false;
    if (failure) this.fail(failure);
    else this.tell(told, among);
    this.update();
  }

  /** The advice; where the faces were forgotten meanwhile, they are looked at again. */
  async beside(ids, among) {
    const { signal } = this;
    try {
      return await this.here.together(ids, this.known, { signal });
    } catch (error) {
      if (error.code !== "FaceNotFound") throw error;
    }
    for (const shot of among) await shot.find();
    const again = among.map((shot) => shot.compared);
    this.compared = this.compared === ids.join() ? again.join() : this.compared;
    ids.splice(0, ids.length, ...again);
    return this.here.together(ids, this.known, { signal });
  }

  /** Have each picture say what was told of its face, and of which other picture that speaks. */
  tell(told, among) {
    const names = new Map(among.map((shot) => [shot.compared, shot.file.name]));
    const advice = new Map(told.map((each) => [each.faceId, each.advice]));
    for (const shot of this.shots) {
      const own = advice.get(shot.compared) ?? [];
      shot.hear(
        own.map((each) => {
          const other = names.get(each.faceId);
          return other ? { ...each, message: each.message.replace(/\.$/, `: ${other}.`) } : each;
        }),
      );
    }
  }

  fail(error) {
    if (error.name === "AbortError") return;
    const trouble = h("p", {});
    const again = () => {
      this.compared = "";
      this.compare();
    };
    this.doubt.hidden = false;
    this.doubt.replaceChildren(trouble,
      h("button", { type: "button", class: "small", onclick: again }, "Compare again"));
    showError(trouble, `The pictures could not be compared with each other. ${error.message}`);
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
