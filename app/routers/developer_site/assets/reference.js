"use strict";

const PLACEHOLDER = "ss_test_…";
const TEST_TOKEN = /^ss_test_[0-9A-Za-z]{36}$/;

const token = document.getElementById("token");
const samples = Array.from(document.querySelectorAll(".sample code"), (code) => ({ code, text: code.textContent }));

// The token goes into the examples of this page and nowhere else: it is forgotten when the page is left.
function fillIn() {
  for (const { code, text } of samples) {
    code.textContent = text.replaceAll(PLACEHOLDER, token.value.trim() || PLACEHOLDER);
  }
}

async function fetchToken() {
  const answer = await fetch("/reference/token", { cache: "no-store" });
  const mine = answer.ok ? (await answer.json()).token : null;
  if (mine && !token.value) {
    token.value = mine;
    fillIn();
  }
}

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// Sends the example in JavaScript, as its fields stand. Without the cookies of whoever is logged in, so that nothing
// but the test token counts.
async function send(method, address, body) {
  if (!TEST_TOKEN.test(token.value.trim())) {
    throw new Error("Enter a test token (ss_test_…) at the top of the page. Nothing is run here on live data.");
  }
  const url = new URL(address, location.origin);
  if (url.origin !== location.origin) {
    throw new Error("Only this host is called from here.");
  }
  const headers = { Authorization: `Bearer ${token.value.trim()}` };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  const answer = await fetch(url, { method, headers, body, credentials: "omit", cache: "no-store" });
  return {
    status: `${answer.status} ${answer.statusText}`,
    body: readable(await answer.text()),
    headers: Array.from(answer.headers, ([name, value]) => `${name}: ${value}`).join("\n"),
  };
}

// As text, whatever is in it.
function show(outcome, { status, body, headers }) {
  const [shown, details] = outcome.querySelectorAll("pre");
  outcome.querySelector("strong").textContent = status;
  shown.firstChild.textContent = body;
  shown.hidden = !body;
  details.firstChild.textContent = headers;
  details.parentElement.hidden = !headers;
  outcome.hidden = false;
}

function addRunner(operation) {
  const form = document.getElementById("runner").content.cloneNode(true).firstElementChild;
  const { address, body } = form.elements;
  const outcome = form.querySelector(".outcome");
  address.value = operation.dataset.path;
  const hasBody = operation.dataset.body !== undefined;
  body.value = operation.dataset.body ?? "";
  body.closest("label").hidden = !hasBody;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    show(outcome, await send(operation.dataset.method, address.value, hasBody ? body.value : undefined)
      .catch((error) => ({ status: error.message, body: "", headers: "" })));
  });
  operation.querySelector(".shown").append(form);
}

function filter() {
  const words = document.getElementById("filter").value.trim().toLowerCase().split(/\s+/);
  let count = 0;
  for (const item of document.querySelectorAll("[data-operation]")) {
    const operation = document.getElementById(item.dataset.operation);
    const text = `${operation.id} ${operation.querySelector("h3").textContent} ${operation.querySelector(".address").textContent}`;
    const fits = words.every((word) => text.toLowerCase().includes(word));
    item.hidden = operation.hidden = !fits;
    count += fits;
  }
  for (const subject of document.querySelectorAll(".subject")) {
    subject.hidden = !subject.querySelector("li:not([hidden])");
  }
  document.getElementById("found").textContent = words[0] ? `${count} operations` : "";
}

for (const operation of document.querySelectorAll("article[data-runs]")) {
  addRunner(operation);
}
document.querySelector(".filter").hidden = false;
document.getElementById("filter").addEventListener("input", filter);
document.getElementById("settings").addEventListener("submit", (event) => event.preventDefault());
token.addEventListener("input", fillIn);
filter();
fillIn();
fetchToken();
