// A picture is tried: who of the group is on it, or which faces of the list look alike.
import { $, announce, h, icon, showError } from "./dom.js";
import { Overlay, personColour } from "./overlay.js";
import { fit } from "./people_api.js";
import { avatar, confidenceBar, meaning, shown } from "./people_words.js";

const NEAREST = 1;

function candidateRow(name, confidence) {
  return h("li", {}, avatar(name),
    h("div", { class: "what" }, h("strong", { class: "title" }, name), confidenceBar(confidence),
      h("p", {}, meaning(confidence))));
}

function noOne(text, nearest) {
  return h("div", { class: "no-one" }, icon("people"),
    h("div", {}, h("strong", { class: "title" }, text),
      nearest
        ? h("p", { class: "soft" }, `Nearest is ${nearest.name}, with ${shown(nearest.confidence)}: not enough.`)
        : null));
}

/**
 * Have a picture tried whenever one is chosen.
 * @param {Collection} here
 * @param {{isGroup: boolean, most: number, names: function(): Map}} options names by id.
 */
export function trying(here, { isGroup, most, names }) {
  const input = $("#try-file");
  const place = $("#found");
  const trouble = $("#try-trouble");
  const learnt = new Map();
  let url = "";
  let overlay = null;

  async function look(file) {
    showError(trouble, null);
    place.hidden = true;
    announce("Looking …");
    const sent = await fit(file, most);
    const faces = await here.detect(sent);
    const known = faces.filter((face) => face.faceId);
    const results = known.length ? await (isGroup ? who(known) : alike(known)) : [];
    show(file, faces, new Map(known.map((face, row) => [face.faceId, results[row]])));
  }

  async function who(faces) {
    const ids = faces.map((face) => face.faceId);
    const named = await here.identify(ids);
    const nearest = await here.identify(ids, { candidates: NEAREST, least: 0 });
    await learn([...named, ...nearest].flatMap(({ candidates }) => candidates));
    return named.map(({ candidates }, row) => ({ candidates, nearest: nearest[row].candidates[0] }));
  }

  /** Of a large group not everybody is on the page: ask for the names of the others. */
  async function learn(candidates) {
    const known = names();
    const missing = new Set(candidates.map((each) => each.personId).filter((id) => !known.has(id)));
    for (const id of missing) {
      if (!learnt.has(id)) learnt.set(id, (await here.person(id)).name);
    }
  }

  async function alike(faces) {
    const found = [];
    for (const face of faces) {
      const candidates = await here.similar(face.faceId);
      found.push({ candidates, nearest: undefined });
    }
    return found;
  }

  function nameOf(candidate) {
    const id = candidate.personId ?? candidate.persistedFaceId;
    return names().get(id) || learnt.get(id) || (isGroup ? "somebody of this group" : `face ${id.slice(0, 8)}`);
  }

  function show(file, faces, results) {
    overlay?.remove();
    URL.revokeObjectURL(url);
    url = URL.createObjectURL(file);
    const picture = h("img", { src: url, alt: file.name });
    const list = h("ol", { class: "answers stack" });
    place.replaceChildren(h("figure", { class: "stage" }, h("div", { class: "frame" }, picture)), list);
    place.hidden = false;
    if (!faces.length) {
      list.append(h("li", {}, noOne("No face was found on this picture.", null)));
      return announce("No face was found.");
    }
    overlay = new Overlay(picture);
    const best = faces.map((face) => results.get(face.faceId)?.candidates[0]);
    overlay.setFaces(
      faces.map(({ faceRectangle: { left, top, width, height } }, row) => ({
        id: row,
        label: best[row] ? nameOf(best[row]) : String(row + 1),
        title: `Face ${row + 1}: ${best[row] ? nameOf(best[row]) : "no one"}`,
        box: [left, top, left + width, top + height],
        colour: best[row] ? personColour(row) : personColour(-1),
      })),
    );
    overlay.addEventListener("pick", ({ detail }) => list.children[detail.id].focus());
    list.append(...faces.map((face, row) => answer(results.get(face.faceId), row, faces.length)));
    announce(faces.map((_, row) => (best[row] ? nameOf(best[row]) : "no one")).join(", "));
  }

  function answer(found, row, many) {
    const heading = many > 1 ? h("h3", {}, `Face ${row + 1}`) : null;
    if (!found) {
      return h("li", { tabindex: "-1" }, heading, noOne("This face shows too little to be known.", null));
    }
    if (!found.candidates.length) {
      const nearest = found.nearest && { name: nameOf(found.nearest), confidence: found.nearest.confidence };
      return h("li", { tabindex: "-1" }, heading, noOne(isGroup ? "No one of this group" : "No face of this list", nearest));
    }
    const rows = found.candidates.map((each) => candidateRow(nameOf(each), each.confidence));
    return h("li", { tabindex: "-1" }, heading, h("ul", { class: "list" }, rows));
  }

  input.addEventListener("change", async () => {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    try {
      await look(file);
    } catch (error) {
      showError(trouble, hint(error));
    }
  });

  function hint(error) {
    if (/NotTrained$/.test(error.code ?? "")) return "Train it first; nobody is found before.";
    if (/TrainingNotFinished$/.test(error.code ?? "")) return "It is being trained. Try again when that is over.";
    if (/NotReady$/.test(error.code ?? "")) return "There is nobody to be found yet. Add somebody first.";
    return error;
  }
}
