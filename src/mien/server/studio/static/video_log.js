// What is changed in the analysis of a video: edits, added to the log at its end.
import { sendJson } from "./http.js";

const MEDIA = "/studio/api/media/v1";

/** The log of one video's edits. */
export class Log {
  /** @param {string} asset of the video. @param {function()} reload shows the video anew. */
  constructor(asset, reload) {
    this.url = `${MEDIA}/assets/${asset}/edits`;
    this.reload = reload;
    this.state = { last: 0, undo: null, redo: null };
    this.queue = Promise.resolve();
  }

  /** Do something; resolves with the edits in the log when the page shows them. One after the
   * other, as they were asked for. */
  add(...edits) {
    const next = this.queue.then(() => this.send(edits));
    this.queue = next.catch(() => {});
    return next;
  }

  async send(edits) {
    let made;
    try {
      made = await sendJson("POST", this.url, { expected: this.state.last, edits });
    } catch (error) {
      if (error.code !== "EditsMovedOn") throw error;
      await this.reload();
      throw new Error("Somebody has changed this video in another window. You see it as it is now; do it again if it still fits.");
    }
    await this.reload();
    return made;
  }

  /** Take the last edit back; false if there is none. */
  undo() {
    const next = this.queue.then(() => this.state.undo !== null && this.send([{ kind: "undo", edit: this.state.undo }]).then(() => true));
    this.queue = next.catch(() => {});
    return next;
  }

  /** Do again what was taken back last; false if there is nothing. */
  redo() {
    const next = this.queue.then(() => this.state.redo !== null && this.send([{ kind: "undo", edit: this.state.redo }]).then(() => true));
    this.queue = next.catch(() => {});
    return next;
  }
}
