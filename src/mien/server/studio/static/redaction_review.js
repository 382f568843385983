// The page of one video: who is hidden, boxes by hand, how it looks, what is doubtful, copies.
import { ask, toast } from "./dialog.js";
import { $, announce, onKeys, showError } from "./dom.js";
import { Redaction, followJob, leftText } from "./redaction_api.js";
import { Copies } from "./redaction_copies.js";
import { Doubts } from "./redaction_doubts.js";
import { Frames } from "./redaction_frames.js";
import { Hows } from "./redaction_how.js";
import { People } from "./redaction_people.js";

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
  const frames = new Frames(redaction, { edit, attempt });
  const hows = new Hows(redaction, { edit, preview: (look) => frames.preview(look) });
  const people = new People(redaction, { edit, go: (number) => frames.go(number) });
  const doubts = new Doubts(redaction, { edit, point: (doubt) => frames.point(doubt) });
  const copies = new Copies(redaction, { attempt, ask, toast });
  return { frames, hows, people, doubts, copies };
}

function show() {
  const { state } = redaction;
  const ready = state.analysis.state === "ready";
  $("#look").hidden = ready;
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

async function follow(job) {
  const told = $("#look-told");
  $("#look-start").hidden = true;
  $("#look-progress").hidden = false;
  told.textContent = "Waiting for its turn …";
  const end = await followJob(job, (percent, left) => {
    $("#look-bar").value = percent;
    const more = leftText(left);
    told.textContent = `${Math.round(percent)} % looked at${more ? `, ${more}` : ""}`;
  });
  $("#look-start").hidden = false;
  $("#look-progress").hidden = true;
  await reload();
  if (end === "Finished") announce("Everyone was found");
}

$("#look-start").addEventListener("click", async () => {
  const begun = await attempt(() => redaction.look());
  if (begun) await follow(begun.job);
});
$("#undo").addEventListener("click", () => change("undo"));
$("#redo").addEventListener("click", () => change("redo"));
onKeys({
  "Ctrl+z": () => void change("undo"),
  "Ctrl+Shift+z": () => void change("redo"),
  "Ctrl+y": () => void change("redo"),
  ArrowLeft: () => parts?.frames.step(-1),
  ArrowRight: () => parts?.frames.step(1),
  "Shift+ArrowLeft": () => parts?.frames.step(-10),
  "Shift+ArrowRight": () => parts?.frames.step(10),
});

await reload();
const analysis = redaction.state?.analysis;
if (analysis && ["waiting", "running"].includes(analysis.state)) await follow(analysis.job);
else if (analysis?.state === "failed") {
  showError(trouble, `The video could not be looked at: ${analysis.errors.join("; ")}.`);
}
document.documentElement.dataset.ready = "true";

