// A lane for everybody over the time of the video, in the colours of their expressions.
import { h, formatTime } from "./dom.js";
import { getJson } from "./http.js";
import { colourOf, nameOf } from "./people_colours.js";

const SLICES = 400;
const AWAY = -1;
const SHOWN = 12;

const SPOKEN = {
  neutral: "neutral",
  happiness: "happy",
  surprise: "surprised",
  sadness: "sad",
  anger: "angry",
  disgust: "disgusted",
  fear: "afraid",
  contempt: "contemptuous",
};

/** Lanes below a player. Fires "seek" (detail: {seconds}) and "pick" (detail: {id}). */
export class Lanes extends EventTarget {
  constructor(element, url) {
    super();
    this.element = element;
    this.url = url;
    this.all = false;
    this.heads = h("div", { class: "lane-playhead", "aria-hidden": "true" });
  }

  /** Fetch and show them. */
  async load(people) {
    this.people = new Map(people.map((person) => [person.id, person]));
    this.order = people.map((person) => person.id);
    this.told = await getJson(`${this.url}/lanes?slices=${SLICES}`);
    this.show();
  }

  show() {
    const { told } = this;
    const lanes = new Map(told.lanes.map((lane) => [lane.id, lane]));
    const ids = this.all ? this.order : this.order.slice(0, SHOWN);
    const rows = ids.filter((id) => lanes.has(id)).map((id) => this.row(id, lanes.get(id)));
    const room = rows.length > 1 ? [this.row(null, told.room)] : [];
    const more = this.order.length - SHOWN;
    const words = this.all ? "Show fewer" : `Show ${more} more`;
    const toggle = () => {
      this.all = !this.all;
      this.show();
    };
    const button = h("button", { type: "button", class: "quiet small", onclick: toggle }, words);
    this.element.replaceChildren(
      h("div", { class: "lane-rows" }, room, rows, this.heads),
      ...(more > 0 ? [button] : []),
      this.legend(),
    );
    this.move(this.now ?? 0);
  }

  legend() {
    const seen = new Set(this.told.lanes.flatMap((lane) => lane.top));
    const { emotions } = this.told;
    const shown = emotions.filter((_, place) => seen.has(place));
    const swatch = (name, text) => h("li", {}, h("span", { class: `swatch ${name}` }), text);
    return h(
      "ul",
      { class: "legend" },
      shown.map((name) => swatch(name, `looks ${SPOKEN[name]}`)),
      seen.has(emotions.length) ? swatch("unread", "in view, expression not told") : null,
    );
  }

  row(id, lane) {
    const person = id === null ? null : this.people.get(id);
    const name = person ? nameOf(person) : "Everyone";
    const label = person
      ? h(
          "button",
          { type: "button", class: "quiet small lane-name", onclick: () => this.fire("pick", { id }) },
          h("span", { class: "dot", style: { "--box": colourOf(id) } }),
          h("bdi", {}, name),
        )
      : h("span", { class: "lane-name" }, name);
    const count = lane.top.length;
    const bar = h(
      "svg:svg",
      {
        class: "lane",
        viewBox: `0 0 ${count} 1`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${name}: ${this.words(lane)}`,
      },
      runs(lane.top).map(([from, to, top]) =>
        h("svg:rect", { x: from, width: to - from, y: 0, height: 1, class: this.told.emotions[top] ?? "unread" }),
      ),
    );
    bar.addEventListener("click", (event) => this.click(event, bar));
    return h("div", { class: id === this.selected && id !== null ? "lane-row selected" : "lane-row" }, label, bar);
  }

  /** What a lane shows, for who cannot see it. */
  words(lane) {
    const slice = this.told.seconds / lane.top.length;
    const parts = runs(lane.top.map((top) => (top === AWAY ? AWAY : 0)));
    const times = parts.slice(0, 5).map(([from, to]) => `${formatTime(from * slice)} to ${formatTime(to * slice)}`);
    const counts = this.told.emotions.map((name, place) => [name, lane.top.filter((top) => top === place).length]);
    const [most, count] = counts.reduce((best, each) => (each[1] > best[1] ? each : best));
    const more = parts.length > 5 ? ` and ${parts.length - 5} times more` : "";
    return `in view ${times.join(", ")}${more}${count ? `; mostly looks ${SPOKEN[most]}` : ""}`;
  }

  click(event, bar) {
    const { left, width } = bar.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    this.fire("seek", { seconds: share * this.told.seconds });
  }

  fire(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** Show where the player is. */
  move(seconds) {
    this.now = seconds;
    if (!this.told) return;
    this.heads.style.setProperty("--at", String(Math.min(1, seconds / Math.max(this.told.seconds, 1e-9))));
  }

  /** Show who is chosen. */
  select(id) {
    if (this.selected === id) return;
    this.selected = id;
    if (this.told) this.show();
  }
}

/** Stretches of equal values that are not AWAY: [from, to, value]. */
function runs(values) {
  const found = [];
  let from = 0;
  for (let place = 1; place <= values.length; place += 1) {
    if (place < values.length && values[place] === values[from]) continue;
    if (values[from] !== AWAY) found.push([from, place, values[from]]);
    from = place;
  }
  return found;
}
