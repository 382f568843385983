/** A recording of the camera, and of what was answered meanwhile. It stays in this page until it is taken away. */

const KINDS = [
  "video/mp4;codecs=avc1.42E01E",
  "video/webm;codecs=vp9",
  "video/webm;codecs=vp8",
  "video/webm",
];
const PIECE_MS = 1000;

/** Minutes after which a recording ends by itself: it is kept in memory. */
export const MOST_MINUTES = 10;

export class Recorder {
  constructor(stream) {
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.recorder = new MediaRecorder(stream, { mimeType });
    this.parts = [];
    this.answers = [];
    this.bytes = 0;
    this.startedAt = new Date();
    this.recorder.addEventListener("dataavailable", ({ data }) => {
      this.parts.push(data);
      this.bytes += data.size;
    });
    this.over = new Promise((resolve) =>
      this.recorder.addEventListener("stop", resolve, { once: true }),
    );
    this.start = performance.now();
    this.recorder.start(PIECE_MS);
  }

  get seconds() {
    return ((this.end ?? performance.now()) - this.start) / 1000;
  }

  /** Add what was answered about the frame taken at this moment (`performance.now()`). */
  add(answer, takenAt) {
    const time = (takenAt - this.start) / 1000;
    if (time >= 0) this.answers.push({ ...answer, time: Number(time.toFixed(3)) });
  }

  /** End it; gives {video, timeline}, both files. */
  async stop() {
    this.end = performance.now();
    if (this.recorder.state !== "inactive") this.recorder.stop();
    await this.over;
    const type = this.recorder.mimeType.split(";")[0];
    const name = `live-${this.startedAt.toISOString().slice(0, 19).replaceAll(":", "-")}`;
    const document = {
      recorded: this.startedAt.toISOString(),
      seconds: Number(this.seconds.toFixed(3)),
      answers: this.answers,
    };
    return {
      video: new File(this.parts, `${name}.${type === "video/mp4" ? "mp4" : "webm"}`, { type }),
      timeline: new File([JSON.stringify(document)], `${name}.json`, { type: "application/json" }),
    };
  }
}
