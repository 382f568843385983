// Saves the receipt of a deleted account as a file.
import { $, h } from "./dom.js";

const receipt = $("#receipt");
const button = $("#download");
if (receipt && button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const url = URL.createObjectURL(new Blob([receipt.textContent], { type: "text/plain" }));
    h("a", { href: url, download: receipt.dataset.name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  });
}
