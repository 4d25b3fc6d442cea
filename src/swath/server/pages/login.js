"use strict";

// The code comes behind the `#`, which browsers send to no server and so ends up in no log.
const statusLine = document.getElementById("status");
const form = document.getElementById("form");
const field = document.getElementById("code");

/** Where to go after logging in: the page of this server that was asked for, else the first one. */
function nextPage() {
  const next = new URLSearchParams(window.location.search).get("next") ?? "/";
  // `//host` and `/\host` would be another server's; browsers leave tabs and line breaks out before they look.
  if (!/^\/(?![/\\])[^\t\r\n]*$/.test(next)) return "/";
  const url = new URL(next, window.location.origin);
  return url.origin === window.location.origin ? url.pathname + url.search + url.hash : "/";
}

async function logIn(code) {
  statusLine.textContent = "Logging in…";
  form.hidden = true;
  try {
    const answer = await fetch("/api/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code }),
    });
    if (answer.ok) {
      window.location.replace(nextPage());
      return;
    }
    const problem = await answer.json();
    statusLine.textContent = [problem.detail, problem.hint].filter(Boolean).join(". ");
  } catch {
    statusLine.textContent = "The server does not answer.";
  }
  form.hidden = false;
  field.value = "";
  field.focus();
}

/** What somebody pastes: the code alone, or the whole link. */
function codeIn(text) {
  const mark = text.indexOf("#code=");
  return mark < 0 ? text.trim() : text.slice(mark + "#code=".length).trim();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(codeIn(field.value));
});

function useCodeOfAddress() {
  const code = new URLSearchParams(window.location.hash.slice(1)).get("code");
  if (code) {
    // A used code need not stay in the history.
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    logIn(code);
  }
}

window.addEventListener("hashchange", useCodeOfAddress);
useCodeOfAddress();
