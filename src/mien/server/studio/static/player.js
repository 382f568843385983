// A player that knows which frame is shown, goes by frames, and has boxes over the picture.
import { h, icon, formatTime } from "./dom.js";
import { Overlay } from "./overlay.js";

const FASTEST = 8;
const BACK_MS = 125;
const SECOND = 1;
const SETTLE_MS = 150;
const NUDGES = 3;
const NUDGE_S = 0.0005;

/**
 * Have each frame told that a video shows: its time as the browser counts, and whether that is the
 * frame's own or, in a browser that cannot tell, about when it was shown.
 */
export function onFrames(video, told) {
  if (!("requestVideoFrameCallback" in video)) {
    const show = () => told(video.currentTime, false);
    for (const name of ["timeupdate", "seeked", "loadeddata"]) video.addEventListener(name, show);
    return;
  }
  const next = (_, { mediaTime }) => {
    told(mediaTime, true);
    video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
}

/**
 * After each jump of a video, see that the frame at which it stands was told: browsers leave it out
 * when jumps follow each other closely. Then jump on by a little, which is told.
 *
 * @param {{stands: () => boolean, lacks: () => boolean, settled?: () => void, signal?: AbortSignal}}
 *   options `stands`: whether it is where it shall be; `lacks`: whether that frame was not told;
 *   `settled` is called when it was, or when nothing helps.
 */
export function afterJumps(video, { stands, lacks, settled = () => {}, signal }) {
  let timer = 0;
  let left = NUDGES;
  const look = () => {
    if (video.seeking || !stands()) return;
    if (left && lacks()) {
      left -= 1;
      video.currentTime += NUDGE_S;
    } else {
      left = NUDGES;
      settled();
    }
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(look, SETTLE_MS);
  };
  video.addEventListener("seeked", wait, { signal });
  signal?.addEventListener("abort", () => clearTimeout(timer));
}

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
   *   frames: import("./video_frames.js").Frames, controls?: Element}} options controls: where they
   *   are, if not below the video.
   */
  constructor(element, { content, lead, seconds, name, frames, controls }) {
    super();
    this.lead = lead;
    this.seconds = seconds;
    this.frames = frames;
    this.frame = null;
    this.speed = 0;
    this.backwards = 0;
    this.companion = null; // plays along: see player_beside.js
    this.beginning = null;
    this.going = null; // where it goes: {number, placed}
    this.make(element, controls, content, name);
    this.overlay = new Overlay(this.video);
    this.listen();
    this.watch();
  }

  make(element, controls, content, name) {
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
    const stage = h("div", { class: "stage" }, this.video);
    const below = [
      this.seek,
      h(
        "div",
        { class: "row apart" },
        h("div", { class: "row" }, step(-1, "back", "Previous frame"), this.button, step(1, "forward", "Next frame"), this.clock),
        h("div", { class: "row" }, this.rate, this.mute),
      ),
    ];
    element.replaceChildren(stage, ...(controls ? [] : below));
    controls?.replaceChildren(...below);
    this.showState();
  }

  listen() {
    const { video } = this;
    for (const name of ["play", "pause", "ended"]) video.addEventListener(name, () => this.showState());
    video.addEventListener("timeupdate", () => this.showTime());
    video.addEventListener("seeked", () => this.showTime());
    afterJumps(video, {
      stands: () => this.stands && this.going?.placed !== false,
      lacks: () => {
        const expected = this.going ?? this.frames.at(this.now);
        return Boolean(expected) && expected.number !== this.frame?.number;
      },
      settled: () => (this.going = null),
    });
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
    onFrames(this.video, (time, isExact) => this.showFrame(time - this.lead, isExact));
  }

  /** Show the boxes of the frame at a time; of none that is not the one that is shown. */
  showFrame(seconds, isExact) {
    const stays = this.frame && this.at?.seconds === seconds; // its boxes are asked for anew
    this.at = { seconds, isExact };
    const found = isExact ? this.frames.near(seconds) : this.frames.at(seconds);
    if (!found) {
      if (!stays) this.overlay.setFaces([]);
      if (!stays) this.frame = null;
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
    this.going = null;
    this.place(seconds);
  }

  place(seconds) {
    const end = Math.max(0, (this.video.duration || this.seconds + this.lead) - 0.001);
    this.video.currentTime = Math.min(Math.max(0, seconds) + this.lead, end);
    this.showTime();
  }

  /** The middle of the time that a frame is shown: no rounding lies there. */
  async middle(number) {
    const last = this.frames.count - 1;
    await this.frames.load(number);
    const { seconds } = this.frames.get(number);
    if (number < last) await this.frames.load(number + 1);
    const next = number < last ? this.frames.get(number + 1).seconds : this.seconds;
    return seconds + Math.max(0, next - seconds) / 2;
  }

  /** Go to a frame by its number. */
  async goToFrame(number) {
    this.pause();
    const mine = { number: Math.min(Math.max(number, 0), this.frames.count - 1), placed: false };
    this.going = mine; // what is shown comes later
    const middle = await this.middle(mine.number);
    if (this.going !== mine) return;
    mine.placed = true;
    this.place(middle);
  }

  /** Go on by so many frames. */
  async step(by) {
    const from = this.going?.number ?? this.frame?.number;
    if (from === undefined) return;
    try {
      await this.goToFrame(from + by);
    } catch (error) {
      this.dispatchEvent(new CustomEvent("trouble", { detail: { error } }));
    }
  }

  /** Whether it stands still. */
  get stands() {
    return (this.video.paused || this.video.ended) && !this.backwards;
  }

  pause() {
    clearInterval(this.backwards);
    this.backwards = 0;
    this.beginning = null;
    this.video.pause();
    this.companion?.stop();
  }

  async play(rate = Number(this.rate.value)) {
    clearInterval(this.backwards);
    this.backwards = 0;
    this.video.playbackRate = rate;
    this.going = null;
    const mine = (this.beginning = {});
    await this.companion?.begin(rate);
    if (this.beginning !== mine) return; // paused, or begun anew
    this.beginning = null;
    await this.video.play().catch((error) => {
      if (error.name !== "AbortError") this.dispatchEvent(new CustomEvent("trouble", { detail: { error } }));
    });
  }

  toggle() {
    if (this.stands && !this.beginning) this.play();
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
