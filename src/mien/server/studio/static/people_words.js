// How certain it is, in words; initials; receipts.
import { h, icon } from "./dom.js";

const SAME = 0.5;
const SURE = 0.75;

/** What a confidence means. Of pairs of different people, so many come as near. */
export function meaning(confidence) {
  if (confidence >= SURE) return "Of 100,000 pairs of different people, at most one is as alike.";
  if (confidence >= SAME) return "Of 1,000 pairs of different people, at most one is as alike.";
  return "Too little to take them for one person.";
}

/** 0.4999 as "0.49": cut, so that nothing below the same-person point looks as if on it. */
export function shown(confidence) {
  return (Math.floor(confidence * 100 + 1e-9) / 100).toFixed(2);
}

/** A bar of confidence with its number. */
export function confidenceBar(confidence) {
  return h(
    "span",
    { class: "confidence" },
    h("meter", { min: "0", max: "1", low: "0.5", high: "0.75", optimum: "1", value: confidence,
      "aria-label": "Confidence" }),
    h("span", { class: "mono" }, shown(confidence)),
  );
}

/** The first letters of the first and the last word of a name. */
export function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = [words[0], words.length > 1 ? words.at(-1) : ""];
  return first.map((word) => [...(word ?? "")][0] ?? "").join("").toUpperCase();
}

/** A person without a picture: none is kept. */
export function avatar(name) {
  return h("span", { class: "avatar", "aria-hidden": "true" }, initials(name) || "?");
}

/** 3, "face" as "3 faces". */
export function count(number, noun) {
  const many = noun === "person" ? "people" : `${noun}s`;
  return `${number.toLocaleString("en")} ${number === 1 ? noun : many}`;
}

function sentence(receipt) {
  const gone = [
    receipt.persons ? count(receipt.persons, "person") : null,
    receipt.faces ? count(receipt.faces, "face") : null,
  ].filter(Boolean);
  const what = gone.length ? gone.join(" and ") : "nothing but the name";
  const keys = receipt.keys ? count(receipt.keys, "key") : "no key";
  return `Gone: ${what}; ${keys} destroyed.`;
}

/** What a backup of the data may still have. */
function lasting({ faces, keys }) {
  if (keys || !faces) return "Nothing of it can be brought back, not from a backup of the data either.";
  return (
    "It cannot be brought back here. The key of the person stays as long as the person does, " +
    "so a backup of the data from before still has the face until then."
  );
}

/** Have a value saved as a file by the browser. */
export function save(value, name) {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/**
 * Show the receipts of a deletion, and let them be saved.
 * @param {string} title
 * @param {Array<object>} receipts
 * @returns {Promise} when it is closed.
 */
export function showReceipts(title, receipts) {
  const total = receipts.reduce(
    (sum, each) => ({
      persons: sum.persons + each.persons,
      faces: sum.faces + each.faces,
      keys: sum.keys + each.keys,
    }),
    { persons: 0, faces: 0, keys: 0 },
  );
  const one = receipts.length === 1;
  const name = one ? `receipt-${receipts[0].receiptId}.json` : "receipts.json";
  const kept = one ? receipts[0] : receipts;
  const dialog = h(
    "dialog",
    { "aria-labelledby": "receipt-title", class: "receipt" },
    h("h2", { id: "receipt-title" }, title),
    h("p", {}, sentence(total)),
    h("p", { class: "soft" }, lasting(total)),
    one ? h("p", { class: "hint" }, "Receipt ", h("code", {}, receipts[0].receiptId)) : null,
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", onclick: () => save(kept, name) }, icon("download"),
        h("span", {}, one ? "Save the receipt" : "Save the receipts")),
      h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Done"),
    ),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    });
    dialog.showModal();
  });
}

/**
 * Ask for a name.
 * @param {{title: string, label: string, value?: string, confirm: string,
 *   onName: function(string): Promise}} question onName does what is asked; what it throws is shown.
 * @returns {Promise} of what onName gave, or null where it was cancelled.
 */
export function askName({ title, label, value = "", confirm, onName }) {
  const field = h("input", { id: "asked-name", type: "text", value, maxlength: "128", required: true,
    autocomplete: "off" });
  const trouble = h("p", { class: "error", role: "alert", hidden: true });
  const button = h("button", { class: "primary" }, confirm);
  let given = null;
  const submit = async (event) => {
    event.preventDefault();
    const name = field.value.trim();
    trouble.hidden = true;
    button.disabled = true;
    try {
      if (!name) throw new Error("A name is needed.");
      given = await onName(name);
      dialog.close();
    } catch (error) {
      trouble.hidden = false;
      trouble.replaceChildren(icon("warning"), h("span", {}, error.message));
      field.focus();
    } finally {
      button.disabled = false;
    }
  };
  const dialog = h(
    "dialog",
    { "aria-labelledby": "name-title" },
    h("h2", { id: "name-title" }, title),
    h(
      "form",
      { method: "dialog", novalidate: true, onsubmit: submit },
      h("div", { class: "field" }, h("label", { for: "asked-name" }, label), field),
      trouble,
      h(
        "div",
        { class: "row" },
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        button,
      ),
    ),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(given);
    });
    dialog.showModal();
    field.select();
  });
}
