// A video that is redacted: what the service says of it, and the log of edits.
import { getJson, sendJson } from "./http.js";

/** What is told of a video, and its log. */
export class Redaction {
  constructor(asset) {
    this.asset = asset;
    this.base = `/studio/api/redaction/${asset}`;
    this.state = null;
    this.busy = Promise.resolve();
  }

  /** Ask anew; gives the state. */
  async load() {
    this.state = await getJson(this.base);
    return this.state;
  }

  /** Have somebody look for everyone. */
  look() {
    return sendJson("POST", `${this.base}/look`);
  }

  /** Make a copy by the log as it is known here. */
  render(audit) {
    return sendJson("POST", `${this.base}/render`, { number: this.state.number, audit });
  }

  /** Add edits, one after the other's answer; the new state. */
  edit(...actions) {
    const add = async () => {
      const body = { edits: actions, expected: this.state.number };
      const url = `/studio/api/media/v1/assets/${this.asset}/edits`;
      try {
        await sendJson("POST", url, body);
      } catch (error) {
        if (error.code === "EditsMovedOn") {
          await this.load();
          error.message = "Somebody else has changed this redaction. It is shown as it is now; try again.";
        }
        throw error;
      }
      return this.load();
    };
    this.busy = this.busy.then(add, add);
    return this.busy;
  }

  /** The boxes of a frame. */
  frame(number, signal) {
    return getJson(`${this.base}/frames/${number}`, { signal });
  }

  /** The URL of a frame's picture, before or after. */
  picture(side, number, width, look = null) {
    const asked = new URLSearchParams({ width });
    if (side === "after") {
      asked.set("log", this.state.number); // another log, another picture
      for (const [name, value] of Object.entries(look ?? {})) asked.set(name, value);
    }
    return `${this.base}/frames/${number}/${side}?${asked}`;
  }

  thumb(person) {
    return `${this.base}/people/${person}?log=${this.state.number}`;
  }

  download(asset, file) {
    return `/studio/api/media/v1/assets/${asset}/files/${file}/content`;
  }
}

/**
 * Follow a job to its end.
 * @param {function(number, number|null)} onProgress is told the percent that is done, and how many
 *   seconds are left, as far as can be told.
 * @returns {Promise<string>} its last state.
 */
export function followJob(job, onProgress = () => {}) {
  const source = new EventSource(`/studio/api/media/v1/jobs/${job}/events`);
  const final = ["Finished", "Error", "Canceled"];
  let first = null;
  return new Promise((resolve) => {
    const done = (state) => {
      source.close();
      resolve(state);
    };
    source.addEventListener("progress", (event) => {
      const { progress } = JSON.parse(event.data);
      const now = performance.now();
      first ??= { progress, at: now };
      const gained = progress - first.progress;
      const took = (now - first.at) / 1000;
      onProgress(progress, gained > 1 ? (took / gained) * (100 - progress) : null);
    });
    source.addEventListener("job", (event) => {
      const { currentState } = JSON.parse(event.data);
      if (final.includes(currentState)) done(currentState);
    });
    source.onerror = async () => {
      // the stream also ends with the job
      try {
        const { state } = await getJson(`/studio/api/media/v1/jobs/${job}`);
        if (final.includes(state)) done(state);
      } catch (error) {
        if (error.status === 404) done("Canceled");
      }
    };
  });
}

/** 125 seconds as "about 2 minutes left". */
export function leftText(seconds) {
  if (seconds === null) return "";
  if (seconds < 60) return "less than a minute left";
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `about ${minutes} minute${minutes === 1 ? "" : "s"} left` : `about ${Math.round(minutes / 60)} hours left`;
}
