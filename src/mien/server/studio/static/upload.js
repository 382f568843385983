// A file on its way into an asset: in parts, with pauses, and on from where a break left it.
import { getJson, sendBytes, sendJson } from "./http.js";

const MEDIA = "/studio/api/media/v1";
const PART = 8 * 2 ** 20;
const TRIES = 6;
const STORE = "mien-uploads";

/** What names a file again when the page has been loaded anew. */
function nameOf(file) {
  return `${file.name}\n${file.size}\n${file.lastModified}`;
}

function unfinished() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? "{}");
  } catch {
    return {};
  }
}

function remember(file, value) {
  const known = unfinished();
  if (value) known[nameOf(file)] = value;
  else delete known[nameOf(file)];
  try {
    localStorage.setItem(STORE, JSON.stringify(known));
  } catch {
    // then it begins anew when the page is loaded again
  }
}

/**
 * The upload of a file. States: "waiting", "sending", "paused", "done", "failed", "cancelled".
 * Fires "progress" (detail: {sent, size}), "state" (detail: {state, error}).
 */
export class Upload extends EventTarget {
  constructor(file) {
    super();
    this.file = file;
    this.state = "waiting";
    this.sent = 0;
    this.assetId = null;
    this.fileId = null;
    this.error = null;
  }

  /** Send it, or go on. Resolves with {assetId, fileId} when all is there; rejects with ApiError,
   * or an AbortError after pause() and cancel(). */
  async start() {
    this.stopping = new AbortController();
    this.change("sending");
    try {
      await this.find();
      await this.sendAll();
    } catch (error) {
      if (error.name !== "AbortError") this.change("failed", error);
      throw error;
    }
    remember(this.file, null);
    this.change("done");
    return { assetId: this.assetId, fileId: this.fileId };
  }

  /** Stop for now; start() goes on. */
  pause() {
    this.change("paused");
    this.stopping?.abort();
  }

  /** Stop for good: what has come is deleted. */
  async cancel() {
    this.change("cancelled");
    this.stopping?.abort();
    remember(this.file, null);
    if (this.assetId) await sendJson("DELETE", `${MEDIA}/assets/${this.assetId}`);
  }

  change(state, error = null) {
    this.state = state;
    this.error = error;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, error } }));
  }

  progress(sent) {
    this.sent = sent;
    this.dispatchEvent(new CustomEvent("progress", { detail: { sent, size: this.file.size } }));
  }

  /** Find the asset of an earlier try, or make one. */
  async find() {
    const { signal } = this.stopping;
    const known = this.fileId ? this : unfinished()[nameOf(this.file)];
    if (known) {
      try {
        const url = `${MEDIA}/assets/${known.assetId}/files/${known.fileId}`;
        const there = await getJson(url, { signal });
        [this.assetId, this.fileId] = [known.assetId, known.fileId];
        this.progress(there.received);
        return;
      } catch (error) {
        if (error.status !== 404) throw error; // 404: it was deleted meanwhile
      }
    }
    const { name, size } = this.file;
    const asset = await sendJson("POST", `${MEDIA}/assets`, { name }, { signal });
    this.assetId = asset.id;
    const files = `${MEDIA}/assets/${asset.id}/files`;
    const made = await sendJson("POST", files, { name, size, isPrimary: true }, { signal });
    this.fileId = made.id;
    remember(this.file, { assetId: asset.id, fileId: made.id });
    this.progress(0);
  }

  async sendAll() {
    const url = `${MEDIA}/assets/${this.assetId}/files/${this.fileId}`;
    let failures = 0;
    while (this.sent < this.file.size) {
      const from = this.sent;
      try {
        await sendBytes("PATCH", `${url}/content`, this.file.slice(from, from + PART), {
          headers: { "Upload-Offset": String(from) },
          signal: this.stopping.signal,
          onProgress: (bytes) => this.progress(from + bytes),
        });
        this.progress(Math.min(from + PART, this.file.size));
        failures = 0;
      } catch (error) {
        if (!this.mayRetry(error) || ++failures >= TRIES) throw error;
        await this.wait(Math.min(1000 * 2 ** (failures - 1), 15000));
        const there = await getJson(url, { signal: this.stopping.signal }).catch((again) => {
          if (!this.mayRetry(again)) throw again;
          return { received: from };
        });
        this.progress(there.received);
      }
    }
  }

  /** A break of the line, a busy service, or bytes that have come though nobody said so. */
  mayRetry(error) {
    return error.name === "ApiError" && [0, 408, 409, 429, 500, 502, 503, 504].includes(error.status);
  }

  wait(milliseconds) {
    const { signal } = this.stopping;
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(new DOMException("The upload was stopped.", "AbortError"));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      }, milliseconds);
      signal.addEventListener("abort", stop, { once: true });
    });
  }
}
