// Calls of Face API for people: groups, lists, persons, faces; and pictures made fit for it.
import { getJson, sendBytes, sendJson } from "./http.js";

const FACE = "/studio/api/face/v1.0";
const SENT_AS_IT_IS = ["image/jpeg", "image/png", "image/gif", "image/bmp"];
const LARGEST_SIDE = 4096;
const QUALITY = 0.92;
const PAGE = 1000;
const FACES_A_CALL = 10;
/** How long the faces of a picture that is only tried are known, in seconds: the least there is. */
const TRIED_S = 60;
/** The same for pictures whose faces are about to be kept, which are compared with each other. */
const CHOSEN_S = 600;

/** All groups and lists, with counts. */
export const all = () => getJson("/studio/api/people");

/** The facts of one. */
export const facts = ({ noun, id }) => getJson(`/studio/api/people/${noun}/${id}`);

/** Make a group or list; its id is made of the name. */
export async function make(noun, name) {
  const readable = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  const random = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
  const id = [readable, random].filter(Boolean).join("-");
  const body = { name, recognitionModel: "recognition_04" };
  await sendJson("PUT", `${FACE}/${noun}/${id}`, body);
  return id;
}

/** A group or list, and what is in it. */
export class Collection {
  constructor({ noun, id, field }) {
    Object.assign(this, { noun, id, field });
    this.url = `${FACE}/${noun}/${encodeURIComponent(id)}`;
  }

  rename(name) {
    return sendJson("PATCH", this.url, { name });
  }

  /** Delete it with all that is in it; the receipt. */
  remove() {
    return sendJson("DELETE", `${this.url}?returnReceipt=true`);
  }

  train() {
    return sendJson("POST", `${this.url}/train`);
  }

  /** How far the training is; null where there never was one. */
  async training() {
    try {
      return await getJson(`${this.url}/training`);
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  /** The people whose ids come after one, by pages. */
  people(start = "") {
    return getJson(`${this.url}/persons?top=${PAGE}&start=${start}`);
  }

  /** What is known of the faces whose ids come after one, by pages: of a person, or of a list. */
  kept({ person = null, start = "" } = {}) {
    const query = new URLSearchParams({ ...(person ? { person } : {}), ...(start ? { start } : {}) });
    return getJson(`/studio/api/people/${this.noun}/${encodeURIComponent(this.id)}/faces?${query}`);
  }

  person(id) {
    return getJson(`${this.url}/persons/${id}`);
  }

  async addPerson(name) {
    return (await sendJson("POST", `${this.url}/persons`, { name })).personId;
  }

  renamePerson(person, name) {
    return sendJson("PATCH", `${this.url}/persons/${person}`, { name });
  }

  removePerson(person) {
    return sendJson("DELETE", `${this.url}/persons/${person}?returnReceipt=true`);
  }

  removeFace(face, person = null) {
    const whose = person ? `/persons/${person}` : "";
    return sendJson("DELETE", `${this.url}${whose}/persistedfaces/${face}?returnReceipt=true`);
  }

  /** The faces of a picture with advice on each, the largest first; known by ids for a while. */
  advice(picture, person = null, options = {}) {
    const query = new URLSearchParams({ returnFaceId: true, faceIdTimeToLive: CHOSEN_S });
    if (person) query.set("personId", person);
    return sendBytes("POST", `${this.url}/advice?${query}`, picture, options);
  }

  /** Advice on faces that are to be kept, of a person where it is a group: each beside the others. */
  together(faceIds, person = null, options = {}) {
    const body = { faceIds, ...(person ? { personId: person } : {}) };
    return sendJson("POST", `${this.url}/advice/together`, body, options);
  }

  /** Keep the face in a rectangle of a picture. */
  keep(picture, rectangle, { person = null, note = "" } = {}) {
    const { left, top, width, height } = rectangle;
    const query = new URLSearchParams({ targetFace: [left, top, width, height].join(",") });
    if (note) query.set("userData", note);
    const within = person ? `/persons/${person}` : "";
    return sendBytes("POST", `${this.url}${within}/persistedfaces?${query}`, picture);
  }

  /** The faces of a picture, known by ids for a minute, that can be compared with those in here. */
  async detect(picture) {
    this.model ??= (await getJson(`${this.url}?returnRecognitionModel=true`)).recognitionModel;
    const query = `faceIdTimeToLive=${TRIED_S}&recognitionModel=${this.model}`;
    return sendBytes("POST", `${FACE}/detect?${query}`, picture);
  }

  /** Whom each face may be, best first; below the threshold too where `least` is given. */
  async identify(faceIds, { candidates = 3, least } = {}) {
    const found = [];
    for (let first = 0; first < faceIds.length; first += FACES_A_CALL) {
      found.push(
        ...(await sendJson("POST", `${FACE}/identify`, {
          faceIds: faceIds.slice(first, first + FACES_A_CALL),
          [this.field]: this.id,
          maxNumOfCandidatesReturned: candidates,
          ...(least === undefined ? {} : { confidenceThreshold: least }),
        })),
      );
    }
    return found;
  }

  /** The faces of a list that look like one. */
  similar(faceId) {
    return sendJson("POST", `${FACE}/findsimilars`, {
      faceId,
      [this.field]: this.id,
      maxNumOfCandidatesReturned: 5,
    });
  }
}

/**
 * A picture as the API takes it: one of another kind, or too large, is drawn and encoded anew.
 * Throws an Error with a sentence where the browser cannot read it.
 */
export async function fit(file, most) {
  if (SENT_AS_IT_IS.includes(file.type) && file.size <= most) return file;
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name} is no picture that can be read here. Take a JPEG or a PNG.`);
  }
  const scale = Math.min(1, LARGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!made || made.size > most) throw new Error(`${file.name} is too large. Make it smaller.`);
  return made;
}
