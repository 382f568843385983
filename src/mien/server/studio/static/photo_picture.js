// One picture of the photo page: its file, how far it is, and what was found on it.
import { formatBytes } from "./dom.js";
import { send, sendBytes } from "./http.js";

const API = "/studio/api/photo";
const JPEG = [0xff, 0xd8, 0xff];

/** Browsers turn a JPEG as its Exif data says. All else is shown as the service has read it: some
 * kinds they do not show, some they animate, some they turn otherwise. */
async function isJpeg(file) {
  const head = new Uint8Array(await file.slice(0, JPEG.length).arrayBuffer());
  return JPEG.every((byte, index) => head[index] === byte);
}

/** Fires "change" when anything of it is new. */
export class Picture extends EventTarget {
  constructor(file, most) {
    super();
    this.file = file;
    this.most = most; // bytes that the service takes
    this.name = file.name;
    this.state = "waiting"; // then "sending", "looking", and "done" or "failed"
    this.progress = 0;
    this.url = null;
    this.answer = null;
    this.error = null;
    this.selected = 0;
    this.stopper = new AbortController();
  }

  get faces() {
    return this.answer?.faces ?? [];
  }

  /** Show it and find its faces. What goes wrong is in `error`. */
  async analyse() {
    try {
      this.check();
      await this.show();
      this.answer = await this.ask("");
      this.become("done");
    } catch (error) {
      if (error.name === "AbortError") return;
      this.error = error;
      this.become("failed");
    }
  }

  /** What can be told without sending it. */
  check() {
    const { size } = this.file;
    if (!size) throw new Error("The file is empty. Copy it again from where it came.");
    if (size <= this.most) return;
    const told = `${formatBytes(size)}, and the service takes ${formatBytes(this.most)}`;
    throw new Error(`The file has ${told}. Save the picture smaller.`);
  }

  /** Have the 478 points of each face. Throws ApiError. */
  async addMesh() {
    if (this.faces.length && !this.faces.some((face) => face.mesh)) {
      this.answer = await this.ask("?mesh=true", () => {});
    }
  }

  /** What the service makes of it, as a Blob: "table", "annotated" or "preview". Throws ApiError. */
  async made(what) {
    const { signal } = this.stopper;
    return (await send("POST", `${API}/${what}`, this.file, { signal })).blob();
  }

  /** Let go of it. */
  close() {
    this.stopper.abort();
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
  }

  async show() {
    this.become("sending");
    const shown = (await isJpeg(this.file)) ? this.file : await this.made("preview");
    this.url = URL.createObjectURL(shown);
    this.become("sending");
  }

  ask(query, onProgress = (bytes) => this.sent(bytes)) {
    const { signal } = this.stopper;
    return sendBytes("POST", `${API}${query}`, this.file, { onProgress, signal });
  }

  sent(bytes) {
    this.progress = bytes / this.file.size;
    this.become(this.progress < 1 ? "sending" : "looking");
  }

  become(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

/** Works through pictures, some at a time; one that fails does not stop the rest. */
export class Queue {
  constructor(atOnce = 2) {
    this.free = atOnce;
    this.waiting = [];
  }

  add(picture) {
    this.waiting.push(picture);
    this.next();
  }

  drop(picture) {
    this.waiting = this.waiting.filter((each) => each !== picture);
  }

  async next() {
    if (!this.free || !this.waiting.length) return;
    this.free -= 1;
    await this.waiting.shift().analyse();
    this.free += 1;
    this.next();
  }
}
