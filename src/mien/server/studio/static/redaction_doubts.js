// Moments at which somebody should look, the most doubtful first.
import { $, formatTime, h, icon } from "./dom.js";

const TITLES = {
  away: "Out of sight for a while",
  appears: "Comes up in the picture",
  vanishes: "Goes out of view",
  bridged: "Not seen for a moment",
  faint: "Hardly seen",
  close: "Two people meet",
  brief: "Seen for a moment only",
  drawn: "Followed with little confidence",
  lost: "Lost from here on",
};
const SHOWN = 30;

export class Doubts {
  constructor(redaction, { edit, point }) {
    this.redaction = redaction;
    this.edit = edit;
    this.point = point;
    this.all = false;
  }

  show() {
    const { doubts, doubtsInAll } = this.redaction.state;
    const open = doubts.filter((each) => !each.checked).length;
    $("#doubts-note").textContent = !doubts.length
      ? "There is none. The audit of the copy looks anew all the same."
      : `${open} of ${doubtsInAll} not looked at yet, the most doubtful first.`;
    const some = this.all ? doubts : doubts.slice(0, SHOWN);
    const more = doubts.length - some.length;
    $("#doubts").replaceChildren(
      ...some.map((doubt) => this.item(doubt)),
      ...(more ? [h("li", {}, h("button", { type: "button", class: "small wide", onclick: () => this.showAll() }, `Show ${more} more`))] : []),
    );
  }

  showAll() {
    this.all = true;
    this.show();
  }

  item(doubt) {
    const title = TITLES[doubt.reason];
    const when = formatTime(doubt.seconds, 1);
    const check = () => {
      const { time, box, reason } = doubt;
      this.edit({ kind: "check", time, box, reason });
    };
    return h(
      "li",
      { class: doubt.checked ? "doubt checked" : "doubt", dataset: { reason: doubt.reason } },
      h(
        "button",
        { type: "button", class: "quiet doubt-go", onclick: () => this.point(doubt) },
        h("span", { class: "status" }, when),
        h("span", { class: "doubt-title" }, title),
        h("span", { class: "hint" }, doubt.text),
      ),
      doubt.checked
        ? h("span", { class: "tag good" }, "looked at")
        : h(
            "button",
            { type: "button", class: "small only-icon", "aria-label": `Looked at: ${title}, ${when}`, title: "Looked at", onclick: check },
            icon("done"),
          ),
    );
  }
}
