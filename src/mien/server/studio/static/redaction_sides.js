// Before and after, side by side: the video with its boxes, and what becomes of the very frame that
// is shown; or the video and a copy of it, both playing.
import { $, formatTime, h } from "./dom.js";
import { Player } from "./player.js";
import { Beside } from "./player_beside.js";
import { Frames } from "./video_frames.js";

const STEPS = 160; // widths of pictures that are asked for
const WAIT_MS = 60; // until a picture is asked for, while frames go by

/** Fires "frame" (detail: the frame) for each that is shown, and "trouble" (detail: {error}). */
export class Sides extends EventTarget {
  constructor(redaction) {
    super();
    this.redaction = redaction;
    const { state } = redaction;
    const { width, height, start, seconds } = state.video;
    this.frames = new Frames(redaction.base, state.video);
    this.player = new Player($("#before"), {
      ...state.player,
      seconds: start + seconds,
      name: `${state.name}, as it is`,
      frames: this.frames,
      controls: $("#controls"),
    });
    this.after = $("#after");
    for (const [name, value] of Object.entries({ width, height })) {
      for (const shown of [this.player.video, this.after]) shown.setAttribute(name, value);
    }
    this.look = null;
    this.beside = null;
    this.version = redaction.version;
    this.turn = 0;
    this.listen();
  }

  listen() {
    const { player } = this;
    const tell = (error) => this.dispatchEvent(new CustomEvent("trouble", { detail: { error } }));
    player.addEventListener("trouble", (event) => tell(event.detail.error));
    player.addEventListener("frame", (event) => this.shown(event.detail));
    for (const name of ["play", "pause", "ended"]) player.video.addEventListener(name, () => this.paint());
    $("#against").addEventListener("change", (event) => this.compare(event.target.value));
    this.tell = tell;
  }

  /** The frame that is shown, or null; {number, pts, seconds, faces}. */
  get frame() {
    return this.player.frame;
  }

  /** Show the state, which has changed. */
  show() {
    this.offer();
    if (this.version === this.redaction.version) return;
    this.version = this.redaction.version;
    this.frames.clear();
    this.player.refresh();
  }

  shown(frame) {
    const { frames } = this.redaction.state.video;
    $("#frame-told").textContent = `Frame ${frame.number + 1} of ${frames}`;
    document.documentElement.dataset.frame = String(frame.number);
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    this.paint();
  }

  /** Go to a frame. */
  go(number) {
    return this.player.goToFrame(number).catch(this.tell);
  }

  /** The number of the frame that is shown at a time. */
  async numberAt(seconds) {
    await this.frames.loadAt(seconds);
    return this.frames.near(seconds).number;
  }

  /** Show how it would look, before it is chosen; null: as it was chosen. */
  preview(look) {
    this.look = look;
    this.paint();
  }

  /** Ask for what becomes of the frame that is shown, unless the video plays. */
  paint() {
    const moves = !this.player.stands;
    $("#after-side").classList.toggle("stale", moves && !this.beside);
    clearTimeout(this.waiting);
    this.turn += 1;
    if (!moves && !this.beside && this.frame) this.waiting = setTimeout(() => this.ask(this.turn), WAIT_MS);
  }

  /** Put a picture into its place once it is there, unless another is wanted by then. */
  ask(turn) {
    if (!this.frame) return; // its boxes are being asked for; then it is painted
    const { number } = this.frame;
    const wide = Math.min(this.redaction.state.video.width, $("#after-side").clientWidth * devicePixelRatio || 640);
    const url = this.redaction.after(number, Math.max(STEPS, Math.ceil(wide / STEPS) * STEPS), this.look);
    const fresh = new Image();
    fresh.onload = () => {
      if (turn !== this.turn) return;
      this.after.src = url;
      this.after.dataset.shown = String(number);
    };
    fresh.onerror = () => {
      if (turn === this.turn) this.tell(new Error("The frame as it will be cannot be shown. Go to another, or load the page again."));
    };
    fresh.src = url;
  }

  /** Offer the copies that can be played beside the video. */
  offer() {
    const copies = this.redaction.state.copies.filter((copy) => copy.state === "ready" && copy.player);
    const select = $("#against");
    const chosen = copies.some((copy) => copy.job === select.value) ? select.value : "";
    const options = copies.map((copy) => h("option", { value: copy.job }, `Copy of ${whenOf(copy)}`));
    select.replaceChildren(h("option", { value: "" }, "As chosen now"), ...options);
    select.value = chosen;
    select.hidden = !copies.length;
    if (!chosen && this.beside) this.compare("");
  }

  /** Play a copy beside the video; "": show what was chosen. */
  compare(job) {
    this.beside?.close();
    this.beside = null;
    const copy = this.redaction.state.copies.find((each) => each.job === job);
    $("#against").value = copy ? job : "";
    $("#beside").hidden = !copy;
    this.after.hidden = Boolean(copy);
    if (copy) {
      const name = `The copy of ${whenOf(copy)}`;
      this.beside = new Beside(this.player, $("#beside"), { ...copy.player, name });
      this.beside.addEventListener("trouble", (event) => this.tell(event.detail.error));
    }
    this.paint();
  }
}

/** When a copy was made, for people. */
export function whenOf(copy) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  return format.format(new Date(copy.created));
}

/** A duration of a moment, as "0:01.2". */
export function momentOf(seconds) {
  return formatTime(seconds, 1);
}
