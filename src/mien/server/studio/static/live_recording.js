// What can be done with a recording: take it away, keep it under Video, or let it go.
import { ask } from "./dialog.js";
import { formatBytes, formatTime, h, icon, showError } from "./dom.js";
import { Upload } from "./upload.js";

function save(file) {
  const url = URL.createObjectURL(file);
  h("a", { href: url, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

function button(name, text, onclick) {
  return h("button", { type: "button", class: "small", onclick }, icon(name), h("span", {}, text));
}

/** Keep the video as an asset, as if it had been uploaded under Video. */
async function keep(card, video) {
  const [progress, trouble] = [
    h("progress", { max: video.size, value: 0 }),
    h("p", { hidden: true }),
  ];
  const upload = new Upload(video);
  upload.addEventListener("progress", ({ detail }) => (progress.value = detail.sent));
  card.replaceChildren(h("p", {}, `Keeping ${video.name}…`), progress, trouble);
  try {
    await upload.start();
    const there = h("a", { href: "/studio/video" }, "Open Video");
    card.replaceChildren(h("p", {}, `${video.name} is kept. `, there));
    return true;
  } catch (error) {
    showError(trouble, error);
    progress.remove();
    card.append(button("upload", "Try again", () => keep(card, video)));
    return false;
  }
}

/** Show a recording that is over, above the earlier ones. */
export function showRecording(list, { video, timeline }, seconds) {
  let unsaved = true;
  const warn = (event) => unsaved && event.preventDefault();
  window.addEventListener("beforeunload", warn);
  const done = () => {
    unsaved = false;
    window.removeEventListener("beforeunload", warn);
  };
  const discard = async () => {
    const question = {
      title: "Discard the recording?",
      body: "It is in this page alone.",
      confirm: "Discard",
      danger: true,
    };
    if (unsaved && !(await ask(question))) return;
    done();
    card.remove();
  };
  const told = `${formatTime(seconds)}, ${formatBytes(video.size)}, without sound. It is in this page alone until you take it away.`;
  const place = h("div", { class: "stack" });
  const card = h(
    "article",
    { class: "card stack" },
    h("div", {}, h("h2", {}, "Recording"), h("p", { class: "note" }, told)),
    h(
      "div",
      { class: "row" },
      button("download", "Video", () => (save(video), done())),
      button("download", "Timeline (JSON)", () => save(timeline)),
      button("upload", "Keep under Video", async () => (await keep(place, video)) && done()),
      button("delete", "Discard", discard),
    ),
    place,
  );
  list.prepend(card);
}
