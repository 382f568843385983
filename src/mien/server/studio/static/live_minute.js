// What was told of each person in the last minute.
import { EXPRESSIONS } from "./words.js";

const SPAN_S = 60;
const STEP_S = 0.5; // between two points of the chart
const HOLDS = 4; // steps: so long does what was measured last stand

export class Minute {
  constructor() {
    this.forget();
  }

  /** Forget everybody. */
  forget() {
    this.people = new Map();
  }

  /** Note the faces of a frame, taken at so many seconds. */
  add(faces, at) {
    for (const face of faces) {
      if (face.id === null) continue;
      const known = this.people.get(face.id) ?? { since: at, told: [] };
      this.people.set(face.id, known);
      known.last = at;
      if (face.emotion && face.measured) known.told.push({ at, emotion: face.emotion });
    }
    for (const [id, known] of this.people) {
      if (at - known.last > SPAN_S) this.people.delete(id);
      known.told = known.told.filter((each) => at - each.at <= SPAN_S);
    }
  }

  has(id) {
    return this.people.has(id);
  }

  /** Who is there and has been for the longest time; null for nobody. */
  longest() {
    const all = [...this.people].sort(([, a], [, b]) => b.last - a.last || a.since - b.since);
    if (!all.length) return null;
    const now = all[0][1].last;
    const here = all.filter(([, known]) => now - known.last < 1);
    return here.sort(([, a], [, b]) => a.since - b.since)[0][0];
  }

  /** The points of a person's chart: x in seconds before now, and of each expression the mean of
   * what was measured around each, or what was last; null where nothing was for long. */
  of(id, now) {
    const { told } = this.people.get(id) ?? { told: [] };
    const steps = SPAN_S / STEP_S;
    const points = Array.from({ length: steps }, () => []);
    for (const { at, emotion } of told)
      points[steps - 1 - Math.floor((now - at) / STEP_S)]?.push(emotion);
    const x = points.map((_, place) => (place - steps + 1) * STEP_S);
    return { x, values: (name) => held(points.map((some) => meanOf(some, name))) };
  }
}

function meanOf(emotions, name) {
  if (!emotions.length) return null;
  return emotions.reduce((sum, emotion) => sum + emotion[name], 0) / emotions.length;
}

function held(values) {
  let last = -Infinity;
  return values.map((value, place) => {
    if (value !== null) last = place;
    return place - last <= HOLDS ? values[last] : null;
  });
}
