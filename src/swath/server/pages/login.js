"use strict";

// The code comes behind the `#`, which browsers send to no server and so ends up in no log.
const statusLine = document.getElementById("status");
const form = document.getElementById("form");
const field = document.getElementById("code");

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
      window.location.replace("/");
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

form.addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(field.value.trim());
});

function useCodeOfAddress() {
  const code = new URLSearchParams(window.location.hash.slice(1)).get("code");
  if (code) {
    // A used code need not stay in the history.
    window.history.replaceState(null, "", window.location.pathname);
    logIn(code);
  }
}

window.addEventListener("hashchange", useCodeOfAddress);
useCodeOfAddress();
