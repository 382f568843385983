// A player that knows which frame is shown, goes by frames, and has boxes over the picture.
import { h, icon, formatTime } from "./dom.js";
import { Overlay } from "./overlay.js";

const FASTEST = 8;
const BACK_MS = 125;
const SECOND = 1;

/**
 * A video with controls and an overlay.
 *
 * Times of frames are those of the analysis: the first frame is at `start`. What a browser calls
 * the time of a frame is `lead` later. Fires "frame" (detail: {number, pts, seconds, faces}) for
 * each frame that is shown, when its faces are known; "time" (detail: {seconds}) as the time goes;
 * "trouble" (detail: {error}).
 */
export class Player extends EventTarget {
  /**
   * @param {Element} element where to.
   * @param {{content: string, lead: number, seconds: number, name: string,
   *   frames: import("./video_frames.js").Frames}} options
   */
  constructor(element, { content, lead, seconds, name, frames }) {
    super();
    this.lead = lead;
    this.seconds = seconds;
    this.frames = frames;
    this.frame = null;
    this.speed = 0;
    this.backwards = 0;
    this.make(element, content, name);
    this.overlay = new Overlay(this.video);
    this.listen();
    this.watch();
  }

  make(element, content, name) {
    const attributes = { src: content, preload: "auto", playsinline: true, "aria-label": name };
    this.video = h("video", attributes);
    this.button = h("button", { type: "button", class: "small only-icon", onclick: () => this.toggle() });
    const step = (by, symbol, words) =>
      h(
        "button",
        { type: "button", class: "small only-icon", "aria-label": words, title: words, onclick: () => this.step(by) },
        icon(symbol),
      );
    this.clock = h("span", { class: "status clock" });
    this.seek = h("input", {
      type: "range",
      class: "seek",
      min: 0,
      max: Math.max(this.seconds, 0.001),
      step: "any",
      value: 0,
      "aria-label": "Time",
    });
    this.rate = h(
      "select",
      { class: "rate", "aria-label": "Speed" },
      [0.25, 0.5, 1, 2, 4].map((rate) => h("option", { value: String(rate) }, `${rate}×`)),
    );
    this.rate.value = "1";
    this.mute = h("button", {
      type: "button",
      class: "small",
      "aria-pressed": "false",
      onclick: () => {
        this.video.muted = !this.video.muted;
        this.mute.setAttribute("aria-pressed", String(this.video.muted));
      },
    }, "Mute");
    element.replaceChildren(
      h("div", { class: "stage" }, this.video),
      this.seek,
      h(
        "div",
        { class: "row apart" },
        h("div", { class: "row" }, step(-1, "back", "Previous frame"), this.button, step(1, "forward", "Next frame"), this.clock),
        h("div", { class: "row" }, this.rate, this.mute),
      ),
    );
    this.showState();
  }

  listen() {
    const { video } = this;
    for (const name of ["play", "pause", "ended"]) video.addEventListener(name, () => this.showState());
    video.addEventListener("timeupdate", () => this.showTime());
    video.addEventListener("seeked", () => this.showTime());
    video.addEventListener("error", () => {
      const error = new Error("This browser cannot play the video. A new analysis makes a copy that it can.");
      this.dispatchEvent(new CustomEvent("trouble", { detail: { error } }));
    });
    this.seek.addEventListener("input", () => this.goTo(Number(this.seek.value)));
    this.rate.addEventListener("change", () => (video.playbackRate = Number(this.rate.value)));
  }

  /** The time of the frame that is shown, in seconds of the analysis. */
  get now() {
    return Math.max(0, this.video.currentTime - this.lead);
  }

  /** Be told of each frame that is shown, with its exact time. */
  watch() {
    if (!("requestVideoFrameCallback" in this.video)) {
      const show = () => this.showFrame(this.now, false);
      for (const name of ["timeupdate", "seeked", "loadeddata"]) this.video.addEventListener(name, show);
      return;
    }
    const told = (_, { mediaTime }) => {
      this.showFrame(mediaTime - this.lead, true);
      this.video.requestVideoFrameCallback(told);
    };
    this.video.requestVideoFrameCallback(told);
  }

  /** Show the boxes of the frame at a time; of none that is not the one that is shown. */
  showFrame(seconds, isExact) {
    this.at = { seconds, isExact };
    const found = this.frames.near(seconds);
    if (!found) {
      this.overlay.setFaces([]);
      this.frame = null;
      this.load(seconds);
      return;
    }
    this.frame = found;
    this.overlay.svg.dataset.frame = String(found.number);
    this.overlay.svg.dataset.pts = String(found.pts);
    this.dispatchEvent(new CustomEvent("frame", { detail: found }));
    this.frames.load(found.number + 120).catch(() => {}); // what comes next; asked again when it is shown
  }

  load(seconds) {
    const fail = (error) => this.dispatchEvent(new CustomEvent("trouble", { detail: { error } }));
    this.frames
      .loadAt(seconds)
      .then(() => this.at.seconds === seconds && this.frames.near(seconds) && this.showFrame(seconds, this.at.isExact))
      .catch(fail);
  }

  /** Show the frame's boxes again: what they show has changed. */
  refresh() {
    if (this.at) this.showFrame(this.at.seconds, this.at.isExact);
  }

  showState() {
    const plays = !this.video.paused && !this.video.ended;
    this.button.replaceChildren(icon(plays ? "pause" : "play"));
    this.button.setAttribute("aria-label", plays ? "Pause" : "Play");
    this.button.title = `${plays ? "Pause" : "Play"} (Space)`;
    this.showTime();
  }

  showTime() {
    const seconds = Math.min(this.now, this.seconds);
    this.clock.textContent = `${formatTime(seconds, 2)} / ${formatTime(this.seconds)}`;
    this.seek.value = seconds;
    this.seek.setAttribute("aria-valuetext", formatTime(seconds, 1));
    this.dispatchEvent(new CustomEvent("time", { detail: { seconds } }));
  }

  /** Go to a time in seconds of the analysis. */
  goTo(seconds) {
    const end = Math.max(0, (this.video.duration || this.seconds + this.lead) - 0.001);
    this.video.currentTime = Math.min(Math.max(0, seconds) + this.lead, end);
    this.showTime();
  }

  /** Go to a frame by its number. */
  async goToFrame(number) {
    this.pause();
    const last = this.frames.count - 1;
    const wanted = Math.min(Math.max(number, 0), last);
    await this.frames.load(wanted);
    const frame = this.frames.get(wanted);
    if (wanted < last) await this.frames.load(wanted + 1);
    const next = wanted < last ? this.frames.get(wanted + 1).seconds : this.seconds;
    this.goTo(frame.seconds + Math.max(0, next - frame.seconds) / 2); // its middle: no rounding lies there
  }

  /** Go on by so many frames. */
  async step(by) {
    this.pause();
    const from = this.target ?? this.frame?.number;
    if (from === undefined) return;
    this.target = Math.min(Math.max(from + by, 0), this.frames.count - 1);
    const mine = this.target;
    try {
      await this.goToFrame(mine);
    } catch (error) {
      this.dispatchEvent(new CustomEvent("trouble", { detail: { error } }));
    }
    const shown = () => {
      if (this.target === mine) this.target = undefined;
    };
    this.video.addEventListener("seeked", shown, { once: true });
  }

  pause() {
    clearInterval(this.backwards);
    this.backwards = 0;
    this.video.pause();
  }

  async play(rate = Number(this.rate.value)) {
    clearInterval(this.backwards);
    this.backwards = 0;
    this.video.playbackRate = rate;
    await this.video.play().catch((error) => {
      if (error.name !== "AbortError") this.dispatchEvent(new CustomEvent("trouble", { detail: { error } }));
    });
  }

  toggle() {
    if (this.video.paused && !this.backwards) this.play();
    else this.pause();
  }

  /** Twice as fast as now. */
  faster() {
    const plays = !this.video.paused;
    this.play(plays ? Math.min(FASTEST, 2 * this.video.playbackRate) : 1);
  }

  /** Backwards, by short steps: browsers play forwards only. */
  reverse() {
    const speed = this.backwards ? Math.min(FASTEST, this.speed * 2) : 1;
    this.pause();
    this.speed = speed;
    this.backwards = setInterval(() => {
      if (this.now <= 0) this.pause();
      else if (!this.video.seeking) this.goTo(this.now - (speed * BACK_MS) / 1000);
    }, BACK_MS);
  }

  /** The keys, for onKeys of dom.js. */
  get keys() {
    const inSeek = (event) => event.target === this.seek || event.target.matches?.("input[type=range]");
    const step = (by) => (event) => (inSeek(event) && event.target !== this.seek ? false : void this.step(by));
    const jump = (by) => (event) => (inSeek(event) && event.target !== this.seek ? false : void this.goTo(this.now + by));
    return {
      Space: () => this.toggle(),
      ArrowLeft: step(-1),
      ArrowRight: step(1),
      "Shift+ArrowLeft": jump(-SECOND),
      "Shift+ArrowRight": jump(SECOND),
      j: () => this.reverse(),
      k: () => this.pause(),
      l: () => this.faster(),
    };
  }
}
