// The colours of people: the same as mien.report.palette gives their ids.
const BASIC = 12;
const MIXES = [null, "#ffffff 50%", "#101216 40%"];

/** A colour of CSS for an id 0, 1, 2 …; that of nobody for -1. */
export function colourOf(id) {
  if (id < 0) return "var(--person-nobody)";
  const basic = `var(--person-${id % BASIC})`;
  const mix = MIXES[Math.floor(id / BASIC) % MIXES.length];
  return mix ? `color-mix(in srgb, ${basic}, ${mix})` : basic;
}

/** What somebody is called. */
export function nameOf(person) {
  return person.name || `Person ${person.id}`;
}
