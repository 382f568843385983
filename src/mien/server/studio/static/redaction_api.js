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

  /** Tells one state of what is hidden from another: by the log, and by what has been followed. */
  get version() {
    const { number, drawings } = this.state;
    return `${number}.${drawings.filter((each) => each.following === null).length}`;
  }

  /** The URL of a frame as it will be. */
  after(frame, width, look = null) {
    const asked = new URLSearchParams({ width, log: this.version, ...look }); // another log, another picture
    return `${this.base}/frames/${frame}/after?${asked}`;
  }

  thumb(person) {
    return `${this.base}/people/${person}?log=${this.state.number}`;
  }

  download(asset, file) {
    return `/studio/api/media/v1/assets/${asset}/files/${file}/content`;
  }
}
