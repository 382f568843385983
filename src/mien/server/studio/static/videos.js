// The list of videos: sending them, and how far their analysis is.
import { $, announce, formatBytes, h, icon, showError } from "./dom.js";
import { ask } from "./dialog.js";
import { getJson, sendJson } from "./http.js";
import { Eta, followJob, leftInWords } from "./job_progress.js";
import { Upload } from "./upload.js";

const API = "/studio/api/video";
const JOBS = "/studio/api/media/v1/jobs";
const LOOK_MS = 5000;
const STREAMS = 2; // a browser has six connections to a service, and pages need some
const WORK = ["waiting", "running"];

const uploads = new Map(); // by asset, once there is one; else by the upload
const streams = new Map(); // by job
const rows = new Map(); // by asset or upload
let videos = [];

/** Send a file, then have it analysed. */
async function send(file, known = null) {
  if (![...uploads.values()].every(({ upload }) => upload.file.name !== file.name || upload.file.size !== file.size)) return;
  const upload = new Upload(file);
  if (known) [upload.assetId, upload.fileId] = [known.asset, known.file];
  const eta = new Eta();
  const entry = { upload, left: null };
  uploads.set(upload, entry);
  upload.addEventListener("progress", () => {
    eta.add((100 * upload.sent) / Math.max(1, file.size));
    entry.left = eta.left();
    show();
  });
  upload.addEventListener("state", show);
  entry.run = () =>
    upload
      .start()
      .then(({ assetId }) => analyse(assetId))
      .then(() => uploads.delete(upload))
      .then(look)
      .catch(() => show()); // the row shows why
  show();
  await entry.run();
}

async function analyse(asset) {
  try {
    await sendJson("POST", `${API}/${asset}/analysis`);
    showError($("#trouble"), null);
  } catch (error) {
    showError($("#trouble"), error);
  }
}

/** Ask what there is, and show it. */
async function look() {
  try {
    videos = await getJson(API);
  } catch (error) {
    showError($("#trouble"), error);
    return;
  }
  follow();
  show();
}

function follow() {
  const running = videos.filter((video) => WORK.includes(video.stage)).sort((a, b) => (a.stage < b.stage ? -1 : 1));
  for (const video of running) {
    if (streams.size >= STREAMS || streams.has(video.job)) continue;
    const entry = { progress: video.progress, left: null };
    streams.set(video.job, entry);
    followJob(video.job, {
      onProgress: (told) => {
        Object.assign(entry, told);
        show();
      },
      onEnd: () => {
        streams.delete(video.job);
        announce(`The analysis of ${video.name} is over.`);
        look();
      },
    });
  }
}

function show() {
  const sending = [...uploads.values()].filter(({ upload }) => upload.state !== "cancelled");
  const taken = new Set(sending.map(({ upload }) => upload.assetId));
  const list = [
    ...sending.map((entry) => [entry.upload, uploadRow(entry)]),
    ...videos.filter((video) => !taken.has(video.asset)).map((video) => [video.asset, videoRow(video)]),
  ];
  for (const key of rows.keys()) if (!list.some(([each]) => each === key)) rows.delete(key);
  const elements = list.map(([key, content]) => {
    const row = rows.get(key) ?? rows.set(key, h("li", {})).get(key);
    fill(row, content);
    return row;
  });
  const element = $("#videos");
  elements.forEach((row, place) => element.children[place] === row || element.insertBefore(row, element.children[place] ?? null));
  while (element.children.length > elements.length) element.lastElementChild.remove();
  element.hidden = !elements.length;
  $("#none").hidden = Boolean(elements.length);
}

/** Show content in a row; the focus stays on the button it was on. */
function fill(row, { key, parts, bar }) {
  if (row.dataset.key === key) {
    row.progress?.(bar);
    return;
  }
  const focused = row.contains(document.activeElement) ? document.activeElement.dataset.act : null;
  row.dataset.key = key;
  const progress = bar ? h("progress", { max: 100, value: bar.value, "aria-label": `Progress of ${bar.name}` }) : null;
  const told = h("p", { class: "bar-told" }, bar?.text ?? "");
  row.progress = (now) => {
    if (!now || !progress) return;
    progress.value = now.value;
    if (told.textContent !== now.text) told.textContent = now.text;
  };
  const [what, ...actions] = parts;
  row.replaceChildren(
    h("div", { class: "what" }, what, progress ? [told, progress] : null),
    h("div", { class: "row" }, actions),
  );
  if (focused) $(`[data-act="${focused}"]`, row)?.focus();
}

function button(act, name, symbol, words, onclick, more = "") {
  return h(
    "button",
    { type: "button", class: `small ${more}`, dataset: { act }, "aria-label": `${words} ${name}`, onclick },
    icon(symbol),
    h("span", {}, words),
  );
}

function title(video) {
  const href = `/studio/video/${video.asset}`;
  return h("a", { class: "title", href }, h("bdi", {}, video.name));
}

function uploadRow(entry) {
  const { upload } = entry;
  const { name, size } = upload.file;
  const share = size ? (100 * upload.sent) / size : 0;
  const going = upload.state === "sending" || upload.state === "waiting";
  const left = going ? leftInWords(entry.left) : "paused";
  const amount = `${formatBytes(upload.sent)} of ${formatBytes(size)}`;
  const text = upload.state === "done" ? "Sent" : [amount, left].filter(Boolean).join(", ");
  const failed = upload.state === "failed" ? h("p", { class: "error", role: "alert" }, upload.error.message) : null;
  const what = [h("bdi", { class: "title" }, name), failed];
  const cancel = async () => {
    uploads.delete(upload);
    await upload.cancel().catch((error) => showError($("#trouble"), error));
    look();
  };
  return {
    key: `upload ${upload.state}`,
    bar: { value: share, text, name },
    parts: [
      what,
      going ? button("pause", name, "pause", "Pause", () => upload.pause()) : null,
      upload.state === "paused" ? button("resume", name, "play", "Resume", () => entry.run()) : null,
      upload.state === "failed" ? button("resume", name, "play", "Try again", () => entry.run()) : null,
      button("cancel", name, "close", "Cancel", cancel),
    ],
  };
}

function videoRow(video) {
  const { name, stage } = video;
  const facts = `${formatBytes(video.size)}, added ${new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(video.created))}`;
  const again = button("analyse", name, "play", "Analyse", () => analyse(video.asset).then(look));
  const remove = button("delete", name, "delete", "Delete", () => drop(video), "quiet");
  const entry = streams.get(video.job);
  const progress = Math.max(entry?.progress ?? 0, video.progress ?? 0);
  const left = leftInWords(entry?.left ?? null);
  const working = stage === "waiting" && !progress ? "Waiting for its turn" : [`Analysing, ${Math.round(progress)} %`, left].filter(Boolean).join(", ");
  const told = {
    uploading: [h("p", {}, `${formatBytes(video.received)} of ${formatBytes(video.size)} are here. Choose the same file to go on.`)],
    new: [h("p", {}, facts)],
    waiting: [],
    running: [],
    ready: [h("p", {}, facts)],
    failed: [h("p", { class: "error" }, video.errors?.[0] ?? "The analysis failed.")],
    canceled: [h("p", {}, "The analysis was stopped.")],
  }[stage];
  const acts = {
    uploading: [button("again", name, "upload", "Go on", () => goOn(video)), remove],
    new: [again, remove],
    waiting: [button("stop", name, "stop", "Stop", () => stop(video))],
    running: [button("stop", name, "stop", "Stop", () => stop(video))],
    ready: [h("a", { class: "button small", href: `/studio/video/${video.asset}`, "aria-label": `Open ${name}` }, "Open"), remove],
    failed: [again, remove],
    canceled: [again, remove],
  }[stage];
  return {
    key: `${stage} ${video.name} ${stage === "uploading" ? video.received : ""}`,
    bar: WORK.includes(stage) ? { value: progress, text: working, name } : null,
    parts: [[stage === "uploading" ? h("bdi", { class: "title" }, name) : title(video), told], ...acts],
  };
}

/** Go on with an upload of an earlier visit: the same file is needed. */
function goOn(video) {
  const input = h("input", { type: "file" });
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (file.name !== video.name || file.size !== video.size) {
      showError($("#trouble"), `That is another file. Choose ${video.name} of ${formatBytes(video.size)}.`);
      return;
    }
    showError($("#trouble"), null);
    send(file, video);
  });
  input.click();
}

async function stop(video) {
  try {
    await sendJson("POST", `${JOBS}/${video.job}/cancel`);
  } catch (error) {
    if (error.status !== 409) showError($("#trouble"), error); // 409: it is over
  }
  look();
}

async function drop(video) {
  const sure = await ask({
    title: `Delete ${video.name}?`,
    body: "The video, its analysis, your changes, and every copy that was made of it are deleted for good.",
    confirm: "Delete",
    danger: true,
  });
  if (!sure) return;
  try {
    await sendJson("DELETE", `${API}/${video.asset}`);
    announce(`${video.name} is deleted.`);
  } catch (error) {
    showError($("#trouble"), error);
  }
  look();
}

const take = $("#take");
const input = $("#files");
input.addEventListener("change", () => {
  for (const file of input.files) send(file);
  input.value = "";
});
take.addEventListener("dragover", (event) => {
  event.preventDefault();
  take.classList.add("over");
});
take.addEventListener("dragleave", () => take.classList.remove("over"));
take.addEventListener("drop", (event) => {
  event.preventDefault();
  take.classList.remove("over");
  for (const file of event.dataTransfer.files) send(file);
});
addEventListener("beforeunload", (event) => {
  if ([...uploads.values()].some(({ upload }) => upload.state === "sending")) event.preventDefault();
});

look();
setInterval(() => document.hidden || look(), LOOK_MS);
