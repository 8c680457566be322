// Before the page is painted: that scripts run, and the theme that was chosen, if one was.
"use strict";
document.documentElement.dataset.script = "on";
try {
  const theme = localStorage.getItem("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system's theme it is.
}
