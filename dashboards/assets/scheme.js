/* Sets the colour scheme before the first paint, so that a dark page does not flash white. Same key as Mantine's own. */
(function () {
  const chosen = window.localStorage.getItem("mantine-color-scheme-value");
  const dark = chosen === "dark" || ((!chosen || chosen === "auto") && window.matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
