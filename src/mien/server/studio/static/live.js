// The live page: camera, socket, what is shown of the answers, recordings.
import { cameras, closeCamera, openCamera } from "./camera.js";
import { lines } from "./charts.js";
import { $, announce, h, icon, onKeys, showError } from "./dom.js";
import { Minute } from "./live_minute.js";
import { showRecording } from "./live_recording.js";
import { LiveSocket } from "./live_socket.js";
import { Overlay, personColour } from "./overlay.js";
import { MOST_MINUTES, Recorder } from "./recorder.js";
import { EXPRESSIONS, looks } from "./words.js";

const SOCKET = "/studio/api/media/v1/live";
const SENT_SIDE = 640; // the longer side of what is sent, in pixels
const QUALITY = 0.8;
const METERS_MS = 500;
const CHART_MS = 1000;
const RATE_S = 2;

const reads = $("#live").dataset.emotion === "on";
const video = $("#camera");
const screen = $("#screen");
const small = document.createElement("canvas");
const overlay = new Overlay(screen);
const socket = new LiveSocket(SOCKET);
const minute = new Minute();

let stream = null;
let paused = false;
let taking = false;
let recorder = null;
let chosen = null; // whose last minute is shown; null: whoever has been there longest
let troubled = false; // what is told of the connection is over with the next answer
let answers = []; // of the last seconds: when, latency, the answer

/* --- camera ----------------------------------------------------------------------------------- */

async function start(deviceId = null) {
  cover("Waiting for the camera", "Allow it where the browser asks.", false);
  endRecording();
  closeCamera(video, stream);
  try {
    stream = await openCamera(video, { deviceId });
  } catch (error) {
    stream = null;
    stop();
    cover(error.title, error.text);
    announce(error.message);
    return;
  }
  stream.getVideoTracks()[0].addEventListener("ended", lost, { once: true });
  $("#cover").hidden = true;
  await showCameras();
  paused = false;
  controls();
  socket.open();
  eachFrame();
}

function lost() {
  stop();
  cover("The camera is gone.", "It was taken out or switched off. Connect it, then start again.");
}

function stop() {
  endRecording();
  socket.close();
  closeCamera(video, stream);
  stream = null;
  showNobody();
  minute.forget();
  answers = [];
  showPeople([]);
  if (reads) showNoChart();
  state("");
  cover(
    "The camera is off",
    "Start it to see faces live. The pictures go to this service alone, and are forgotten at once.",
  );
  controls();
}

function cover(title, text, again = true) {
  $("#cover").hidden = false;
  $("#cover-title").textContent = title;
  $("#cover-text").textContent = text;
  $("#start").hidden = !again;
  $("#log-in").hidden = true;
}

/** The service has ended it: nothing is seen any more, so the camera goes off too. */
function ended(name, text) {
  const kept = recorder !== null || $("#recordings").childElementCount > 0;
  const loggedOut = name === "ended";
  const next = kept
    ? "Take your recording away, which is in this page alone; then log in again."
    : "Log in again to go on.";
  const told = loggedOut ? `Your session is over. ${next}` : text;
  stop();
  cover(loggedOut ? "You are logged out" : "Live has stopped", told, !loggedOut);
  $("#log-in").hidden = !loggedOut;
  $(loggedOut ? "#log-in" : "#start").focus();
  announce(told);
}

async function showCameras() {
  const found = await cameras();
  const used = stream.getVideoTracks()[0].getSettings().deviceId;
  $("#cameras").replaceChildren(
    ...found.map(({ id, name }) => h("option", { value: id, selected: id === used }, name)),
  );
}

function controls() {
  const on = stream !== null;
  for (const id of ["pause", "stop", "record", "meters"]) $(`#${id}`).hidden = !on;
  if (!window.MediaRecorder) $("#record").hidden = true;
  $("#choice").hidden = !on || $("#cameras").length < 2;
  const [name, text] = paused ? ["play", "Go on"] : ["pause", "Pause"];
  $("#pause").replaceChildren(icon(name), h("span", {}, text));
}

/* --- frames out ------------------------------------------------------------------------------- */

function eachFrame() {
  const running = stream;
  const next = (then) =>
    video.requestVideoFrameCallback
      ? video.requestVideoFrameCallback(then)
      : requestAnimationFrame(then);
  const look = () => {
    if (stream !== running) return;
    if (!paused) frame();
    next(look);
  };
  next(look);
}

/** Send what the camera shows now, unless enough is under way already: the newest counts. */
async function frame() {
  if (socket.idle) socket.open();
  if (taking || !socket.ready || !video.videoWidth) return;
  taking = true;
  try {
    const takenAt = performance.now();
    const bitmap = await createImageBitmap(video);
    const scale = Math.min(1, SENT_SIDE / Math.max(bitmap.width, bitmap.height));
    small.width = Math.round(bitmap.width * scale);
    small.height = Math.round(bitmap.height * scale);
    small.getContext("2d").drawImage(bitmap, 0, 0, small.width, small.height);
    const blob = await new Promise((resolve) => small.toBlob(resolve, "image/jpeg", QUALITY));
    if (socket.ready) socket.send(blob, { bitmap, takenAt, close: () => bitmap.close() });
    else bitmap.close();
  } finally {
    taking = false;
  }
}

/* --- answers in ------------------------------------------------------------------------------- */

socket.addEventListener("answer", ({ detail: { answer, frame: sent } }) => {
  const now = performance.now();
  if (paused || !stream) return sent.close();
  if (troubled) state("");
  show(answer, sent.bitmap);
  sent.close();
  answers.push({ now, took: now - sent.takenAt, answer });
  minute.add(answer.faces, sent.takenAt / 1000);
  recorder?.add(answer, sent.takenAt);
});

/** The very frame that was looked at, with its faces: so boxes are where the faces are. */
function show(answer, bitmap) {
  if (screen.width !== bitmap.width || screen.height !== bitmap.height) {
    screen.width = bitmap.width;
    screen.height = bitmap.height;
  }
  screen.hidden = false;
  screen.getContext("2d").drawImage(bitmap, 0, 0);
  overlay.fit();
  const [x, y] = [bitmap.width / answer.width, bitmap.height / answer.height];
  overlay.setFaces(answer.faces.map((face, index) => boxOf(face, index, x, y)));
}

function boxOf(face, index, x, y) {
  const { left, top, width, height } = face.rectangle;
  const told = wordsOf(face);
  return {
    id: face.id ?? `new-${index}`,
    label: told,
    title: `Face ${told}`,
    box: [left * x, top * y, (left + width) * x, (top + height) * y],
    colour: personColour(face.id ?? -1),
    selected: face.id !== null && face.id === shownPerson(),
  };
}

function wordsOf(face) {
  const name = face.id === null ? "new" : String(face.id);
  return reads && face.emotion ? `${name} ${looks(face.emotion)}` : name;
}

overlay.addEventListener("pick", ({ detail }) => choose(Number(detail.id)));

function shownPerson() {
  return chosen !== null && minute.has(chosen) ? chosen : minute.longest();
}

function choose(id) {
  if (!Number.isInteger(id)) return;
  chosen = id;
  showChart();
}

/* --- meters, people, the last minute ---------------------------------------------------------- */

function showMeters() {
  if (!stream || paused) return;
  const now = performance.now();
  answers = answers.filter((each) => now - each.now < 1000 * RATE_S);
  const last = answers.at(-1);
  const mean = (read) =>
    Math.round(answers.reduce((sum, each) => sum + read(each), 0) / answers.length);
  $("#rate").textContent = last ? `${Math.round(answers.length / RATE_S)} a second` : "–";
  $("#latency").textContent = last ? `${mean((each) => each.took)} ms` : "–";
  $("#service").textContent = last ? `${mean((each) => each.answer.latencyMs)} ms` : "–";
  $("#dropped").textContent = last ? String(last.answer.dropped) : "–";
  showPeople(last?.answer.faces ?? []);
  if (recorder) showRecorded();
}

let listed = "";

function showPeople(faces) {
  const known = faces.filter((face) => face.id !== null).sort((a, b) => a.id - b.id);
  const told = JSON.stringify(known.map((face) => [wordsOf(face), face.id === shownPerson()]));
  if (told === listed) return;
  listed = told;
  const focused = document.activeElement?.dataset?.person;
  const chips = known.map((face) => {
    const dot = h("span", { class: "dot", style: { "--box": personColour(face.id) } });
    const pressed = String(face.id === shownPerson());
    const act = { "aria-pressed": pressed, onclick: () => choose(face.id) };
    return h(
      "button",
      { type: "button", dataset: { person: String(face.id) }, ...act },
      dot,
      wordsOf(face),
    );
  });
  $("#people").replaceChildren(
    ...(chips.length ? chips : [h("p", { class: "note" }, "Nobody is seen now.")]),
  );
  if (focused !== undefined) $(`[data-person="${focused}"]`)?.focus();
}

async function showChart() {
  const person = shownPerson();
  if (!reads || person === null || !stream || document.hidden) return;
  const { x, values } = minute.of(person, performance.now() / 1000);
  $("#chart").hidden = false;
  $("#whose").textContent = `Expressions of person ${person}. Choose another by their box or name.`;
  const series = EXPRESSIONS.map((name) => ({
    name,
    values: values(name),
    colour: `--emotion-${name}`,
  }));
  try {
    const title = `Expressions of person ${person}`;
    const axis = { xTitle: "seconds from now", xRange: [-60, 0], height: 300 };
    await lines($("#chart"), { title, x, series, ...axis });
  } catch (error) {
    showError($("#chart"), error);
  }
}

function showNoChart() {
  $("#chart").hidden = true;
  $("#whose").textContent = "Expressions of one person over time, once somebody is seen.";
}

setInterval(showMeters, METERS_MS);
setInterval(() => !paused && showChart(), CHART_MS);

/* --- the state of the connection -------------------------------------------------------------- */

function state(text, bad = false) {
  troubled = false;
  const place = $("#state");
  place.hidden = !text;
  place.classList.toggle("info", !bad);
  place.replaceChildren(icon(bad ? "warning" : "info"), h("span", {}, text));
}

socket.addEventListener("state", ({ detail: { name, text } }) => {
  if (name === "refused" || name === "ended") return ended(name, text);
  state(text, name === "lost");
  if (name === "open" || name === "idle") return;
  minute.forget(); // the ids of another connection are other people
  showNobody();
});
socket.addEventListener("trouble", ({ detail: { text, rests } }) => {
  if (rests) showNobody();
  if (paused) return;
  state(text, true);
  troubled = true;
});

/** What was seen last is over: the camera is shown as it is. */
function showNobody() {
  overlay.setFaces([]);
  screen.hidden = true;
}

/* --- buttons ---------------------------------------------------------------------------------- */

$("#start").addEventListener("click", () => start());
$("#stop").addEventListener("click", () => {
  stop();
  $("#start").focus();
});
$("#cameras").addEventListener("change", () => start($("#cameras").value));
$("#pause").addEventListener("click", () => pause());

function pause() {
  if (!stream) return false;
  paused = !paused;
  if (paused) state("Paused. The camera stays on; nothing is sent.");
  else state("");
  controls();
  return true;
}

$("#record").addEventListener("click", () => (recorder ? endRecording() : record()));

function record() {
  recorder = new Recorder(stream);
  $("#record").setAttribute("aria-pressed", "true");
  showRecorded();
  announce("Recording");
}

function showRecorded() {
  const seconds = Math.floor(recorder.seconds);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  $("#record").replaceChildren(icon("stop"), h("span", {}, `Stop recording (${time})`));
  if (seconds >= 60 * MOST_MINUTES) endRecording();
}

async function endRecording() {
  if (!recorder) return;
  const over = recorder;
  recorder = null;
  $("#record").setAttribute("aria-pressed", "false");
  $("#record").replaceChildren(icon("record"), h("span", {}, "Record"));
  showRecording($("#recordings"), await over.stop(), over.seconds);
}

onKeys({ Space: () => pause() });
