// All groups and lists: shown, made, deleted.
import { $, $$, h, icon, showError } from "./dom.js";
import { ask } from "./dialog.js";
import { Collection, all, make } from "./people_api.js";
import { askName, count, showReceipts } from "./people_words.js";

const KINDS = {
  persongroups: "group",
  largepersongroups: "large group",
  facelists: "list",
  largefacelists: "large list",
};
let shown = [];

function told(each) {
  const parts = [
    each.people === null ? null : count(each.people, "person"),
    count(each.faces, "face"),
  ];
  return parts.filter(Boolean).join(", ");
}

function row(each) {
  const label = `Delete ${each.name}`;
  return h(
    "li",
    {},
    icon(each.people === null ? "list" : "people"),
    h(
      "div",
      { class: "what" },
      h("a", { class: "title", href: `/studio/people/${each.noun}/${each.id}` }, each.name),
      h("p", {}, `A ${KINDS[each.noun]}: ${told(each)}`),
    ),
    each.stale ? h("span", { class: "tag warn" }, "not trained yet") : null,
    h(
      "button",
      { type: "button", class: "quiet only-icon", "aria-label": label, title: label,
        onclick: () => remove(each) },
      icon("delete"),
    ),
  );
}

async function load() {
  shown = await all();
  $("#all").replaceChildren(...shown.map(row));
  $("#all").hidden = !shown.length;
  $("#none").hidden = shown.length > 0;
  $("#end").hidden = !shown.length;
}

function attempt(work) {
  showError($("#trouble"), null);
  return work().catch((error) => showError($("#trouble"), error));
}

async function create(noun) {
  const what = KINDS[noun];
  const id = await askName({
    title: `New ${what}`,
    label: "Name",
    confirm: "Make it",
    onName: (name) => make(noun, name),
  });
  if (id) location.assign(`/studio/people/${noun}/${id}`);
}

function remove(each) {
  return attempt(async () => {
    const sure = await ask({
      title: `Delete ${each.name}?`,
      body: `${told(each)} will be gone for good, with the keys that open them.`,
      confirm: "Delete",
      danger: true,
    });
    if (!sure) return;
    const receipt = await new Collection(each).remove();
    await load();
    await showReceipts(`${each.name} is deleted`, [receipt]);
  });
}

function removeAll() {
  return attempt(async () => {
    const sure = await ask({
      title: "Delete everything?",
      body: "All groups and lists of your account, and everybody in them, will be gone for good.",
      confirm: "Delete everything",
      danger: true,
    });
    if (!sure) return;
    const receipts = [];
    try {
      for (const each of shown) receipts.push(await new Collection(each).remove());
    } finally {
      await load();
      if (receipts.length) await showReceipts("Deleted", receipts);
    }
  });
}

for (const button of $$("[data-make]")) {
  button.addEventListener("click", () => create(button.dataset.make));
}
$("#delete-all").addEventListener("click", removeAll);
attempt(load);
