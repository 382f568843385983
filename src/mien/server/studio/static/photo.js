// The photo page.
import { $, $$, announce, formatBytes, h, icon, onKeys, showError } from "./dom.js";
import { Overlay, personColour } from "./overlay.js";
import { takePicture } from "./photo_camera.js";
import { comparisonOf } from "./photo_compare.js";
import { showFace } from "./photo_face.js";
import { Picture, Queue } from "./photo_picture.js";
import { looks } from "./words.js";

const SAYS = { waiting: "waiting", sending: "sending", looking: "looking for faces" };

const queue = new Queue();
const comparison = $("#compare") && comparisonOf($("#compare")); // null: faces may not be compared
let pictures = [];
let current = null;
let overlay = null;

function countOf(picture) {
  const count = picture.faces.length;
  return count === 1 ? "1 face" : `${count || "no"} faces`;
}

function stateOf(picture) {
  if (picture.state === "done") return countOf(picture);
  return picture.state === "failed" ? "not possible" : SAYS[picture.state];
}

/* --- adding and removing ---------------------------------------------------------------------- */

function add(files) {
  const most = Number($("#take").dataset.most);
  const added = [...files].map((file) => new Picture(file, most));
  if (!added.length) return;
  pictures = [...pictures, ...added];
  showError($("#trouble"), null);
  for (const picture of added) {
    $("#strip").append(thumbOf(picture));
    picture.addEventListener("change", () => changed(picture));
    queue.add(picture);
  }
  if (!current) choose(added[0]);
  $("#work").hidden = false;
  $("#take").classList.add("slim");
}

function remove(picture) {
  const place = pictures.indexOf(picture);
  pictures = pictures.filter((each) => each !== picture);
  queue.drop(picture);
  comparison?.forget(picture);
  picture.close();
  picture.thumb.remove();
  if (picture === current) choose(pictures[Math.min(place, pictures.length - 1)] ?? null);
  $("#work").hidden = !pictures.length;
  $("#take").classList.toggle("slim", pictures.length > 0);
  (current ? $("button", current.thumb) : $("#files")).focus();
}

function thumbOf(picture) {
  const show = h(
    "button",
    { type: "button", class: "thumb", onclick: () => choose(picture) },
    h("span", { class: "shot" }),
    h("span", { class: "says" }),
  );
  const gone = h(
    "button",
    { type: "button", class: "only-icon", title: "Remove", onclick: () => remove(picture) },
    icon("close", `Remove ${picture.name}`),
  );
  picture.thumb = h("li", {}, show, h("progress", { max: 1, "aria-hidden": "true" }), gone);
  showThumb(picture);
  return picture.thumb;
}

function showThumb(picture) {
  const says = $(".says", picture.thumb);
  says.textContent = stateOf(picture);
  says.classList.toggle("bad", picture.state === "failed");
  $(".thumb", picture.thumb).setAttribute("aria-label", `${picture.name}, ${stateOf(picture)}`);
  const progress = $("progress", picture.thumb);
  progress.hidden = ["done", "failed"].includes(picture.state);
  if (picture.state === "sending") progress.value = picture.progress;
  else progress.removeAttribute("value");
  if (picture.url && !$("img", picture.thumb)) {
    $(".shot", picture.thumb).replaceWith(h("img", { class: "shot", src: picture.url, alt: "" }));
  }
}

function changed(picture) {
  showThumb(picture);
  if (picture === current) {
    show();
    getLandmarks(picture);
  }
  if (picture.state === "done") announce(`${picture.name}: ${countOf(picture)}`);
  if (picture.state === "failed") announce(`${picture.name}: ${picture.error.message}`);
}

/* --- the picture in work ---------------------------------------------------------------------- */

function choose(picture) {
  current = picture;
  for (const each of pictures) {
    const shown = String(each === picture);
    $(".thumb", each.thumb).setAttribute("aria-current", shown);
  }
  picture?.thumb.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  overlay?.remove();
  overlay = null;
  if (!picture) return;
  show();
  getLandmarks(picture);
}

function show() {
  const picture = current;
  showStage(picture);
  $("#tools").hidden = picture.state !== "done";
  const offered = picture.answer?.offered ?? [];
  $(".pick").hidden = !offered.includes("faceLandmarks");
  showCaption(picture);
  showFaces(picture);
}

function showStage(picture) {
  if (picture.url && overlay?.picture === picture) return;
  if (!picture.url) {
    const text = picture.state === "failed" ? "" : "Getting the picture ready…";
    $("#frame").replaceChildren(h("p", { class: "waits soft" }, text));
    $("#frame").hidden = picture.state === "failed";
    return;
  }
  $("#frame").hidden = false;
  const image = h("img", { src: picture.url, alt: picture.name });
  $("#frame").replaceChildren(h("div", {}, image));
  overlay = new Overlay(image);
  overlay.picture = picture;
  overlay.addEventListener("pick", ({ detail }) => pick(Number(detail.id)));
}

function showCaption(picture) {
  const caption = $("#caption");
  caption.replaceChildren();
  if (picture.state === "failed") {
    showError(caption, picture.error);
    return;
  }
  caption.className = "soft";
  caption.removeAttribute("role");
  const told = [picture.name, formatBytes(picture.file.size)];
  if (picture.answer) told.push(`${picture.answer.width} × ${picture.answer.height} pixels`);
  told.push(stateOf(picture));
  caption.textContent = told.join(" · ");
}

/* --- its faces -------------------------------------------------------------------------------- */

function pointsOf(face) {
  const wanted = $("#landmarks").value;
  if (wanted === "mesh") return face.mesh?.map(([x, y]) => [x, y]);
  if (wanted === "points") return Object.values(face.faceLandmarks ?? {}).map(({ x, y }) => [x, y]);
  return undefined;
}

function titleOf(face, index, offered) {
  return offered.includes("emotion")
    ? `Face ${index + 1}, ${looks(face.faceAttributes?.emotion)}`
    : `Face ${index + 1}`;
}

function showFaces(picture) {
  const offered = picture.answer?.offered ?? [];
  const faces = picture.faces.map((face, index) => ({
    id: index,
    label: String(index + 1),
    title: titleOf(face, index, offered),
    box: face.box,
    points: pointsOf(face),
    colour: personColour(index),
    selected: index === picture.selected,
  }));
  overlay?.setFaces(faces);
  $("#chips").replaceChildren(...(faces.length > 1 ? faces.map(chipOf) : []));
  if (comparison) $("#compare").hidden = !picture.faces.length && !comparison.faces.length;
  if (picture.faces.length) showPanel(picture, offered);
  else showNobody(picture);
}

function chipOf({ id, title, colour, selected }) {
  const dot = h("span", { class: "dot", style: { "--box": colour } });
  const pressed = { "aria-pressed": String(selected), onclick: () => pick(id, "#chips button") };
  return h(
    "button",
    { type: "button", dataset: { id: String(id) }, ...pressed },
    dot,
    title.replace("Face ", ""),
  );
}

function showPanel(picture, offered) {
  const index = picture.selected;
  const [face, count] = [picture.faces[index], picture.faces.length];
  const actions = comparison ? [compareButton(picture, index)] : [];
  showFace($("#face"), { face, number: index + 1, count, offered, actions });
}

function compareButton(picture, index) {
  const there = comparison.has(picture, index);
  const state = { "aria-pressed": String(there), onclick: () => toggle(picture, index) };
  const text = there ? "In the comparison" : "Add to comparison";
  return h("button", { type: "button", class: "small", ...state }, text);
}

function showNobody(picture) {
  const card = $("#face");
  card.hidden = picture.state !== "done";
  card.replaceChildren(
    h("h2", {}, "No face found"),
    h(
      "p",
      { class: "soft" },
      "Very small, covered or turned faces may be missed. Try a larger or sharper picture.",
    ),
  );
}

function pick(index, focus = "") {
  current.selected = index;
  showFaces(current);
  if (focus) $$(focus)[index]?.focus();
  announce(titleOf(current.faces[index], index, current.answer.offered));
}

async function toggle(picture, index) {
  if (comparison.has(picture, index)) comparison.take(picture, index);
  else await comparison.add(picture, index).catch((error) => showError($("#trouble"), error));
}

comparison?.addEventListener("change", () => current && showFaces(current));

/* --- landmarks and downloads ------------------------------------------------------------------ */

/** Get what the chosen landmarks need of a picture that is done. */
async function getLandmarks(picture) {
  if ($("#landmarks").value !== "mesh" || picture?.state !== "done") return;
  try {
    await picture.addMesh();
  } catch (error) {
    if (error.name !== "AbortError") showError($("#trouble"), error);
  }
  if (picture === current) showFaces(picture);
}

$("#landmarks").addEventListener("change", () => {
  showFaces(current);
  getLandmarks(current);
});

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

const MAKERS = {
  json: async ({ name, answer }) => {
    const text = `${JSON.stringify({ source: name, ...answer }, null, 1)}\n`;
    return [new Blob([text], { type: "application/json" }), ".json"];
  },
  csv: async (picture) => [await picture.made("table"), ".csv"],
  picture: async (picture) => [await picture.made("annotated"), "_faces.jpg"],
};

for (const button of $$("[data-download]")) {
  button.addEventListener("click", async () => {
    const picture = current;
    button.disabled = true;
    showError($("#trouble"), null);
    try {
      const [blob, ending] = await MAKERS[button.dataset.download](picture);
      save(blob, picture.name.replace(/\.[^.]*$/, "") + ending);
    } catch (error) {
      showError($("#trouble"), error);
    }
    button.disabled = false;
  });
}

/* --- ways in ---------------------------------------------------------------------------------- */

$("#files").addEventListener("change", (event) => {
  add(event.target.files);
  event.target.value = "";
});

$("#camera").addEventListener("click", async () => {
  const taken = await takePicture();
  if (taken) add([taken]);
});

document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (!files.length) return;
  event.preventDefault();
  add(files);
});

const take = $("#take");
const over = (on) => take.classList.toggle("over", on);
document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  over(true);
});
document.addEventListener("dragleave", (event) => event.relatedTarget ?? over(false));
document.addEventListener("drop", (event) => {
  over(false);
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  add(event.dataTransfer.files);
});

function step(by) {
  const next = pictures[pictures.indexOf(current) + by];
  if (!next) return false;
  choose(next);
  return true;
}

onKeys({ "[": () => step(-1), "]": () => step(1) });
