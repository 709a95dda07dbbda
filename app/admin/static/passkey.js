"use strict";

// The log-in's passkey: asked for and answered at the API, whose cookies are those of the back office too.
const door = document.querySelector("[data-passkey]");
const button = door.querySelector("button");
const notice = door.querySelector("[role=alert]");

async function post(path, body) {
  const answer = await fetch(`/api/v1/auth/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const read = await answer.json();
  if (!answer.ok) throw new Error(`${read.title}. ${read.detail}`);
  return read;
}

async function enter() {
  const pending = door.dataset.challenge;
  const { challenge, public_key } = await post("passkey/options", pending ? { challenge: pending } : {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(public_key);
  const credential = await navigator.credentials.get({ publicKey });
  await post("passkey", { challenge, credential: credential.toJSON() });
  location.assign(door.dataset.landing);
}

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  door.querySelector("[data-unsupported]").hidden = true;
  button.hidden = false;
}

button.addEventListener("click", async () => {
  button.disabled = true;
  notice.hidden = true;
  try {
    await enter();
  } catch (error) {
    const gaveUp = error.name === "NotAllowedError";
    notice.textContent = gaveUp ? "No passkey was used. Try again, or begin again." : error.message;
    notice.hidden = false;
    button.disabled = false;
  }
});
