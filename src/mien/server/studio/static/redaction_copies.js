// Copies of a video, made by the choices as they were: progress, what the audit says, download.
import { ask } from "./dialog.js";
import { $, announce, formatBytes, h, icon, showError } from "./dom.js";
import { getJson, sendJson } from "./http.js";
import { followJob, leftInWords } from "./job_progress.js";
import { momentOf, whenOf } from "./redaction_sides.js";

const MOST_MOMENTS = 20;

export class Copies {
  constructor(redaction, { attempt, sides, point }) {
    this.redaction = redaction;
    this.attempt = attempt;
    this.sides = sides;
    this.point = point;
    this.followed = new Set();
    this.audits = new Map();
    $("#render").addEventListener("click", () => this.make());
  }

  async make() {
    const place = $("#render-trouble");
    const made = await this.attempt(() => this.redaction.render($("#audit").checked), place);
    if (!made) return;
    announce("The copy is being made");
    await this.attempt(() => this.redaction.load(), place);
    this.show();
  }

  show() {
    const { copies } = this.redaction.state;
    $("#copies").replaceChildren(...copies.map((copy) => this.item(copy)));
  }

  item(copy) {
    const title = h("p", {}, whenOf(copy));
    const what = h("div", { class: "what" }, title);
    const line = h("li", { dataset: { job: copy.job, state: copy.state } }, what);
    if (copy.state === "waiting" || copy.state === "running") this.running(copy, what, line);
    else if (copy.state === "ready") this.ready(copy, what, line);
    else {
      const reason = copy.errors.length ? copy.errors.join("; ") : "It was canceled.";
      what.append(h("p", { class: copy.state === "failed" ? "error" : "hint" }, reason));
    }
    if (["failed", "canceled"].includes(copy.state)) line.append(this.deleter(copy));
    return line;
  }

  running(copy, what, line) {
    const bar = h("progress", { max: 100, value: copy.progress, "aria-label": "Making the copy" });
    const told = h("p", { class: "hint" }, "Waiting for its turn …");
    const cancel = () =>
      this.attempt(() => sendJson("POST", `/studio/api/media/v1/jobs/${copy.job}/cancel`), $("#render-trouble"));
    what.append(bar, told);
    line.append(h("button", { type: "button", class: "small", onclick: cancel }, "Cancel"));
    this.watch(copy.job);
  }

  watch(job) {
    if (this.followed.has(job)) return;
    this.followed.add(job);
    followJob(job, {
      onProgress: ({ progress, left }) => {
        const shown = $(`#copies [data-job="${job}"]`);
        if (!shown) return;
        $("progress", shown).value = progress;
        $(".hint", shown).textContent = [`${Math.round(progress)} % done`, leftInWords(left)].filter(Boolean).join(", ");
      },
      onEnd: async (end) => {
        await this.attempt(() => this.redaction.load(), $("#render-trouble"));
        this.show();
        this.sides.show();
        announce(end?.state === "Finished" ? "The copy is made" : "The copy was not made");
      },
    });
  }

  ready(copy, what, line) {
    const video = copy.files.find((file) => !/\.(json|html)$/.test(file.name));
    const document = copy.files.find((file) => file.name.endsWith("_audit.json"));
    const page = copy.files.find((file) => file.name.endsWith("_audit.html"));
    if (!video) {
      what.append(h("p", { class: "hint" }, "It was deleted."));
      line.append(this.deleter(copy));
      return;
    }
    what.append(h("p", { class: "hint" }, `${video.name}, ${formatBytes(video.size)}`));
    if (copy.number !== null && copy.number !== this.redaction.state.number) {
      what.append(h("p", { class: "hint" }, "Made before your last changes."));
    }
    const found = h("div", { class: "found" }, document ? "" : h("p", { class: "hint" }, "It was not checked."));
    line.append(h("div", { class: "row" }, this.links(copy, video, page)), found);
    if (document) this.tell(copy, document, found);
  }

  links(copy, video, page) {
    const { asset } = this.redaction;
    const audit = `/studio/redaction/${asset}/audit/${copy.job}`;
    const beside = () => {
      this.sides.compare(copy.job);
      $("#before").scrollIntoView({ block: "nearest" });
      announce("The copy is beside the video");
    };
    return [
      h("button", { type: "button", class: "small", onclick: beside }, icon("play"), h("span", {}, "Play beside")),
      page
        ? h("a", { class: "button small", href: audit, target: "_blank", rel: "noopener" }, icon("list"), h("span", {}, "Audit"))
        : null,
      h("a", { class: "button small primary", href: this.redaction.download(copy.asset, video.id), download: video.name }, icon("download"), h("span", {}, "Download")),
      this.deleter(copy),
    ].filter(Boolean);
  }

  deleter(copy) {
    const when = new Date(copy.created).toLocaleString();
    const attributes = { type: "button", class: "small only-icon", "aria-label": `Delete the copy of ${when}`, title: "Delete" };
    return h("button", { ...attributes, onclick: () => this.delete(copy) }, icon("delete"));
  }

  async delete(copy) {
    const body = "The copy and its audit are deleted. The video and your choices stay.";
    if (!(await ask({ title: "Delete this copy?", body, confirm: "Delete", danger: true }))) return;
    const media = "/studio/api/media/v1";
    const gone = (error) => {
      if (error.status !== 404) throw error;
    };
    await this.attempt(async () => {
      for (const asset of [copy.asset, copy.log]) {
        if (asset) await sendJson("DELETE", `${media}/assets/${asset}`).catch(gone);
      }
      await sendJson("DELETE", `${media}/jobs/${copy.job}`).catch(gone);
      await this.redaction.load();
    }, $("#render-trouble"));
    this.show();
    this.sides.show();
    announce("The copy is deleted");
  }

  /** What the audit found, and what to do. */
  async tell(copy, document, place) {
    try {
      if (!this.audits.has(copy.job)) {
        this.audits.set(copy.job, await getJson(this.redaction.download(copy.asset, document.id)));
      }
      const audit = this.audits.get(copy.job);
      place.replaceChildren(...(audit.passed ? [h("span", { class: "tag good" }, "nobody can be seen who is hidden")] : this.seen(audit)));
    } catch (error) {
      showError(place, error);
    }
  }

  /** The moments at which somebody can be seen, to go there. */
  seen({ residual }) {
    const text = `faces can be seen for ${residual.exposed_face_seconds.toFixed(1)} s`;
    const moment = ({ first, end, best }) => {
      const when = `${momentOf(first)} to ${momentOf(end)}`;
      const go = async () => {
        const frame = await this.attempt(() => this.sides.numberAt(best.time), $("#render-trouble"));
        if (frame !== null) this.point({ frame, box: best.box, text: "A face that can be seen in the copy" });
      };
      return h("li", {}, h("button", { type: "button", class: "small", onclick: go }, when));
    };
    const runs = residual.runs.slice(0, MOST_MOMENTS);
    const more = residual.runs.length - runs.length;
    return [
      h("span", { class: "tag bad" }, text),
      h("p", { class: "hint" }, "Go there, draw a box around the face, then make the copy anew:"),
      h("ul", { class: "moments row" }, runs.map(moment), more > 0 ? h("li", { class: "hint" }, `and ${more} more in the audit`) : null),
    ];
  }
}
