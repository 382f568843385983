// Copies of a video, made by the choices as they were: progress, what the audit says, download.
import { $, announce, formatBytes, h, icon, showError } from "./dom.js";
import { getJson, sendJson } from "./http.js";
import { followJob, leftText } from "./redaction_api.js";

export class Copies {
  constructor(redaction, { attempt, ask }) {
    this.redaction = redaction;
    this.attempt = attempt;
    this.ask = ask;
    this.followed = new Set();
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
    const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    const title = h("p", {}, when.format(new Date(copy.created)));
    const what = h("div", { class: "what" }, title);
    const line = h("li", { dataset: { job: copy.job, state: copy.state } }, what);
    if (copy.state === "waiting" || copy.state === "running") this.running(copy, what, line);
    else if (copy.state === "ready") this.ready(copy, what, line);
    else {
      const reason = copy.errors.length ? copy.errors.join("; ") : "It was canceled.";
      what.append(h("p", { class: copy.state === "failed" ? "error" : "hint" }, reason));
    }
    if (!["waiting", "running"].includes(copy.state)) line.append(this.deleter(copy));
    return line;
  }

  running(copy, what, line) {
    const bar = h("progress", { max: 100, value: copy.progress, "aria-label": "Making the copy" });
    const told = h("p", { class: "hint" }, "Waiting for its turn …");
    const cancel = () =>
      this.attempt(() => sendJson("POST", `/studio/api/media/v1/jobs/${copy.job}/cancel`), $("#render-trouble"));
    what.append(bar, told);
    line.append(h("button", { type: "button", class: "small", onclick: cancel }, "Cancel"));
    this.watch(copy.job, (percent, left) => {
      const shown = $(`#copies [data-job="${copy.job}"]`);
      if (!shown) return;
      $("progress", shown).value = percent;
      const more = leftText(left);
      $(".hint", shown).textContent = `${Math.round(percent)} % done${more ? `, ${more}` : ""}`;
    });
  }

  async watch(job, onProgress) {
    if (this.followed.has(job)) return;
    this.followed.add(job);
    const end = await followJob(job, onProgress);
    await this.attempt(() => this.redaction.load(), $("#render-trouble"));
    this.show();
    announce(end === "Finished" ? "The copy is made" : "The copy was not made");
  }

  ready(copy, what, line) {
    const video = copy.files.find((file) => !/\.(json|html)$/.test(file.name));
    const document = copy.files.find((file) => file.name.endsWith("_audit.json"));
    const page = copy.files.find((file) => file.name.endsWith("_audit.html"));
    if (!video) {
      what.append(h("p", { class: "hint" }, "It was deleted."));
      return;
    }
    const found = h("p", { class: "hint" }, document ? "" : "It was not checked.");
    what.append(h("p", { class: "hint" }, `${video.name}, ${formatBytes(video.size)}`), found);
    if (document) this.tell(copy, document, found);
    const { asset } = this.redaction;
    line.append(
      page
        ? h("a", { class: "button small", href: `/studio/redaction/${asset}/audit/${copy.job}`, target: "_blank", rel: "noopener" }, icon("list"), h("span", {}, "Audit"))
        : "",
      h("a", { class: "button small primary", href: this.redaction.download(copy.asset, video.id), download: video.name }, icon("download"), h("span", {}, "Download")),
    );
  }

  deleter(copy) {
    const when = new Date(copy.created).toLocaleString();
    const attributes = { type: "button", class: "small only-icon", "aria-label": `Delete the copy of ${when}`, title: "Delete" };
    return h("button", { ...attributes, onclick: () => this.delete(copy) }, icon("delete"));
  }

  async delete(copy) {
    const body = "The copy and its audit are deleted. The video and your choices stay.";
    if (!(await this.ask({ title: "Delete this copy?", body, confirm: "Delete", danger: true }))) return;
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
    announce("The copy is deleted");
  }

  /** What the audit found. */
  async tell(copy, document, place) {
    try {
      const audit = await getJson(this.redaction.download(copy.asset, document.id));
      const seconds = audit.residual.exposed_face_seconds;
      place.replaceChildren(
        audit.passed
          ? h("span", { class: "tag good" }, "nobody can be seen who is hidden")
          : h("span", { class: "tag bad" }, `faces can be seen for ${seconds.toFixed(1)} s`),
      );
    } catch (error) {
      showError(place, error);
    }
  }
}
