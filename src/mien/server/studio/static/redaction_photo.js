// Photos: faces hidden but for those that are kept; nothing of a picture stays on the server.
import { $, h, icon, showError } from "./dom.js";
import { sendBytes } from "./http.js";
import { Draft } from "./redaction_draft.js";
import { Overlay } from "./overlay.js";

const API = "/studio/api/redaction/photo";
const WAIT_MS = 150;
const EFFECTS = [
  ["blur", "med", "Blur"],
  ["blur", "high", "Blur, strong"],
  ["pixelate", "med", "Pixelate"],
  ["pixelate", "high", "Pixelate, coarse"],
  ["solid", "med", "Grey"],
  ["black", "med", "Black"],
];

/** Send a picture and get one back. */
async function pictureOf(url, file) {
  const token = $("meta[name=csrf]").content;
  const headers = { "X-CSRF-Token": token, "Content-Type": "application/octet-stream" };
  const answer = await fetch(url, { method: "POST", headers, body: file });
  if (answer.ok) return answer.blob();
  const { error } = await answer.json().catch(() => ({}));
  throw new Error(error?.message ?? `The service answered ${answer.status}. Try again.`);
}

class Photo {
  constructor(file) {
    this.file = file;
    this.kept = new Set();
    this.drawn = [];
    this.faces = [];
    this.urls = [];
    this.trouble = h("p", { hidden: true });
    this.before = h("img", { alt: `${file.name} as it is` });
    this.after = h("img", { alt: `${file.name} as it will be` });
    this.effect = h(
      "select",
      { onchange: () => this.changed() },
      EFFECTS.map(([effect, strength, text]) => h("option", { value: `${effect} ${strength}` }, text)),
    );
    this.told = h("p", { class: "soft", role: "status" }, "Looking for faces …");
    this.save = h("a", { class: "button primary", hidden: true }, icon("download"), h("span", {}, "Download"));
    this.drawButton = h("button", { type: "button", class: "small", onclick: () => this.draw() }, icon("draw"), h("span", {}, "Draw a box"));
    const side = (text, image) => h("figure", {}, h("figcaption", {}, text), h("div", { class: "picture" }, image));
    this.element = h(
      "section",
      { class: "stack photo", "aria-label": file.name },
      h("div", { class: "row apart" }, h("h3", { class: "file-name" }, file.name), h("button", { type: "button", class: "small quiet", onclick: () => this.close() }, "Close")),
      this.trouble,
      h("div", { class: "sides" }, side("Before", this.before), side("After", this.after)),
      h("div", { class: "row apart" }, this.told, h("div", { class: "row" }, this.drawButton, h("label", { class: "row pick" }, h("span", {}, "Effect"), this.effect), this.save)),
    );
    this.overlay = null;
  }

  async begin() {
    try {
      this.before.src = this.keepUrl(await pictureOf(`${API}/before`, this.file));
      const told = await sendBytes("POST", API, this.file);
      [this.width, this.height, this.faces] = [told.width, told.height, told.faces];
      this.overlay = new Overlay(this.before);
      this.overlay.addEventListener("pick", (event) => this.pick(event.detail.id));
      await this.render();
    } catch (error) {
      this.told.textContent = "";
      showError(this.trouble, error);
    }
  }

  keepUrl(blob) {
    const url = URL.createObjectURL(blob);
    this.urls.push(url);
    return url;
  }

  pick(id) {
    const [kind, number] = String(id).split(" ");
    if (kind === "drawn") this.drawn.splice(Number(number), 1);
    else if (!this.kept.delete(Number(number))) this.kept.add(Number(number));
    this.changed();
  }

  async draw() {
    const box = await new Promise((resolve) => {
      const draft = new Draft(this.before, [this.width, this.height]);
      draft.addEventListener("done", (event) => resolve(event.detail.box));
      draft.addEventListener("cancel", () => resolve(null));
    });
    this.drawButton.focus({ preventScroll: true });
    if (!box) return;
    this.drawn.push(box.map((value) => Math.round(value)));
    this.changed();
  }

  changed() {
    this.showBoxes();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.render(), WAIT_MS);
  }

  showBoxes() {
    const faces = this.faces.map(({ box }, index) => {
      const kept = this.kept.has(index);
      return {
        id: `face ${index}`,
        label: kept ? "kept" : "hidden",
        title: `Face ${index + 1}, ${kept ? "kept; press to hide" : "hidden; press to keep"}`,
        box,
        colour: kept ? "var(--person-2)" : "var(--bad)",
      };
    });
    const drawn = this.drawn.map((box, index) => ({
      id: `drawn ${index}`,
      label: "drawn",
      title: "Drawn box; press to delete",
      box,
      colour: "var(--person-4)",
    }));
    this.overlay.setFaces([...faces, ...drawn]);
    const hidden = this.faces.length - this.kept.size + this.drawn.length;
    this.told.textContent = this.faces.length + this.drawn.length
      ? `${hidden} hidden, ${this.kept.size} kept. Click a face to keep it.`
      : "No face was found. Draw a box around what shall be hidden.";
  }

  async render() {
    this.showBoxes();
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const [effect, strength] = this.effect.value.split(" ");
    const asked = new URLSearchParams({ effect, strength, png: String(this.file.type === "image/png") });
    if (this.kept.size) asked.set("keep", [...this.kept].join(","));
    if (this.drawn.length) asked.set("draw", this.drawn.map((box) => box.join(",")).join(";"));
    try {
      const blob = await pictureOf(`${API}/after?${asked}`, this.file);
      if (turn !== this.turn) return;
      const url = this.keepUrl(blob);
      this.after.src = url;
      this.save.href = url;
      const stem = this.file.name.replace(/\.[^.]*$/, "");
      this.save.download = `${stem}_redacted.${blob.type === "image/png" ? "png" : "jpg"}`;
      this.save.hidden = false;
      this.element.dataset.turn = turn;
      showError(this.trouble, null);
    } catch (error) {
      showError(this.trouble, error);
    }
  }

  close() {
    this.overlay?.remove();
    this.urls.forEach((url) => URL.revokeObjectURL(url));
    this.element.remove();
    $("#photo-desk").hidden = !$("#photo-desk").children.length;
  }
}

function add(files) {
  for (const file of files) {
    const photo = new Photo(file);
    $("#photo-desk").hidden = false;
    $("#photo-desk").prepend(photo.element);
    photo.begin();
  }
}

/** Take photos that are chosen or dropped. */
export function beginPhotos() {
  $("#photo-file").addEventListener("change", (event) => {
    add([...event.target.files]);
    event.target.value = "";
  });
  const take = $("#photo-take");
  take.addEventListener("dragover", (event) => {
    event.preventDefault();
    take.classList.add("over");
  });
  take.addEventListener("dragleave", () => take.classList.remove("over"));
  take.addEventListener("drop", (event) => {
    event.preventDefault();
    take.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
}
