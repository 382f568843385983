// Another video beside a player, in step with it: both sides show the same frame.
import { h } from "./dom.js";
import { afterJumps, onFrames } from "./player.js";

const AHEAD_S = 0.15; // so far it plays before the player
const LOST_S = 0.6; // from here on it jumps rather than hurries
const HURRY = 0.25; // at most, of the speed
const SAME_S = 0.002; // times of a frame in two files differ by less
const NEAR_S = 0.1; // while it plays, a frame may be missing on one side
const HELD = 24; // frames
const PATIENCE_MS = 2000;

/**
 * A video that goes where a player goes. It plays a little ahead, unseen, and its last frames are
 * kept: what is seen is, of these, the very one that the player shows. Fires "trouble" (detail:
 * {error}).
 */
export class Beside extends EventTarget {
  /**
   * @param {import("./player.js").Player} player whose companion it becomes.
   * @param {Element} element where to.
   * @param {{content: string, lead: number, name: string}} options `lead` as of the player.
   */
  constructor(player, element, { content, lead, name }) {
    super();
    this.player = player;
    this.lead = lead;
    this.held = [];
    this.sought = null;
    this.begun = null;
    this.video = h("video", { src: content, preload: "auto", playsinline: true, "aria-hidden": "true" });
    this.video.muted = true;
    this.canvas = h("canvas", { class: "shown", role: "img", "aria-label": name });
    element.replaceChildren(this.video, this.canvas);
    this.listening = new AbortController();
    this.listen();
    player.companion = this;
  }

  listen() {
    const { player, video } = this;
    const options = { signal: this.listening.signal };
    onFrames(video, (time) => this.hold(time - this.lead));
    afterJumps(video, {
      stands: () => player.stands && this.sought !== null && this.sought === player.frame?.number,
      lacks: () => !this.held.some((one) => this.away(one) <= SAME_S),
      ...options,
    });
    player.addEventListener("frame", () => this.match(), options);
    player.video.addEventListener("seeking", () => this.jump(), options);
    player.video.addEventListener("ended", () => this.stop(), options);
    video.addEventListener("ended", () => this.ready(), options);
    video.addEventListener("loadeddata", () => this.match(), options);
    video.addEventListener("error", () => {
      const error = new Error("This browser cannot play the copy. Download it to look at it.");
      this.dispatchEvent(new CustomEvent("trouble", { detail: { error } }));
    }, options);
  }

  close() {
    this.listening.abort();
    this.stop();
    if (this.player.companion === this) this.player.companion = null;
    this.video.removeAttribute("src");
    this.video.load();
    this.video.remove();
    this.canvas.remove();
  }

  get now() {
    return this.video.currentTime - this.lead;
  }

  go(seconds) {
    this.video.currentTime = Math.max(0, seconds + this.lead);
  }

  /** Play, and resolve once it is far enough ahead for the player to begin. */
  begin(rate) {
    const { video, player } = this;
    const from = player.video.ended ? 0 : player.now;
    this.ready();
    if (video.error) return Promise.resolve();
    if (this.now < from - SAME_S || this.now > from + AHEAD_S * rate) this.go(from);
    video.playbackRate = rate;
    video.play().catch(() => {}); // it is told by "error", or was stopped
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.ready(), PATIENCE_MS); // then it has to catch up
      this.begun = { resolve, timer, until: from + AHEAD_S * rate };
    });
  }

  /** The player may begin. */
  ready() {
    clearTimeout(this.begun?.timer);
    this.begun?.resolve();
    this.begun = null;
  }

  stop() {
    this.ready();
    this.video.pause();
    this.match();
  }

  /** The player goes elsewhere while it plays. */
  jump() {
    const { player } = this;
    if (player.stands) return;
    const ahead = player.backwards ? 0 : AHEAD_S * player.video.playbackRate;
    const gap = this.now - player.now;
    if (gap < 0 || gap > 2 * ahead) this.go(player.now + ahead);
  }

  /** Keep the frame that the video shows, of this time. */
  hold(seconds) {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || this.listening.signal.aborted) return;
    const scale = Math.min(1, (this.canvas.parentElement.clientWidth * devicePixelRatio || width) / width);
    const one = this.held.length < HELD ? { canvas: document.createElement("canvas") } : this.held.shift();
    one.seconds = seconds;
    one.canvas.width = Math.round(width * scale);
    one.canvas.height = Math.round(height * scale);
    one.canvas.getContext("2d").drawImage(this.video, 0, 0, one.canvas.width, one.canvas.height);
    this.held.push(one);
    if (this.begun && seconds >= this.begun.until) this.ready();
    this.match();
  }

  /** How far a kept frame is from the one that the player shows, in seconds. */
  away({ seconds }) {
    return Math.abs(seconds - this.player.frame.seconds);
  }

  /** Show the frame that the player shows. */
  match() {
    const { frame, stands } = this.player;
    if (!frame) return;
    const best = this.held.reduce((a, b) => (a && this.away(a) <= this.away(b) ? a : b), null);
    const near = stands ? SAME_S : NEAR_S * this.player.video.playbackRate;
    if (best && (this.away(best) <= near || this.sought === frame.number)) this.show(best);
    if (!stands) this.steer();
    else if (!best || this.away(best) > SAME_S) this.seek(frame.number);
  }

  show({ seconds, canvas: from }) {
    const { canvas } = this;
    if (canvas.width !== from.width || canvas.height !== from.height) {
      [canvas.width, canvas.height] = [from.width, from.height];
    }
    canvas.getContext("2d").drawImage(from, 0, 0);
    canvas.dataset.frame = String(this.player.frames.near(seconds)?.number ?? "");
  }

  /** Fetch the frame that the player stands at; once, wherever that leads. */
  async seek(number) {
    if (this.sought === number || this.player.beginning || !this.video.readyState) return;
    this.sought = number;
    try {
      const middle = await this.player.middle(number);
      if (this.sought === number && this.player.stands) this.go(middle);
    } catch (error) {
      this.dispatchEvent(new CustomEvent("trouble", { detail: { error } }));
    }
  }

  /** While both play: a little faster or slower, so that it stays as far ahead as it should. */
  steer() {
    const { video, player } = this;
    this.sought = null;
    if (player.backwards || this.begun) return;
    const rate = player.video.playbackRate;
    const late = (AHEAD_S * rate - (this.now - player.now)) / rate;
    if (Math.abs(late) > LOST_S) this.jump();
    const wanted = rate * (1 + Math.min(HURRY, Math.max(-HURRY, late)));
    if (Math.abs(wanted - video.playbackRate) > 0.02 * rate) video.playbackRate = wanted;
    if (video.paused && !video.ended) video.play().catch(() => {});
  }
}
