// Sets light or dark before the first paint, so that the page never flashes. A classic script for that reason alone:
// a module would run after the page has been drawn once.
(() => {
  try {
    const chosen = localStorage.getItem("poise-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage can be turned off; the system's choice holds then.
  }
})();
