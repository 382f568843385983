// The page of one video: how far its analysis is, then the player with all that goes with it.
import { $, announce, formatTime, h, onKeys, showError } from "./dom.js";
import { ask, toast } from "./dialog.js";
import { getJson, sendJson } from "./http.js";
import { followJob, leftInWords } from "./job_progress.js";
import { colourOf, nameOf } from "./people_colours.js";
import { Player } from "./player.js";
import { Chart } from "./video_chart.js";
import { Exports } from "./video_exports.js";
import { Frames } from "./video_frames.js";
import { Lanes } from "./video_lanes.js";
import { Log } from "./video_log.js";
import { People } from "./video_people.js";

const asset = $("#head").dataset.asset;
const url = `/studio/api/video/${asset}`;
const WAITING = ["waiting", "running"];

const page = { state: null, player: null, following: null };
const log = new Log(asset, load);
const people = new People($("#people"));

/** Ask how the video is, and show it. */
async function load() {
  try {
    page.state = await getJson(url);
  } catch (error) {
    showError($("#trouble"), error);
    return;
  }
  const { state } = page;
  $("#wait").hidden = Boolean(state.people) && !WAITING.includes(state.stage);
  $("#work").hidden = !state.people;
  if (!$("#wait").hidden) showWait(state);
  if (state.people) await showWork(state);
}

function showWait({ stage, job, errors = [], received, size }) {
  const words = {
    uploading: `The upload is not complete: ${Math.floor((100 * received) / Math.max(size, 1))} % is here. Go on with it on the page Video.`,
    new: "The video is not analysed yet.",
    waiting: "Waiting for its turn",
    running: "Looking through the video",
    failed: errors[0] ?? "The analysis failed.",
    canceled: "The analysis was stopped.",
    ready: "The analysis is not there any more. Analyse the video again.",
  };
  const waits = WAITING.includes(stage);
  $("#wait-told").textContent = words[stage];
  $("#wait-bar").hidden = !waits;
  $("#cancel").hidden = !waits;
  $("#analyse").hidden = waits || stage === "uploading";
  if (!waits || page.following === job) return;
  page.following = job;
  followJob(job, {
    onProgress: ({ progress, left }) => {
      $("#wait-bar").value = progress;
      $("#wait-told").textContent = [`${Math.round(progress)} %`, leftInWords(left)].filter(Boolean).join(", ");
    },
    onEnd: () => {
      page.following = null;
      announce("The analysis is over.");
      if (page.player) location.reload(); // all that is shown is of the analysis before
      else load();
    },
  });
}

async function showWork(state) {
  log.state = state.log;
  $("#undo").disabled = state.log.undo === null;
  $("#redo").disabled = state.log.redo === null;
  if (!page.player) begin(state);
  else page.frames.clear();
  people.show(state.people);
  $("#people-note").textContent = countOf(state.people);
  showRemarks(state);
  if (!state.emotion && state.offered.includes("emotion")) showAgain("This analysis is without expressions.");
  else $("#again").hidden = true;
  page.exports.show(state);
  page.player.refresh();
  page.chart?.offer(state.people);
  choose();
  await page.lanes.load(state.people).catch((error) => showError($("#trouble"), error));
}

/** Say what the analysis lacks, and offer to make another. Names and all changes stay. */
function showAgain(text) {
  $("#again").hidden = false;
  $("#again-told").textContent = text;
}

function countOf(found) {
  if (!found.length) return "Nobody was found in this video.";
  return found.length === 1 ? "One person." : `${found.length} people, those longest in view first.`;
}

function showRemarks({ unplaced, notes }) {
  const element = $("#remarks");
  const all = [
    ...unplaced.map(({ reason }) => `A change has no place in this analysis: ${reason}.`),
    ...notes.map(({ reason }) => `${reason[0].toUpperCase()}${reason.slice(1)}.`),
  ];
  element.hidden = !all.length;
  element.replaceChildren(h("ul", { class: "remarks hint" }, all.map((text) => h("li", {}, text))));
}

/** Make the player and what goes along, once. */
function begin(state) {
  page.frames = new Frames(url, state.video);
  page.player = new Player($("#player"), {
    ...state.player,
    seconds: state.video.start + state.video.seconds,
    name: state.name,
    frames: page.frames,
  });
  page.lanes = new Lanes($("#lanes"), url);
  if (state.emotion) page.chart = new Chart(url, state.video.seconds);
  else $("#chart-card").hidden = true;
  page.player.addEventListener("trouble", (event) => showAgain(event.detail.error.message));
  page.exports = new Exports(url, () => page.chart?.lengths ?? {}, load);
  page.player.addEventListener("frame", (event) => showFrame(event.detail));
  page.player.addEventListener("time", (event) => {
    page.lanes.move(event.detail.seconds);
    page.chart?.around(event.detail.seconds);
  });
  page.player.overlay.addEventListener("pick", (event) => people.choose(Number(event.detail.id)));
  for (const source of [page.lanes, page.chart, people]) {
    source?.addEventListener("seek", (event) => page.player.goTo(event.detail.seconds + 0.001));
  }
  page.lanes.addEventListener("pick", (event) => people.choose(event.detail.id));
  onKeys({ ...page.player.keys, m: () => press("#merge"), s: () => press("#split") });
}

function press(selector) {
  if (!$(selector).disabled) $(selector).click();
}

/** Boxes of the frame that is shown, in the player's own pixels. */
function showFrame({ faces }) {
  const { video, overlay } = page.player;
  const { width, height } = page.state.video;
  const [x, y] = [video.videoWidth / width || 1, video.videoHeight / height || 1];
  const { emotions = [] } = page.lanes.told ?? {};
  overlay.setFaces(
    faces.map(([id, left, top, right, bottom, place, share]) => {
      const name = nameOf(people.find(id) ?? { id, name: "" });
      const looks = place === null ? "" : `, ${emotions[place] ?? ""} ${Math.round(100 * share)} %`;
      return {
        id,
        label: name,
        title: `${name}${looks}`,
        box: [left * x, top * y, right * x, bottom * y],
        colour: colourOf(id),
        selected: people.chosen.has(id),
      };
    }),
  );
  showSplit();
}

/** Somebody was chosen, or the frame changed. */
function choose() {
  const chosen = people.picked;
  $("#merge").disabled = chosen.length < 2;
  $("#merge span").textContent = chosen.length > 1 ? `Merge ${chosen.length}` : "Merge";
  page.lanes?.select(chosen.length === 1 ? chosen[0].id : null);
  showSplit();
}

/** The face of the one who is chosen in the frame that is shown. */
function faceToSplit() {
  const [person, other] = people.picked;
  const frame = page.player?.frame;
  if (!person || other || !frame) return null;
  const face = frame.faces.find(([id]) => id === person.id);
  const isInside = person.first < frame.seconds - 1e-6 && frame.seconds < person.last;
  return face && isInside ? { person, box: face.slice(1, 5), pts: frame.pts, seconds: frame.seconds } : null;
}

function showSplit() {
  const found = faceToSplit();
  $("#split").disabled = !found;
  $("#split span").textContent = found ? `Split at ${formatTime(found.seconds, 2)}` : "Split here";
}

/** Do something that is an edit, say so, and offer to take it back. */
async function edit(text, ...edits) {
  try {
    const [made] = await log.add(...edits);
    showError($("#people-trouble"), null);
    const back = () => log.add({ kind: "undo", edit: made.number });
    toast({ text, action: "Undo", onAction: () => back().catch((error) => showError($("#people-trouble"), error)) });
  } catch (error) {
    showError($("#people-trouble"), error);
  }
}

async function undo() {
  try {
    if (await log.undo()) announce("Undone");
  } catch (error) {
    showError($("#people-trouble"), error);
  }
}

async function redo() {
  try {
    if (await log.redo()) announce("Done again");
  } catch (error) {
    showError($("#people-trouble"), error);
  }
}

people.addEventListener("pick", () => {
  choose();
  page.player.refresh();
});
people.addEventListener("rename", ({ detail: { person, name } }) => {
  const text = name ? `Person ${person.id} is called ${name}` : `Person ${person.id} has no name`;
  edit(text, { kind: "name", person: person.anchor, name });
});
$("#merge").addEventListener("click", () => {
  const chosen = people.picked;
  people.chosen = new Set([chosen[0].id]);
  const names = chosen.map(nameOf).join(" and ");
  edit(`${names} are one person`, { kind: "merge", people: chosen.map((person) => person.anchor) });
});
$("#split").addEventListener("click", () => {
  const { person, box, pts, seconds } = faceToSplit();
  const time = { pts, timeBase: page.state.video.timeBase };
  const text = `Somebody else than ${nameOf(person)} from ${formatTime(seconds, 2)} on`;
  edit(text, { kind: "split", person: { time, box } });
});
$("#undo").addEventListener("click", undo);
$("#redo").addEventListener("click", redo);
onKeys({ "Ctrl+z": () => void undo(), "Ctrl+Shift+z": () => void redo(), "Ctrl+y": () => void redo() });

async function analyse() {
  try {
    await sendJson("POST", `${url}/analysis`);
    showError($("#trouble"), null);
  } catch (error) {
    showError($("#trouble"), error);
  }
  load();
}

$("#analyse").addEventListener("click", analyse);
$("#again-start").addEventListener("click", () => {
  $("#again").hidden = true;
  analyse();
});
$("#cancel").addEventListener("click", async () => {
  try {
    await sendJson("POST", `/studio/api/media/v1/jobs/${page.state.job}/cancel`);
  } catch (error) {
    if (error.status !== 409) showError($("#trouble"), error); // 409: it is over
  }
  load();
});
$("#delete").addEventListener("click", async () => {
  const sure = await ask({
    title: "Delete this video?",
    body: "The video, its analysis, your changes, and every copy that was made of it are deleted for good.",
    confirm: "Delete",
    danger: true,
  });
  if (!sure) return;
  try {
    await sendJson("DELETE", url);
    location.assign("/studio/video");
  } catch (error) {
    showError($("#trouble"), error);
  }
});

load();
