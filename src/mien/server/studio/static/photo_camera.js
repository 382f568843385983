// A dialog that takes a picture with the camera.
import { cameras, closeCamera, openCamera } from "./camera.js";
import { $, h, showError } from "./dom.js";

const SIZE = { width: 1920, height: 1080 };

/** What the camera shows now, as the file of a JPEG. */
async function still(video) {
  const canvas = h("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
  const name = `camera-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.jpg`;
  return new File([blob], name, { type: "image/jpeg" });
}

/** Ask for a picture; resolves with a File, or null when the dialog is left. */
export function takePicture() {
  const [dialog, video, take] = [$("#shoot"), $("#finder"), $("#shoot-take")];
  const [choice, list] = [$("#shoot-camera"), $("#shoot-cameras")];
  let stream = null;
  const open = async (deviceId = null) => {
    closeCamera(video, stream);
    take.disabled = true;
    showError($("#shoot-trouble"), null);
    try {
      stream = await openCamera(video, { deviceId, ...SIZE });
    } catch (error) {
      showError($("#shoot-trouble"), error);
      return;
    }
    if (!dialog.open) return closeCamera(video, stream);
    take.disabled = false;
    const found = await cameras();
    choice.hidden = found.length < 2;
    const used = stream.getVideoTracks()[0].getSettings().deviceId;
    list.replaceChildren(
      ...found.map(({ id, name }) => h("option", { value: id, selected: id === used }, name)),
    );
  };
  list.onchange = () => open(list.value);
  $("#shoot-cancel").onclick = () => dialog.close();
  return new Promise((resolve) => {
    let taken = null;
    take.onclick = async () => {
      taken = await still(video);
      dialog.close();
    };
    dialog.onclose = () => {
      closeCamera(video, stream);
      resolve(taken);
    };
    dialog.showModal();
    open();
  });
}
