// Frames out, answers in, over /media/v1/live (docs/concepts/live.md). As many frames are under way as
// the network holds, and one at the service: more would wait there. So a slow network or service
// makes answers fewer, and not late. A connection that is lost is opened again.

const PROTOCOL = "mien.live.v1";
const MOST_UNDER_WAY = 4;
const SHORTEST_MS = 10; // of the service's work, for the count of frames under way
const SMOOTH = 0.1;
const WAITS_S = [0.5, 1, 2, 4, 8];
const BUSY_S = 3;

/**
 * Events, each with `detail`:
 * "state": {name, text}, where name is "connecting", "open", "busy", "lost" or "idle"; or "refused"
 *   or "ended" (the session is over), after which it is not tried again;
 * "answer": {answer, frame}, where `frame` is what was given to `send`;
 * "trouble": {text, rests}: a frame that was refused; `rests`: none is sent for a while.
 */
export class LiveSocket extends EventTarget {
  constructor(path) {
    super();
    this.path = path;
    this.socket = null;
    this.timer = null;
    this.tries = 0;
    this.wanted = false;
    this.nextAt = 0; // no frame is sent before
    this.spacing = 0; // milliseconds from one to the next, as far as the plan asks for that
    this.rests = false;
    this.service = SHORTEST_MS;
    this.network = 0;
    this.forget();
  }

  /** So many frames may be under way. */
  get room() {
    return Math.min(
      MOST_UNDER_WAY,
      1 + Math.round(this.network / Math.max(this.service, SHORTEST_MS)),
    );
  }

  /** Whether a frame may be sent now. */
  get ready() {
    const open = this.socket?.readyState === WebSocket.OPEN && performance.now() >= this.nextAt;
    return open && this.sent.size < this.room;
  }

  /** Whether it was closed because no frame was sent for long; `open` it to go on. */
  get idle() {
    return this.rests;
  }

  open() {
    this.wanted = true;
    this.rests = false;
    this.connect();
  }

  close() {
    this.wanted = false;
    this.rests = false;
    clearTimeout(this.timer);
    this.socket?.close(1000);
    this.socket = null;
    this.forget();
  }

  /** Send the bytes of a JPEG; `frame` comes back with its answer, and is closed when none comes. */
  send(data, frame) {
    const sentAt = performance.now();
    this.sent.set(this.number, { frame, sentAt });
    this.number += 1;
    this.nextAt = sentAt + this.spacing;
    this.since ??= sentAt;
    this.socket.send(data);
  }

  forget() {
    for (const { frame } of this.sent?.values() ?? []) frame.close();
    this.sent = new Map();
    this.number = 0;
    this.since = null; // when the first frame was sent since all was well
    this.answered = 0; // frames since then
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  connect() {
    clearTimeout(this.timer);
    this.socket?.close(1000); // another camera: others are seen, under other ids
    this.forget();
    Object.assign(this, { reason: null, nextAt: 0, spacing: 0 });
    this.tell("state", { name: "connecting", text: "Connecting to the service." });
    const url = new URL(this.path, window.location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, PROTOCOL);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      if (socket !== this.socket) return;
      this.tries = 0;
      this.tell("state", { name: "open", text: "" });
    });
    socket.addEventListener(
      "message",
      ({ data }) => socket === this.socket && this.hear(JSON.parse(data)),
    );
    socket.addEventListener("close", () => socket === this.socket && this.closed());
  }

  hear(answer) {
    if (answer.frame === undefined) {
      this.reason = answer.error;
      return;
    }
    const { frame, sentAt } = this.sent.get(answer.frame);
    for (const [number, other] of this.sent) {
      if (number > answer.frame) continue;
      this.sent.delete(number);
      if (number < answer.frame) other.frame.close();
    }
    if (answer.error) {
      frame.close();
      this.rest(answer.error);
      return;
    }
    this.answered += 1;
    this.measure(answer.latencyMs, performance.now() - sentAt);
    this.tell("answer", { answer, frame });
  }

  measure(service, all) {
    this.service += SMOOTH * (service - this.service);
    this.network += SMOOTH * (Math.max(0, all - service) - this.network);
  }

  /** A frame was refused: it was no picture; or by the plan, which says for how long. */
  rest({ code, message }) {
    if (code !== "429") return this.tell("trouble", { text: message, rests: false });
    const seconds = Number(/(\d+) second/.exec(message)?.[1] ?? 1);
    const now = performance.now();
    if (this.answered) {
      // so many fit into the time until the plan has room again
      const fits = (now - this.since + 1000 * seconds) / this.answered;
      this.spacing = Math.max(this.spacing, fits);
    }
    this.nextAt = now + 1000 * seconds;
    this.since = null;
    this.answered = 0;
    const text = `The plan of your account allows no more pictures just now. Going on in ${seconds} s, more slowly.`;
    return this.tell("trouble", { text, rests: true });
  }

  async closed() {
    this.socket = null;
    this.forget();
    if (!this.wanted) return;
    if (this.reason?.code === "Idle") {
      this.rests = true;
      this.tell("state", { name: "idle", text: "" });
      return;
    }
    if (this.reason) {
      this.end(this.reason.code === "NotLoggedIn" ? "ended" : "refused", this.reason.message);
      return;
    }
    const asked = await fetch(this.path, { headers: { Accept: "application/json" } }).catch(
      () => null,
    );
    if (this.wanted && !this.socket) await this.judge(asked);
  }

  /** A page is not told why its socket was refused; a plain request to the same path is. */
  async judge(asked) {
    if (asked === null || asked.status === 426) {
      const seconds = WAITS_S[Math.min(this.tries, WAITS_S.length - 1)];
      this.tries += 1;
      this.again(
        "lost",
        `The connection to the service is lost. Trying again in ${seconds} s.`,
        seconds,
      );
    } else if (asked.status === 503) {
      this.again(
        "busy",
        `The service is busy with other live pictures. Trying again in ${BUSY_S} s.`,
        BUSY_S,
      );
    } else if (asked.status === 429) {
      const seconds = Number(asked.headers.get("Retry-After")) || BUSY_S;
      const text = `The plan of your account allows no more calls just now. Trying again in ${seconds} s.`;
      this.again("busy", text, seconds);
    } else {
      const body = await asked.json().catch(() => null);
      const text = body?.error?.message ?? `The service answered ${asked.status}.`;
      this.end(asked.status === 401 ? "ended" : "refused", text);
    }
  }

  again(name, text, seconds) {
    this.tell("state", { name, text });
    this.timer = setTimeout(() => this.connect(), 1000 * seconds);
  }

  end(name, text) {
    this.wanted = false;
    this.tell("state", { name, text });
  }
}
