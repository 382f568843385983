// Calls of the studio's APIs: the token against forgery goes along, errors come as sentences.
import { $ } from "./dom.js";

/** An answer that is not the one asked for; `message` is a sentence for people. */
export class ApiError extends Error {
  constructor(status, code, message, headers = new Headers()) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const OFFLINE = "The service cannot be reached. Check that it runs and that you are connected.";

function token() {
  return $("meta[name=csrf]").content;
}

function logIn() {
  const next = encodeURIComponent(location.pathname + location.search);
  location.assign(`/studio/login?next=${next}`);
}

/** What an answer's body says went wrong. */
function failure(status, text, headers) {
  let error = {};
  try {
    error = JSON.parse(text).error ?? {};
  } catch {
    // no JSON: the status has to do
  }
  if (status === 401) logIn();
  const message = error.message ?? `The service answered ${status}. Try again.`;
  return new ApiError(status, error.code ?? String(error.statusCode ?? status), message, headers);
}

async function call(method, url, { headers = {}, body, signal } = {}) {
  let answer;
  try {
    const all = { "X-CSRF-Token": token(), ...headers };
    answer = await fetch(url, { method, headers: all, body, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "Offline", OFFLINE);
  }
  if (!answer.ok) throw failure(answer.status, await answer.text(), answer.headers);
  return answer;
}

async function read(answer) {
  let text;
  try {
    text = await answer.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "Offline", OFFLINE); // the line broke in the middle
  }
  return text ? JSON.parse(text) : null;
}

/** The JSON at a URL. Throws ApiError. */
export async function getJson(url, { signal } = {}) {
  return read(await call("GET", url, { signal }));
}

/** Send a value as JSON (none without a body); the JSON of the answer, or null. Throws ApiError. */
export async function sendJson(method, url, body, { signal } = {}) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const text = body === undefined ? undefined : JSON.stringify(body);
  return read(await call(method, url, { headers, body: text, signal }));
}

/**
 * Send bytes, with progress; the JSON of the answer, or null. Throws ApiError.
 * @param {Blob} blob
 * @param {{onProgress?: function(number), signal?: AbortSignal, headers?: object, type?: string}}
 *   options onProgress is told how many bytes are gone.
 */
export function sendBytes(method, url, blob, options = {}) {
  const { onProgress = () => {}, signal, headers = {}, type } = options;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const aborted = () => new DOMException("The upload was stopped.", "AbortError");
    if (signal?.aborted) return reject(aborted());
    request.open(method, url);
    request.setRequestHeader("X-CSRF-Token", token());
    request.setRequestHeader("Content-Type", type ?? "application/octet-stream");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onerror = () => reject(new ApiError(0, "Offline", OFFLINE));
    request.onabort = () => reject(aborted());
    request.onload = () => {
      const { status, responseText: text } = request;
      if (status < 200 || status > 299) {
        const pairs = request.getAllResponseHeaders().trim().split(/\r?\n/);
        const found = new Headers(pairs.map((pair) => pair.split(/:\s*(.*)/, 2)));
        return reject(failure(status, text, found));
      }
      resolve(text ? JSON.parse(text) : null);
    };
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(blob);
  });
}

/** Send a body as it is (a Blob, a form); the answer itself, to be read. Throws ApiError. */
export function send(method, url, body, { signal } = {}) {
  return call(method, url, { body, signal });
}
