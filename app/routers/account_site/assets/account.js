"use strict";

// The code of the link: out of the address bar at once, so that neither the history nor a shoulder keeps it.
let code = "";

const form = document.querySelector("form");
const button = form.querySelector("button");
const notice = document.getElementById("alert");
const incomplete = document.getElementById("incomplete");
const done = document.getElementById("done");

function begin() {
  code = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  clear();
  done.hidden = true;
  form.hidden = !code;
  incomplete.hidden = Boolean(code);
  form.querySelector("input")?.focus();
}

function clear() {
  notice.hidden = true;
  for (const input of form.querySelectorAll("input[name]")) {
    input.removeAttribute("aria-invalid");
    document.getElementById(`${input.name}-error`).hidden = true;
  }
}

function say(words) {
  notice.textContent = words;
  notice.hidden = false;
  notice.focus();
}

// Each complaint beside its field; what belongs to none, above the form.
function complain(problem) {
  let first = null;
  const others = [];
  for (const { pointer, detail } of problem.errors ?? []) {
    const input = form.elements.namedItem(pointer.replace("/", ""));
    if (!input) {
      others.push(detail);
      continue;
    }
    const place = document.getElementById(`${input.name}-error`);
    place.textContent = detail;
    place.hidden = false;
    input.setAttribute("aria-invalid", "true");
    first ??= input;
  }
  if (!first || others.length) {
    const what = problem.title ? `${problem.title}. ${problem.detail}` : "Something went wrong. Please try again.";
    say([what, ...others].join(" "));
  }
  first?.focus();
}

async function post() {
  const body = Object.fromEntries(new FormData(form));
  body[form.dataset.code] = code;
  const answer = await fetch(form.dataset.endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.ok) {
    form.hidden = true;
    form.reset();
    done.hidden = false;
    done.focus();
    return;
  }
  const problem = await answer.json().catch(() => ({}));
  form.hidden = problem.code === "link-invalid";
  complain(problem);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  clear();
  try {
    await post();
  } catch {
    say("The server cannot be reached. Please check your connection and try again.");
  } finally {
    button.removeAttribute("aria-disabled");
  }
});

for (const choice of form.querySelectorAll("[data-shows]")) {
  choice.addEventListener("change", () => {
    form.elements.namedItem(choice.dataset.shows).type = choice.checked ? "text" : "password";
  });
}

// Another link to this very page, opened in the same tab, changes the fragment alone.
addEventListener("hashchange", () => {
  if (location.hash.length > 1) begin();
});

begin();
