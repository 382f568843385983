// How far a job is, told by the service as it happens, and how long it may take yet.
import { getJson } from "./http.js";

const JOBS = "/studio/api/media/v1/jobs";
const SPAN_MS = 60_000; // over which the speed is taken
const LEAST_MS = 2_000;
const FINAL = ["Finished", "Error", "Canceled"];
const WAIT_MS = 3_000;

/** How long what is under way may take yet, from its progress of the last minute. */
export class Eta {
  constructor() {
    this.samples = [];
  }

  /** Take note of the progress, 0 to 100; `now` in milliseconds. */
  add(progress, now = performance.now()) {
    const last = this.samples.at(-1);
    if (last && progress < last.progress) this.samples = []; // it began anew
    this.samples.push({ progress, now });
    while (this.samples.length > 2 && now - this.samples[0].now > SPAN_MS) this.samples.shift();
  }

  /** Seconds left, or null as long as nobody can tell. */
  left(now = performance.now()) {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (!first || last.progress <= first.progress || last.now - first.now < LEAST_MS) return null;
    const speed = (last.progress - first.progress) / (last.now - first.now);
    return Math.max(0, (100 - last.progress) / speed - (now - last.now)) / 1000;
  }
}

/** "about 3 minutes left"; "" of null. */
export function leftInWords(seconds) {
  if (seconds === null) return "";
  if (seconds < 8) return "a few seconds left";
  if (seconds < 55) return `about ${5 * Math.round(seconds / 5)} seconds left`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return `about ${minutes} minute${minutes === 1 ? "" : "s"} left`;
  const hours = Math.round(minutes / 6) / 10;
  return `about ${hours} hour${hours === 1 ? "" : "s"} left`;
}

/**
 * Follow a job to its end.
 * @param {string} id of the job.
 * @param {{onProgress?: function({progress: number, left: number|null}), onEnd: function(object)}}
 *   told onEnd gets the job, as the API has it; null if it is there no more.
 * @returns {function()} stops following.
 */
export function followJob(id, { onProgress = () => {}, onEnd }) {
  const eta = new Eta();
  let over = false;
  let timer = 0;
  const source = new EventSource(`${JOBS}/${id}/events`);
  const stop = () => {
    over = true;
    clearInterval(timer);
    source.close();
  };
  const look = async () => {
    if (over) return;
    const job = await getJson(`${JOBS}/${id}`).catch((error) => (error.status === 404 ? null : undefined));
    if (over || job === undefined || (job && !FINAL.includes(job.state))) return;
    stop();
    onEnd(job);
  };
  source.addEventListener("progress", (event) => {
    const { progress } = JSON.parse(event.data);
    eta.add(progress);
    onProgress({ progress, left: eta.left() });
  });
  source.addEventListener("job", (event) => {
    if (FINAL.includes(JSON.parse(event.data).currentState)) look();
  });
  source.addEventListener("error", look); // the stream ends with the job; else it is opened again
  timer = setInterval(look, WAIT_MS);
  return stop;
}
