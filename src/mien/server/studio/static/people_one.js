// One group or list: its people, training, adding, trying.
import { $, announce, h, icon, showError } from "./dom.js";
import { ask, toast } from "./dialog.js";
import { Adding } from "./people_add.js";
import { Collection, facts } from "./people_api.js";
import { faceName, faceRow, facesOf, newestFirst, removeFace } from "./people_faces.js";
import { trying } from "./people_try.js";
import { askName, avatar, count, showReceipts } from "./people_words.js";

const PAGE = 1000;
const LOOK_MS = 400;
const MOMENT = { dateStyle: "medium", timeStyle: "short" };

const data = $("#one").dataset;
const isGroup = "group" in data;
const isTrained = "trained" in data;
const here = new Collection(data);
const members = [];
const opened = new Set(); // whose faces are shown
let known = null;
let adding = null;

function attempt(work) {
  showError($("#trouble"), null);
  return work().catch((error) => showError($("#trouble"), error));
}

// what is there

function quiet(symbol, label, onclick) {
  return h("button", { type: "button", class: "quiet only-icon", "aria-label": label, title: label,
    onclick }, icon(symbol));
}

function personRow(person) {
  return h(
    "li",
    {},
    avatar(person.name),
    h("div", { class: "what" },
      h("strong", { class: "title" }, person.name),
      facesOf(here, person, load, opened)),
    h("div", { class: "row" },
      h("button", { type: "button", class: "small", onclick: () => add(person) },
        icon("add"), h("span", {}, "Add pictures")),
      quiet("edit", `Rename ${person.name}`, () => rename(person)),
      quiet("delete", `Delete ${person.name}`, () => removePerson(person))),
  );
}

function show() {
  const byName = (a, b) => a.name.localeCompare(b.name);
  const remove = (face) => attempt(() => removeFace(here, null, face, load));
  const rows = isGroup
    ? [...members].sort(byName).map(personRow)
    : newestFirst(members).map((face) => faceRow(face, () => remove(face), { pictured: true }));
  $("#members").replaceChildren(...rows);
  $("#empty").hidden = members.length > 0;
  const faces = count(known.faces, "face");
  const told = isGroup ? `${count(known.people, "person")}, ${faces}` : faces;
  $("#count").textContent = members.length ? told : "";
  const whole = isGroup ? known.people : known.faces;
  $("#more").hidden = members.length >= whole;
}

async function page() {
  const start = members.length ? (members.at(-1).personId ?? members.at(-1).persistedFaceId) : "";
  members.push(...(isGroup ? await here.people(start) : await here.kept({ start })));
}

async function load() {
  const times = Math.max(1, Math.ceil(members.length / PAGE));
  members.length = 0;
  known = await facts(here);
  for (let each = 0; each < times; each += 1) await page();
  show();
  if (isTrained) showTraining(await here.training());
}

// training

function showTraining(training) {
  const running = training?.status === "running";
  $("#training-progress").hidden = !running;
  const button = $("#train");
  button.disabled = running || !known.faces;
  button.classList.toggle("primary", known.stale);
  $("#training").textContent = trainingWords(training);
}

function trainingWords(training) {
  if (training?.status === "running") return "Training; nobody can be added or tried meanwhile.";
  if (!known.faces) return "Add somebody first.";
  if (training?.status === "failed") return `The training failed: ${training.message}`;
  if (!training) return "Not trained yet. Nobody is found before it is.";
  const at = new Date(training.lastSuccessfulTrainingDateTime);
  if (known.stale) return "Faces were added since the last training. Train again, and they are found too.";
  return `Everybody is found. Trained on ${at.toLocaleString("en", MOMENT)}.`;
}

async function train() {
  await here.train();
  for (;;) {
    const training = await here.training();
    if (training?.status === "running") {
      showTraining(training);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      continue;
    }
    await load();
    announce($("#training").textContent);
    return;
  }
}

// changes

function add(person = null) {
  adding?.close();
  adding = new Adding(here, {
    isGroup,
    person,
    most: Number(data.bytes),
    room: person ? data.most - person.persistedFaceIds.length : Number(data.most),
  });
  $("#adding").replaceChildren(adding.element);
  adding.addEventListener("close", () => {
    adding = null;
    $("#adding").replaceChildren();
    $("#add").focus();
  });
  adding.addEventListener("kept", ({ detail }) =>
    attempt(async () => {
      await load();
      toast({ text: detail.text });
    }),
  );
  adding.begin();
}

function rename(person) {
  return attempt(async () => {
    const name = await askName({
      title: `Rename ${person.name}`,
      label: "Name",
      value: person.name,
      confirm: "Rename",
      onName: async (given) => {
        await here.renamePerson(person.personId, given);
        return given;
      },
    });
    if (name) await load();
  });
}

function removePerson(person) {
  return attempt(async () => {
    const sure = await ask({
      title: `Delete ${person.name}?`,
      body: `${count(person.persistedFaceIds.length, "face")} of ${person.name} will be gone for good, with the key that opens them.`,
      confirm: "Delete",
      danger: true,
    });
    if (!sure) return;
    const receipt = await here.removePerson(person.personId);
    await load();
    await showReceipts(`${person.name} is deleted`, [receipt]);
  });
}

function renameThis() {
  return attempt(async () => {
    const name = await askName({
      title: "Rename",
      label: "Name",
      value: $("#name").textContent,
      confirm: "Rename",
      onName: async (given) => {
        await here.rename(given);
        return given;
      },
    });
    if (!name) return;
    $("#name").textContent = name;
    document.title = `${name} · mien`;
  });
}

function removeThis() {
  return attempt(async () => {
    const name = $("#name").textContent;
    const sure = await ask({
      title: `Delete ${name}?`,
      body: "Everybody in it will be gone for good, with the keys that open their faces.",
      confirm: "Delete",
      danger: true,
    });
    if (!sure) return;
    const receipt = await here.remove();
    await showReceipts(`${name} is deleted`, [receipt]);
    location.assign("/studio/people");
  });
}

const acts = { "#add": () => add(), "#rename": renameThis, "#delete": removeThis };
for (const [name, act] of Object.entries(acts)) {
  $(name).addEventListener("click", act);
  $(name).disabled = false;
}
$("#train")?.addEventListener("click", () => attempt(train));
$("#more").addEventListener("click", () =>
  attempt(async () => {
    await page();
    show();
  }),
);
trying(here, {
  isGroup,
  most: Number(data.bytes),
  names: () =>
    new Map(
      members.map((each) =>
        isGroup ? [each.personId, each.name] : [each.persistedFaceId, faceName(each)],
      ),
    ),
});
attempt(async () => {
  await load();
  if (isTrained && (await here.training())?.status === "running") await train();
});
