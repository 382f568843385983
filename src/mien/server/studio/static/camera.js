/** The camera of this device: opened, named, and every way in which it may not be there told in words. */

/** Why a page gets no camera. `code` is a word for the page; `title` and `text` are for people. */
export class CameraError extends Error {
  constructor(code, title, text) {
    super(`${title} ${text}`);
    this.code = code;
    this.title = title;
    this.text = text;
  }
}

function insecure() {
  const { protocol, host } = window.location;
  const text =
    `Browsers give a page the camera only over https, or on the machine that serves it (http://localhost). This page came over ${protocol}//${host}. ` +
    "Open it with https, or ask the operator to start the service with --tls-cert and --tls-key.";
  return new CameraError("insecure", "This page may not use the camera.", text);
}

const REASONS = {
  NotAllowedError: [
    "denied",
    "The camera is not allowed.",
    "Allow it in the browser, mostly with the sign beside the address of the page, then try again.",
  ],
  SecurityError: [
    "denied",
    "The camera is not allowed.",
    "The settings of this browser or machine forbid it. Change them, then try again.",
  ],
  NotFoundError: ["none", "There is no camera.", "Connect one, then try again."],
  OverconstrainedError: [
    "none",
    "This camera is not there any more.",
    "Choose another, or connect it, then try again.",
  ],
  NotReadableError: [
    "taken",
    "The camera cannot be read.",
    "Another program may be using it. Close that, then try again.",
  ],
  AbortError: ["taken", "The camera stopped.", "Try again."],
};

function explained(error) {
  const [code, title, text] = REASONS[error.name] ?? [
    "failed",
    "The camera cannot be used.",
    `${error.message} Try again.`,
  ];
  return new CameraError(code, title, text);
}

/**
 * Show a camera in a <video>, without sound.
 * @returns {Promise<MediaStream>} to be closed with `closeCamera`.
 * @throws {CameraError}
 */
export async function openCamera(video, { deviceId = null, width = 1280, height = 720 } = {}) {
  if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) throw insecure();
  const chosen = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { ...chosen, width: { ideal: width }, height: { ideal: height } },
      audio: false,
    });
    video.srcObject = stream;
    await video.play();
    return stream;
  } catch (error) {
    throw explained(error);
  }
}

/** Let go of a camera. */
export function closeCamera(video, stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

/** The cameras there are, as {id, name}. Names are known only once one has been allowed. */
export async function cameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter(({ kind }) => kind === "videoinput")
    .map(({ deviceId, label }, index) => ({ id: deviceId, name: label || `Camera ${index + 1}` }));
}
