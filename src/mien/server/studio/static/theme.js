// Sets the theme before the first paint; a plain script for that reason. shell.js has the button.
{
  let chosen = null;
  try {
    chosen = localStorage.getItem("mien-theme");
  } catch {
    // storage is switched off: the system's theme it is
  }
  if (chosen === "dark" || chosen === "light") {
    document.documentElement.dataset.theme = chosen;
  }
}
