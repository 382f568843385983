// The faces that are kept, of a person or in a list: what is known of each, and its deletion.
import { $$, h, icon, showError } from "./dom.js";
import { ask } from "./dialog.js";
import { avatar, count, showReceipts } from "./people_words.js";

const MOMENT = { dateStyle: "medium", timeStyle: "short" };

function when(face) {
  return new Date(face.added).toLocaleString("en", MOMENT);
}

/** What a face is called: by its note, or by when it was added. */
export function faceName(face) {
  return face.userData || `the face of ${when(face)}`;
}

/** The newest first. */
export function newestFirst(faces) {
  return [...faces].sort((a, b) => b.added.localeCompare(a.added));
}

/** A row of a list: what is known of a face, and the button that deletes it. */
export function faceRow(face, onDelete, { pictured = false } = {}) {
  const name = faceName(face);
  const label = `Delete ${name}`;
  return h(
    "li",
    { dataset: { face: face.persistedFaceId } },
    pictured ? avatar(face.userData || "Face") : null,
    h("div", { class: "what" },
      face.userData ? h("strong", { class: "title" }, name) : h("span", { class: "soft" }, "No note"),
      h("p", {}, `Added on ${when(face)}, quality ${face.quality.toFixed(2)}`)),
    h("button", { type: "button", class: "quiet only-icon", "aria-label": label, title: label,
      onclick: onDelete }, icon("delete")),
  );
}

/** What a deletion does; a person's key is not that of the face alone. */
function warning(person, face) {
  const what = [face.userData ? `“${face.userData}”` : null, `added on ${when(face)}`];
  const gone = `${what.filter(Boolean).join(", ")}. It will be gone for good; this cannot be undone.`;
  const first = `${gone[0].toUpperCase()}${gone.slice(1)}`;
  if (!person) return `${first} The key that opens it goes too.`;
  return (
    `${first} The key stays with ${person.name}: a backup of the data from before still has ` +
    `this face until ${person.name} is deleted too.`
  );
}

/**
 * Delete a face, once that is confirmed.
 * @param {Collection} here
 * @param {object|null} person whose it is; null in a list.
 * @param {function(): Promise} onGone is called before the receipt is shown.
 */
export async function removeFace(here, person, face, onGone) {
  const whose = person ? ` of ${person.name}` : "";
  const question = { title: `Delete this face${whose}?`, body: warning(person, face) };
  if (!(await ask({ ...question, confirm: "Delete", danger: true }))) return;
  const receipt = await here.removeFace(face.persistedFaceId, person?.personId);
  await onGone();
  await showReceipts(`A face${whose} is deleted`, [receipt]);
}

/**
 * How many faces a person has, which opens to a list of them.
 * @param {Collection} here
 * @param {function(): Promise} onGone is called once a face is deleted; the row is made anew by it.
 * @param {Set<string>} opened ids of those whose faces are shown; kept up to date.
 */
export function facesOf(here, person, onGone, opened) {
  const { personId, name, persistedFaceIds } = person;
  const told = count(persistedFaceIds.length, "face");
  if (!persistedFaceIds.length) {
    opened.delete(personId);
    return h("p", {}, told);
  }
  const list = h("ul", { class: "list faces", "aria-label": `Faces of ${name}` });
  const trouble = h("p", { hidden: true });
  const remove = async (face) => {
    showError(trouble, null);
    try {
      const row = newest.indexOf(face);
      await removeFace(here, person, face, onGone);
      focusOn(personId, row);
    } catch (error) {
      showError(trouble, error);
    }
  };
  let newest = [];
  const load = async () => {
    showError(trouble, null);
    try {
      newest = newestFirst(await here.kept({ person: personId }));
      list.replaceChildren(...newest.map((face) => faceRow(face, () => remove(face))));
    } catch (error) {
      showError(trouble, error);
    }
  };
  const changed = ({ target }) => {
    if (target.open) opened.add(personId);
    else opened.delete(personId);
    if (target.open && !list.childElementCount) load();
  };
  return h("details", { dataset: { person: personId }, open: opened.has(personId), ontoggle: changed },
    h("summary", { "aria-label": `${told} of ${name}` }, told), list, trouble);
}

/** After a deletion: the face that has come to its place, or what opens the list. */
function focusOn(personId, row) {
  const [place] = $$("details[data-person]").filter((each) => each.dataset.person === personId);
  const buttons = place ? $$("li button", place) : [];
  (buttons[Math.min(row, buttons.length - 1)] ?? place?.firstElementChild)?.focus();
}
