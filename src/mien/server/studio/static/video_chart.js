// The expressions of everyone, or of one person, in windows of time.
import { $, formatTime, h, showError } from "./dom.js";
import { lines } from "./charts.js";
import { getJson } from "./http.js";
import { nameOf } from "./people_colours.js";

const SPAN_S = 600; // of a long video, so much is shown at once
const WAIT_MS = 250;

/** The chart. Fires "seek" (detail: {seconds}). */
export class Chart extends EventTarget {
  constructor(url, seconds) {
    super();
    this.url = url;
    this.seconds = seconds;
    this.from = 0;
    this.isSeen = false;
    for (const name of ["window", "interval"]) {
      $(`#${name}`).addEventListener("input", () => this.moved(name));
    }
    $("#of").addEventListener("change", () => this.soon());
    this.tell();
    // the chart library is large: it waits until somebody comes to look
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      this.isSeen = true;
      this.load();
    });
    observer.observe($("#chart-card"));
  }

  /** The lengths in milliseconds; the interval is never longer than the window. */
  get lengths() {
    return { window: Number($("#window").value), interval: Number($("#interval").value) };
  }

  moved(name) {
    const { window: wide, interval } = this.lengths;
    if (interval > wide) $(name === "window" ? "#interval" : "#window").value = name === "window" ? wide : interval;
    this.tell();
    this.soon();
  }

  tell() {
    const { window: wide, interval } = this.lengths;
    $("#window-told").textContent = `${wide} ms`;
    $("#interval-told").textContent = `${interval} ms`;
  }

  soon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.load(), WAIT_MS);
  }

  /** Whom it can be of. */
  offer(people) {
    const of = $("#of");
    const before = of.value;
    of.replaceChildren(
      h("option", { value: "" }, "Everyone"),
      ...people.map((person) => h("option", { value: String(person.id) }, nameOf(person))),
    );
    of.value = people.some((person) => String(person.id) === before) ? before : "";
    this.soon();
  }

  /** Of a long video, the part around a time is shown. */
  around(seconds) {
    if (this.seconds <= SPAN_S) return;
    const from = Math.min(Math.floor(seconds / SPAN_S) * SPAN_S, Math.max(0, this.seconds - 1));
    if (from === this.from) return;
    this.from = from;
    this.soon();
  }

  async load() {
    if (!this.isSeen) return;
    this.asking?.abort();
    this.asking = new AbortController();
    const { window: wide, interval } = this.lengths;
    const query = new URLSearchParams({ window: wide, interval, from: this.from, to: this.from + SPAN_S });
    if ($("#of").value) query.set("person", $("#of").value);
    try {
      const told = await getJson(`${this.url}/windows?${query}`, { signal: this.asking.signal });
      await this.show(told);
      showError($("#chart-trouble"), null);
    } catch (error) {
      if (error.name !== "AbortError") showError($("#chart-trouble"), error);
    }
  }

  async show({ seconds, emotions, mean, faces }) {
    const there = faces.map((count) => count > 0);
    await lines($("#chart"), {
      title: `Expressions of ${$("#of").selectedOptions[0].textContent} over time`,
      x: seconds,
      series: emotions.map((name, place) => ({
        name,
        values: mean.map((row, i) => (there[i] ? row[place] : null)),
        colour: `--emotion-${name}`,
      })),
      height: 300,
      onClick: (at) => this.dispatchEvent(new CustomEvent("seek", { detail: { seconds: at } })),
    });
    const isPart = this.seconds > SPAN_S;
    $("#chart-note").hidden = !isPart;
    if (isPart) {
      const to = Math.min(this.from + SPAN_S, this.seconds);
      $("#chart-note").textContent = `From ${formatTime(this.from)} to ${formatTime(to)}: the ten minutes around the player. Export the aggregate for all.`;
    }
  }
}
