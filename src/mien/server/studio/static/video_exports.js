// The edited analysis as files, and the video with its faces drawn on it.
import { $, formatBytes, h, icon, showError } from "./dom.js";
import { sendJson } from "./http.js";
import { followJob, leftInWords } from "./job_progress.js";

const FORMATS = [
  ["json", "JSON", "faces by frame, as Media Analytics"],
  ["aggregate", "Aggregate", "JSON of the room, as in the chart"],
  ["csv", "CSV", "a row for each face"],
  ["parquet", "Parquet", "the same for data frames"],
  ["mot", "MOT", "tracks for labelling tools"],
  ["vtt", "WebVTT", "captions for players"],
  ["people", "People", "CSV of names and times"],
];

/** The card of exports. */
export class Exports {
  /** @param {string} url of the video's API. @param {function(): object} lengths of the chart. */
  constructor(url, lengths, reload) {
    this.url = url;
    this.lengths = lengths;
    this.reload = reload;
    this.following = new Map();
    $("#annotate").addEventListener("click", () => this.annotate());
  }

  show({ emotion, copies }) {
    const shown = FORMATS.filter(([format]) => emotion || format !== "aggregate");
    $("#exports").replaceChildren(
      ...shown.map(([format, name, about]) =>
        h(
          "li",
          {},
          h(
            "a",
            {
              class: "button small",
              href: `${this.url}/export/${format}`,
              download: true,
              onclick: (event) => this.address(event.currentTarget, format),
            },
            icon("download"),
            h("span", {}, name),
          ),
          h("span", { class: "soft" }, about),
        ),
      ),
    );
    $("#copies").replaceChildren(...copies.map((copy) => this.copy(copy)));
  }

  address(link, format) {
    const query = format === "aggregate" ? `?${new URLSearchParams(this.lengths())}` : "";
    link.href = `${this.url}/export/${format}${query}`;
  }

  copy(copy) {
    if (copy.stage === "ready" && copy.content) {
      const link = h("a", { class: "button small", href: copy.content, download: copy.name }, icon("download"), h("span", {}, "Download"));
      return h("li", {}, h("div", { class: "what" }, h("bdi", {}, copy.name), h("p", {}, formatBytes(copy.size))), link);
    }
    if (copy.stage === "failed") {
      return h("li", {}, h("p", { class: "error" }, copy.errors[0] ?? "The annotated video could not be made."));
    }
    if (copy.stage === "canceled") return h("li", { class: "soft" }, "An annotated video was stopped.");
    const bar = h("progress", { max: 100, value: 0, "aria-label": "Drawing faces on the video" });
    const left = h("p", {}, "Waiting for its turn");
    if (!this.following.has(copy.job)) {
      const stop = followJob(copy.job, {
        onProgress: (told) => this.following.get(copy.job)?.told(told),
        onEnd: () => {
          this.following.delete(copy.job);
          this.reload();
        },
      });
      this.following.set(copy.job, { stop });
    }
    this.following.get(copy.job).told = (told) => {
      bar.value = told.progress;
      left.textContent = `${Math.round(told.progress)} %${told.left === null ? "" : `, ${leftInWords(told.left)}`}`;
    };
    return h("li", {}, h("div", { class: "what" }, "Drawing faces on the video", left, bar));
  }

  async annotate() {
    const button = $("#annotate");
    button.disabled = true;
    try {
      await sendJson("POST", `${this.url}/annotated`);
      showError($("#export-trouble"), null);
      await this.reload();
    } catch (error) {
      showError($("#export-trouble"), error);
    } finally {
      button.disabled = false;
    }
  }
}
