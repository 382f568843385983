// Photos: faces hidden but for those that are kept; nothing of a picture stays on the server.
import { $, h, icon, showError } from "./dom.js";
import { send, sendBytes } from "./http.js";
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
  return (await send("POST", url, file)).blob();
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
    this.found = h("div", { class: "found", role: "status" });
    this.marks = null;
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
      this.found,
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

  /** What is asked for, as the service takes it. */
  get asked() {
    const [effect, strength] = this.effect.value.split(" ");
    const asked = new URLSearchParams({ effect, strength, png: String(this.file.type === "image/png") });
    if (this.kept.size) asked.set("keep", [...this.kept].join(","));
    if (this.drawn.length) asked.set("draw", this.drawn.map((box) => box.join(",")).join(";"));
    return asked;
  }

  async render() {
    this.showBoxes();
    const turn = (this.turn = (this.turn ?? 0) + 1);
    this.asking?.abort();
    this.tellAudit(null);
    const { asked } = this;
    try {
      const blob = await pictureOf(`${API}/after?${asked}`, this.file);
      if (turn !== this.turn) return;
      const url = this.keepUrl(blob);
      this.after.src = url;
      this.save.href = url;
      this.save.download = `${this.stem}_redacted.${blob.type === "image/png" ? "png" : "jpg"}`;
      this.save.hidden = false;
      this.element.dataset.turn = turn;
      showError(this.trouble, null);
    } catch (error) {
      if (turn === this.turn) showError(this.trouble, error);
      return;
    }
    await this.check(asked);
  }

  /** Have the copy looked at anew. */
  async check(asked) {
    const { signal } = (this.asking = new AbortController());
    this.found.replaceChildren(h("p", { class: "hint" }, "Checking the copy for faces that can be seen …"));
    asked.set("name", this.file.name.slice(-255));
    try {
      const told = await (await send("POST", `${API}/audit?${asked}`, this.file, { signal })).json();
      if (!signal.aborted) this.tellAudit(told);
    } catch (error) {
      if (!signal.aborted) showError(this.found, error);
    }
  }

  /** What the audit says, beside the copy, and what to do; null: nothing yet. */
  tellAudit(told) {
    this.marks?.setFaces([]);
    this.element.dataset.audit = told ? (told.audit.passed ? "passed" : "failed") : "";
    this.found.className = "found";
    if (!told) return this.found.replaceChildren();
    const { audit } = told;
    const seen = audit.residual.runs.length;
    const what = seen === 1 ? "1 face can be seen" : `${seen} faces can be seen`;
    const doubtful = audit.doubtful.runs.length;
    this.found.replaceChildren(
      h(
        "div",
        { class: "row apart" },
        audit.passed ? h("span", { class: "tag good" }, "nobody can be seen who is hidden") : h("span", { class: "tag bad" }, what),
        h("div", { class: "row" }, this.download("Audit", told.page, "text/html", "html"), this.download("JSON", JSON.stringify(audit, null, 1), "application/json", "json")),
      ),
      seen ? h("p", { class: "hint" }, "Marked in the copy. Press a mark to hide that place too, or draw a box; the copy is made anew.") : "",
      doubtful ? h("p", { class: "hint" }, `${doubtful === 1 ? "One place" : `${doubtful} places`} may be a face and most likely is none: see the audit.`) : "",
    );
    this.mark(audit);
  }

  download(text, data, type, ending) {
    const url = this.keepUrl(new Blob([data], { type }));
    const name = `${this.stem}_audit.${ending}`;
    return h("a", { class: "button small", href: url, download: name }, icon("download"), h("span", {}, text));
  }

  get stem() {
    return this.file.name.replace(/\.[^.]*$/, "");
  }

  /** Mark the faces that can be seen. */
  mark({ residual }) {
    if (!this.marks) {
      this.marks = new Overlay(this.after);
      this.marks.addEventListener("pick", (event) => this.hideMarked(event.detail.id));
    }
    this.marks.setFaces(
      residual.runs.map(({ best }, index) => ({
        id: index,
        label: "can be seen",
        title: `Face ${index + 1} that can be seen in the copy; press to hide it`,
        box: best.box,
        colour: "var(--person-1)",
      })),
    );
  }

  hideMarked(id) {
    const [x0, y0, x1, y1] = this.marks.faces[id].box;
    this.drawn.push([Math.floor(x0), Math.floor(y0), Math.ceil(x1), Math.ceil(y1)]);
    this.changed();
  }

  close() {
    clearTimeout(this.waiting);
    this.asking?.abort();
    this.marks?.remove();
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
