// The page of one video: who is hidden, boxes by hand, how it looks, what is doubtful, copies.
import { $, announce, onKeys, showError } from "./dom.js";
import { followJob, leftInWords } from "./job_progress.js";
import { Redaction } from "./redaction_api.js";
import { Boxes } from "./redaction_boxes.js";
import { Copies } from "./redaction_copies.js";
import { Doubts } from "./redaction_doubts.js";
import { Hows } from "./redaction_how.js";
import { People } from "./redaction_people.js";
import { Sides } from "./redaction_sides.js";

const POLL_MS = 1000; // while something that was drawn is being followed

const redaction = new Redaction($("#head").dataset.asset);
const trouble = $("#trouble");
let parts = null;
let polling = 0;

/** Do something that may fail, and show where it did. */
async function attempt(work, place = trouble) {
  showError(place, null);
  try {
    return await work();
  } catch (error) {
    showError(place, error);
    return null;
  }
}

/** Add edits and show what came of them. */
async function edit(...actions) {
  const done = await attempt(() => redaction.edit(...actions));
  show();
  return done;
}

async function change(which) {
  const number = redaction.state?.history?.[which];
  if (!number) return;
  await edit({ kind: "undo", edit: number });
  announce(which === "undo" ? "Undone" : "Done again");
}

function begin() {
  const sides = new Sides(redaction);
  sides.addEventListener("trouble", (event) => showError($("#player-trouble"), event.detail.error));
  sides.player.video.addEventListener("error", () => ($("#again").hidden = false));
  const boxes = new Boxes(redaction, sides, { edit });
  const hows = new Hows(redaction, { edit, preview: (look) => sides.preview(look) });
  const people = new People(redaction, { edit, go: (number) => sides.go(number) });
  const doubts = new Doubts(redaction, { edit, point: (doubt) => boxes.point(doubt) });
  const copies = new Copies(redaction, { attempt, sides, point: (place) => boxes.point(place) });
  onKeys(keysOf(sides.player, boxes));
  return { sides, boxes, hows, people, doubts, copies };
}

/** Those of the player, but while a box is drawn: then they are the box's. */
function keysOf(player, boxes) {
  const free = (act) => (event) => (boxes.draft ? false : act(event));
  return Object.fromEntries(Object.entries(player.keys).map(([key, act]) => [key, free(act)]));
}

function show() {
  const { state } = redaction;
  const ready = state.analysis.state === "ready";
  if (!parts) $("#look").hidden = ready;
  $("#review").hidden = $("#history").hidden = !ready;
  if (!ready) return;
  parts ??= begin();
  for (const part of Object.values(parts)) part.show();
  $("#undo").disabled = state.history.undo === null;
  $("#redo").disabled = state.history.redo === null;
  showRemarks(state.remarks.filter((each) => !each.done));
  clearTimeout(polling);
  if (state.drawings.some((each) => each.following !== null)) polling = setTimeout(reload, POLL_MS);
}

function showRemarks(remarks) {
  $("#remarks").hidden = !remarks.length;
  const lines = remarks.map(({ edit: number, reason }) => {
    const line = document.createElement("li");
    line.textContent = `Change ${number}: ${reason}.`;
    return line;
  });
  $("#remarks-list").replaceChildren(...lines);
}

async function reload() {
  await attempt(() => redaction.load());
  if (redaction.state) show();
}

/** Show how far a look is; what it found, once it is over. */
function follow(job) {
  const told = $("#look-told");
  $("#look-start").hidden = true;
  $("#look-progress").hidden = false;
  told.textContent = "Waiting for its turn …";
  followJob(job, {
    onProgress: ({ progress, left }) => {
      $("#look-bar").value = progress;
      told.textContent = [`${Math.round(progress)} % looked at`, leftInWords(left)].filter(Boolean).join(", ");
    },
    onEnd: async (end) => {
      if (parts) return location.reload(); // all that is shown is of the look before
      $("#look-start").hidden = false;
      $("#look-progress").hidden = true;
      await reload();
      if (end?.state === "Finished") announce("Everyone was found");
      else tellFailure();
    },
  });
}

function tellFailure() {
  const { state, errors } = redaction.state?.analysis ?? {};
  if (state === "failed") showError(trouble, `The video could not be looked at: ${errors.join("; ")}.`);
}

async function look() {
  const begun = await attempt(() => redaction.look());
  if (!begun) return;
  $("#look").hidden = false;
  $("#again").hidden = true;
  follow(begun.job);
}

$("#look-start").addEventListener("click", look);
$("#again-start").addEventListener("click", look);
$("#undo").addEventListener("click", () => change("undo"));
$("#redo").addEventListener("click", () => change("redo"));
onKeys({
  "Ctrl+z": () => void change("undo"),
  "Ctrl+Shift+z": () => void change("redo"),
  "Ctrl+y": () => void change("redo"),
});

await reload();
const analysis = redaction.state?.analysis;
if (analysis && ["waiting", "running"].includes(analysis.state)) follow(analysis.job);
else tellFailure();
document.documentElement.dataset.ready = "true";

