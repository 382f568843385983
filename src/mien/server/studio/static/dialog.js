// Questions that must be answered, and notes that go away by themselves.
import { $, announce, h, icon } from "./dom.js";

let asked = 0;

/**
 * Ask before something is done that cannot be taken back.
 * @param {{title: string, body: string|Node, confirm: string, danger?: boolean}} question
 * @returns {Promise<boolean>} whether it was confirmed.
 */
export function ask({ title, body = "", confirm, cancel = "Cancel", danger = false }) {
  const kind = danger ? "danger primary" : "primary";
  const id = `question-${(asked += 1)}`;
  const dialog = h(
    "dialog",
    { "aria-labelledby": id },
    h("h2", { id }, title),
    typeof body === "string" ? h("p", {}, body) : body,
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", onclick: () => dialog.close("") }, cancel),
      h("button", { type: "button", class: kind, onclick: () => dialog.close("yes") }, confirm),
    ),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
  });
}

/**
 * Have one of some options chosen.
 * @param {{title: string, options: Array<[string, string, string]>, confirm: string}} question
 *   options are values, texts and notes; the first is chosen to begin with.
 * @returns {Promise<string|null>} the value; null if it was left.
 */
export function choose({ title, options, confirm, cancel = "Cancel" }) {
  const id = `question-${(asked += 1)}`;
  const fields = options.map(([value, text, note], index) =>
    h(
      "label",
      { class: "check" },
      h("input", { type: "radio", name: id, value, checked: index === 0 }),
      h("span", {}, text, note ? h("span", { class: "hint" }, ` ${note}`) : null),
    ),
  );
  const chosen = () => $("input:checked", dialog).value;
  const dialog = h(
    "dialog",
    { "aria-labelledby": id },
    h("h2", { id }, title),
    h("fieldset", { class: "stack tight" }, h("legend", { class: "unseen" }, title), fields),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", onclick: () => dialog.close("") }, cancel),
      h("button", { type: "button", class: "primary", onclick: () => dialog.close(chosen()) }, confirm),
    ),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    dialog.showModal();
  });
}

/**
 * Say that something was done, with a way to take it back.
 * @param {{text: string, action?: string, onAction?: function(), seconds?: number}} note
 * @returns {function()} takes it away.
 */
export function toast({ text, action, onAction, seconds = 10 }) {
  const close = () => note.remove();
  const act = () => {
    close();
    onAction();
  };
  const note = h(
    "div",
    { class: "toast" },
    h("span", {}, text),
    action ? h("button", { type: "button", class: "small", onclick: act }, action) : null,
    h(
      "button",
      { type: "button", class: "quiet small only-icon", "aria-label": "Close", onclick: close },
      icon("close"),
    ),
  );
  $("#toasts").append(note);
  announce(text);
  let timer = setTimeout(close, seconds * 1000);
  const stay = () => clearTimeout(timer);
  const leave = () => (timer = setTimeout(close, seconds * 1000));
  note.addEventListener("pointerenter", stay);
  note.addEventListener("pointerleave", leave);
  note.addEventListener("focusin", stay);
  note.addEventListener("focusout", leave);
  return close;
}
