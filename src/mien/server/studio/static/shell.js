// What every page has: the button of the theme, moments in the reader's own time, questions before
// forms that cannot be taken back.
import { ask } from "./dialog.js";
import { $, $$ } from "./dom.js";

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark now. */
export function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
}

function keep(theme) {
  try {
    localStorage.setItem("mien-theme", theme);
  } catch {
    // it holds for this page alone
  }
}

function showTheme(button) {
  $("span", button).textContent = isDark() ? "Light" : "Dark";
  button.setAttribute("aria-label", isDark() ? "Switch to light" : "Switch to dark");
}

function changed() {
  document.dispatchEvent(new CustomEvent("themechange"));
}

const button = $("[data-theme-toggle]");
if (button) {
  button.hidden = false;
  showTheme(button);
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    keep(root.dataset.theme);
    showTheme(button);
    changed();
  });
  system.addEventListener("change", () => {
    showTheme(button);
    changed();
  });
}

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const time of $$("time[data-moment]")) {
  time.title = time.textContent;
  time.textContent = format.format(new Date(time.dateTime));
}

for (const form of $$("form[data-ask]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { ask: title, askBody: body, askConfirm: confirm } = form.dataset;
    if (await ask({ title, body, confirm, danger: true })) form.submit();
  });
}
