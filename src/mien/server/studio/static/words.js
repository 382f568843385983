/** What is known of a face, in words. Expressions are how a face looks to people, not what is felt. */

export const EXPRESSIONS = [
  "neutral",
  "happiness",
  "surprise",
  "sadness",
  "anger",
  "disgust",
  "fear",
  "contempt",
];

const LOOKS = {
  neutral: "looks neutral",
  happiness: "looks happy",
  surprise: "looks surprised",
  sadness: "looks sad",
  anger: "looks angry",
  disgust: "looks disgusted",
  fear: "looks afraid",
  contempt: "looks contemptuous",
};

/** The expression with the largest share, or null where none is given. */
export function strongest(emotion) {
  if (!emotion) return null;
  return EXPRESSIONS.reduce((best, name) => (emotion[name] > emotion[best] ? name : best));
}

/** "looks happy", or that no expression is told. */
export function looks(emotion) {
  const name = strongest(emotion);
  return name ? LOOKS[name] : "no expression told";
}

/** A share 0..1 as "93 %", which no line breaks. */
export function percent(share) {
  const value = Math.round(100 * share);
  return value === 0 && share > 0 ? "<\u00a01\u00a0%" : `${value}\u00a0%`;
}

/** "12° to the right" and the like; "" for what is too little to tell. */
function turned(degrees, [less, more], least) {
  if (Math.abs(degrees) < least) return "";
  return `${Math.round(Math.abs(degrees))}° ${degrees < 0 ? less : more}`;
}

function list(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

const SMALL_TURN = 5;
const TERMS = {
  NoGlasses: "none",
  ReadingGlasses: "glasses",
  Sunglasses: "sunglasses",
  SwimmingGoggles: "swimming goggles",
  headWear: "headwear",
  glasses: "glasses",
  mask: "mask",
  noMask: "none",
  faceMask: "a face mask",
  otherMaskOrOcclusion: "something else covers the mouth",
  uncertain: "uncertain",
};
const LEVELS = {
  UnderExposure: "too dark",
  GoodExposure: "good",
  OverExposure: "too bright",
  Low: "low",
  Medium: "medium",
  High: "high",
};

function shares(pairs) {
  return pairs
    .filter(([, share]) => share !== undefined)
    .map(([name, share]) => `${name} ${percent(share)}`)
    .join(", ");
}

function headPose({ yaw, pitch, roll }) {
  const parts = [
    turned(yaw, ["to the left of the picture", "to the right of the picture"], SMALL_TURN),
    turned(pitch, ["down", "up"], SMALL_TURN),
  ].filter(Boolean);
  const head = parts.length ? `turned ${list(parts)}` : "straight to the camera";
  const lean = turned(roll, ["to the left", "to the right"], SMALL_TURN);
  return lean ? `${head}, leaning ${lean}` : head;
}

function gazeWords({ yaw, pitch }) {
  const parts = [
    turned(yaw, ["to the left of the picture", "to the right of the picture"], SMALL_TURN),
    turned(pitch, ["down", "up"], SMALL_TURN),
  ].filter(Boolean);
  return parts.length ? list(parts) : "at the camera";
}

function hairWords(hair) {
  const told = [];
  if (hair.bald !== undefined) told.push(["bald", hair.bald]);
  const colours = hair.hairColor.map(({ color, confidence }) => [color, confidence]);
  return shares([...told, ...colours]);
}

function makeupWords({ eyeMakeup, lipMakeup }) {
  const told = [
    ["eyes", eyeMakeup],
    ["lips", lipMakeup],
  ].filter(([, there]) => there !== undefined);
  const worn = told.filter(([, there]) => there).map(([part]) => part);
  const bare = told.filter(([, there]) => !there).map(([part]) => part);
  if (!worn.length) return `none on ${list(bare)}`;
  return bare.length ? `on ${list(worn)}, none on ${list(bare)}` : `on ${list(worn)}`;
}

function occlusionWords(occlusion) {
  const parts = [
    ["forehead", "foreheadOccluded"],
    ["eyes", "eyeOccluded"],
    ["mouth", "mouthOccluded"],
  ];
  const covered = parts.filter(([, key]) => occlusion[key]).map(([name]) => name);
  return covered.length ? list(covered) : "nothing";
}

function accessoriesWords(accessories) {
  return accessories.length
    ? shares(accessories.map(({ type, confidence }) => [TERMS[type], confidence]))
    : "nothing";
}

const ATTRIBUTES = [
  ["Age", (face) => face.faceAttributes.age, (age) => `looks about ${Math.round(age)}`],
  ["Gender", (face) => face.faceAttributes.gender, (gender) => `looks ${gender}`],
  ["Head", (face) => face.faceAttributes.headPose, headPose],
  ["Gaze", (face) => face.gaze, gazeWords],
  [
    "Openness",
    (face) => face.openness,
    (open) =>
      shares([
        ["left eye", open.leftEye],
        ["right eye", open.rightEye],
        ["mouth", open.mouth],
      ]),
  ],
  ["Smile", (face) => face.faceAttributes.smile, percent],
  ["Glasses", (face) => face.faceAttributes.glasses, (kind) => TERMS[kind]],
  ["Hair", (face) => face.faceAttributes.hair, hairWords],
  [
    "Facial hair",
    (face) => face.faceAttributes.facialHair,
    (hair) =>
      shares([
        ["moustache", hair.moustache],
        ["beard", hair.beard],
        ["sideburns", hair.sideburns],
      ]),
  ],
  ["Makeup", (face) => face.faceAttributes.makeup, makeupWords],
  ["Covered", (face) => face.faceAttributes.occlusion, occlusionWords],
  ["Worn", (face) => face.faceAttributes.accessories, accessoriesWords],
  ["Mask", (face) => face.faceAttributes.mask, ({ type }) => TERMS[type]],
];

const QUALITY = [
  [
    "Blur",
    (face) => face.faceAttributes.blur,
    ({ blurLevel, value }) => `${LEVELS[blurLevel]} (${value})`,
  ],
  [
    "Exposure",
    (face) => face.faceAttributes.exposure,
    ({ exposureLevel, value }) => `${LEVELS[exposureLevel]} (${value})`,
  ],
  [
    "Noise",
    (face) => face.faceAttributes.noise,
    ({ noiseLevel, value }) => `${LEVELS[noiseLevel]} (${value})`,
  ],
  [
    "For recognition",
    (face) => face.faceAttributes.qualityForRecognition,
    (grade) => `${LEVELS[grade]}`,
  ],
  ["Size", (face) => face.faceRectangle, ({ width, height }) => `${width} × ${height} pixels`],
  ["Found with", (face) => face.score, (score) => `${percent(score)} certainty`],
];

function rows(face, table) {
  const whole = { faceAttributes: {}, ...face };
  return table
    .map(([term, read, say]) => [term, read(whole), say])
    .filter(([, value]) => value !== undefined)
    .map(([term, value, say]) => [term, say(value)]);
}

/** Pairs of term and words for what is told of a face. */
export function attributesOf(face) {
  return rows(face, ATTRIBUTES);
}

/** The same for how well it shows. */
export function qualityOf(face) {
  return rows(face, QUALITY);
}

/** "About 9 of ten people who see this face would say happiness." */
export function agreementOf(face) {
  const name = strongest(face.faceAttributes?.emotion);
  if (!name || face.agreement === undefined) return null;
  return `Of ten people who see this face, about ${Math.round(10 * face.agreement)} would call its expression ${name}.`;
}

const CLOSE = 0.2;
const FEW_AGREE = 0.6;
const TURNED_FAR = 24;
const SMALL_SIDE = 48;
const BLURRED = { Medium: "The face is somewhat blurred.", High: "The face is very blurred." };
const EXPOSED = { UnderExposure: "The face is too dark.", OverExposure: "The face is too bright." };
const NOISY = {
  Medium: "The picture of the face is grainy.",
  High: "The picture of the face is very grainy.",
};
const NAMES = {
  headPose: "the turn of the head",
  facialHair: "facial hair",
  qualityForRecognition: "quality for recognition",
};

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function closeSecond(emotion) {
  const [first, second] = [...EXPRESSIONS].sort((a, b) => emotion[b] - emotion[a]);
  return emotion[first] - emotion[second] < CLOSE
    ? `It may as well be ${second} (${percent(emotion[second])}).`
    : null;
}

function shown(face) {
  const { blur, exposure, noise, headPose: pose } = face.faceAttributes ?? {};
  const { width, height } = face.faceRectangle;
  const side = Math.min(width, height);
  const turn = pose ? Math.max(Math.abs(pose.yaw), Math.abs(pose.pitch)) : 0;
  return [
    blur && BLURRED[blur.blurLevel],
    exposure && EXPOSED[exposure.exposureLevel],
    noise && NOISY[noise.noiseLevel],
    turn > TURNED_FAR && `The face is turned by ${Math.round(turn)}°, so that less of it shows.`,
    side < SMALL_SIDE && `The face is small (${width} × ${height} pixels).`,
  ];
}

/** Sentences on what is not told, and on why what is told may be wrong. */
export function doubtsOf(face) {
  const emotion = face.faceAttributes?.emotion;
  const problems = { ...face.problems };
  const told = [];
  if (!emotion && problems.emotion) told.push(`No expression is told: ${problems.emotion}.`);
  if (emotion && face.agreement < FEW_AGREE)
    told.push("People would not agree about this expression.");
  if (emotion) told.push(closeSecond(emotion));
  delete problems.emotion;
  const byReason = Map.groupBy
    ? Map.groupBy(Object.entries(problems), ([, reason]) => reason)
    : grouped(problems);
  for (const [reason, entries] of byReason) {
    told.push(
      `${sentence(reason).slice(0, -1)}: not told, or not all of it, is ${list(entries.map(([name]) => NAMES[name] ?? name))}.`,
    );
  }
  return [...told, ...shown(face)].filter(Boolean);
}

function grouped(problems) {
  const found = new Map();
  for (const entry of Object.entries(problems))
    found.set(entry[1], [...(found.get(entry[1]) ?? []), entry]);
  return found;
}

const CHANCES = [
  [0.75, "Of 100,000 pairs of different people, about one pair or none looks so alike."],
  [0.5, "Of 1,000 pairs of different people, about one pair or none looks so alike."],
  [
    0.35,
    "Of 100 pairs of different people, about one looks so alike: too many to take them for one person.",
  ],
  [0, "Many pairs of different people look so alike."],
];

/** What a comparison says: the verdict, and what its confidence means. */
export function verdictOf({ isIdentical, confidence }) {
  const chance = CHANCES.find(([least]) => confidence >= least)[1];
  return {
    title: isIdentical ? "Likely the same person" : "Likely different people",
    meaning: `${chance} Relatives look more alike than strangers, and the rates are not the same for people of every origin.`,
  };
}
