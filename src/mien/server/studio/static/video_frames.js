// The faces of a video's frames, asked for a few hundred at a time, and kept.
import { getJson } from "./http.js";

const COUNT = 300;
const MOST_PAGES = 24;
const SAME_S = 1e-5;

/** Pages of frames; a page is {first, pts: number[], faces: Array}. */
export class Frames {
  /** @param {string} url of the video's API. @param {{timeBase: string, frames: number}} video */
  constructor(url, video) {
    this.url = url;
    const [numerator, denominator] = video.timeBase.split("/").map(Number);
    this.base = numerator / denominator;
    this.count = video.frames;
    this.pages = [];
    this.asked = new Map();
    this.version = 0;
  }

  /** Forget all: the log of edits has changed. */
  clear() {
    this.pages = [];
    this.asked.clear();
    this.version += 1;
  }

  /** A frame by its number, if it is here: {number, pts, seconds, faces}. */
  get(number) {
    const page = this.pages.find((p) => number >= p.first && number < p.first + p.pts.length);
    return page ? this.of(page, number - page.first) : null;
  }

  /** The frame whose time is nearest, if it is here. */
  near(seconds) {
    for (const page of this.pages) {
      const times = page.pts;
      const tick = seconds / this.base;
      if (tick < times[0] - this.gap(page) / 2 || tick > times.at(-1) + this.gap(page) / 2) continue;
      let low = 0;
      let high = times.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (times[middle] < tick) low = middle + 1;
        else high = middle;
      }
      if (low && tick - times[low - 1] < times[low] - tick) low -= 1;
      return this.of(page, low);
    }
    return null;
  }

  /** The frame that is shown at a time, if it is here: the last that has begun. */
  at(seconds) {
    const near = this.near(seconds);
    return near && near.seconds > seconds + SAME_S ? this.get(near.number - 1) : near;
  }

  /** Fetch the page with a frame; resolves when it is here. */
  async load(number) {
    const first = Math.floor(Math.max(0, Math.min(number, this.count - 1)) / COUNT) * COUNT;
    return this.page(`first=${first}`, first);
  }

  /** Fetch the page with the frame at a time. */
  async loadAt(seconds) {
    const at = Math.max(0, seconds);
    const known = this.near(at);
    if (known) return this.load(known.number);
    const found = await getJson(`${this.url}/frames?at=${at.toFixed(6)}&count=1`);
    return this.load(found.first);
  }

  async page(query, first) {
    if (this.pages.some((page) => page.first === first)) return;
    if (!this.asked.has(first)) {
      const { version } = this;
      const answer = getJson(`${this.url}/frames?${query}&count=${COUNT}`).then((page) => {
        if (version !== this.version) return;
        this.pages.push(page);
        if (this.pages.length > MOST_PAGES) this.pages.shift();
      });
      this.asked.set(first, answer.finally(() => version === this.version && this.asked.delete(first)));
    }
    await this.asked.get(first);
  }

  of(page, index) {
    const pts = page.pts[index];
    return { number: page.first + index, pts, seconds: pts * this.base, faces: page.faces[index] };
  }

  gap(page) {
    return page.pts.length > 1 ? (page.pts.at(-1) - page.pts[0]) / (page.pts.length - 1) : 2;
  }
}
