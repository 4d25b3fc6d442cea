"use strict";

// Light or dark as it was chosen in the web app, else as the system is.
try {
  const chosen = localStorage.getItem("mantine-color-scheme-value");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.scheme = chosen;
} catch {
  // Storage may be forbidden.
}
