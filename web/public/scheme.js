(function () {
  var stored = null;
  try {
    stored = localStorage.getItem("weft-color-scheme");
  } catch {
    // Storage is off (private window): follow the system.
  }
  var dark = stored === "dark" || (stored !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
