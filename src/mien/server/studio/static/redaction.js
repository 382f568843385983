// The videos of the account, and photos.
import { $, formatBytes, h, showError } from "./dom.js";
import { getJson } from "./http.js";
import { beginPhotos } from "./redaction_photo.js";
import { Upload } from "./upload.js";

const STATES = {
  none: ["not looked at yet", ""],
  waiting: ["waiting", "warn"],
  running: ["being looked at", "warn"],
  ready: ["ready", "good"],
  failed: ["failed", "bad"],
  canceled: ["not looked at yet", ""],
};

function item(clip) {
  const [text, kind] = STATES[clip.analysis.state];
  const copies = clip.copies ? `, ${clip.copies} ${clip.copies === 1 ? "copy" : "copies"}` : "";
  const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  return h(
    "li",
    {},
    h(
      "div",
      { class: "what" },
      h("a", { href: `/studio/redaction/${clip.asset}` }, clip.name),
      h("p", {}, `${formatBytes(clip.size)}, ${when.format(new Date(clip.created))}${copies}`),
    ),
    h("span", { class: `tag ${kind}` }, text),
  );
}

async function show() {
  try {
    const clips = await getJson("/studio/api/redaction");
    $("#videos").hidden = $("#add-row").hidden = !clips.length;
    $("#no-videos").hidden = clips.length > 0;
    $("#videos").replaceChildren(...clips.map(item));
  } catch (error) {
    showError($("#trouble"), error);
  }
}

async function add(file) {
  const box = $("#upload");
  box.hidden = false;
  $("#upload-name").textContent = file.name;
  const upload = new Upload(file);
  $("#upload-cancel").onclick = () => upload.cancel();
  upload.addEventListener("progress", (event) => {
    const { sent, size } = event.detail;
    $("#upload-bar").value = size ? sent / size : 0;
    $("#upload-told").textContent = `${formatBytes(sent)} of ${formatBytes(size)}`;
  });
  try {
    const { assetId } = await upload.start();
    location.assign(`/studio/redaction/${assetId}`);
  } catch (error) {
    box.hidden = true;
    if (error.name !== "AbortError") showError($("#trouble"), error);
  }
}

$("#video-file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  showError($("#trouble"), null);
  if (file) add(file);
});
beginPhotos();
await show();
document.documentElement.dataset.ready = "true";
