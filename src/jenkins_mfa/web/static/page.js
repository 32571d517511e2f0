// The one script of all pages. Everything that it says comes from the page itself; text is only ever set as text.
const main = document.querySelector("main");
const words = main.dataset;
const status = document.getElementById("status");

function say(text, look = "") {
  status.className = look;
  status.textContent = text;
  if (look) status.focus();
}

// The pages may stand below a path of their host: this script knows where it came from.
const root = new URL("..", import.meta.url).pathname;
const at = (path) => root + path.slice(1);

async function post(path, body) {
  try {
    const response = await fetch(at(path), {
      method: "POST",
      headers: { "Content-Type": "application/json", "Mfa-Page": words.session ?? "" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    return { ...answer, ok: response.ok, says: answer.says ?? (response.ok ? "" : words.lost) };
  } catch {
    return { ok: false, says: words.lost };
  }
}

function hasKeys() {
  return window.isSecureContext && "PublicKeyCredential" in window && "credentials" in navigator;
}

// Where there are no keys the address is shown, whole, to be opened elsewhere.
function elsewhere() {
  const section = document.getElementById("elsewhere");
  const address = document.getElementById("address");
  address.value = location.href;
  section.hidden = false;
  document.getElementById("copy").addEventListener("click", async () => {
    address.select();
    await navigator.clipboard?.writeText(address.value);
    say(words.copied);
  });
}

// Browsers of the last years read and write the JSON of WebAuthn themselves; for older ones these few lines do.
function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function base64url(buffer) {
  const letters = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function requestOptions(json) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  const allowed = (json.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  return { ...json, challenge: bytes(json.challenge), allowCredentials: allowed };
}

function creationOptions(json) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  const known = (json.excludeCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const user = { ...json.user, id: bytes(json.user.id) };
  return { ...json, challenge: bytes(json.challenge), user, excludeCredentials: known };
}

function registered(credential) {
  if (credential.toJSON) return JSON.stringify(credential.toJSON());
  const { clientDataJSON, attestationObject } = credential.response;
  const transports = credential.response.getTransports?.() ?? [];
  const made = { clientDataJSON: base64url(clientDataJSON), attestationObject: base64url(attestationObject), transports };
  const id = base64url(credential.rawId);
  return JSON.stringify({ id, rawId: id, type: credential.type, clientExtensionResults: {}, response: made });
}

function asJson(credential) {
  if (credential.toJSON) return JSON.stringify(credential.toJSON());
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
  const response = {
    clientDataJSON: base64url(clientDataJSON),
    authenticatorData: base64url(authenticatorData),
    signature: base64url(signature),
    ...(userHandle ? { userHandle: base64url(userHandle) } : {}),
  };
  const id = base64url(credential.rawId);
  return JSON.stringify({ id, rawId: id, type: credential.type, clientExtensionResults: {}, response });
}

// What the key has signed; null, with a sentence, where it did not. Nothing but one request may stand between the choice
// of a button and this call: older Safari forgets the choice otherwise.
async function sign(options) {
  return used(async () => asJson(await navigator.credentials.get({ publicKey: requestOptions(options) })));
}

async function create(options) {
  return used(async () => registered(await navigator.credentials.create({ publicKey: creationOptions(options) })));
}

async function used(act) {
  say(words.key);
  try {
    return await act();
  } catch (error) {
    say(error.name === "NotAllowedError" || error.name === "AbortError" ? words.unused : words.wrong, "bad");
    return null;
  }
}

function buttons(enabled) {
  for (const button of document.querySelectorAll("#answer button")) button.disabled = !enabled;
}

// One choice at a time. What it says stays when the page is read anew.
let busy = false;
const idle = () => !busy;
async function once(act) {
  if (busy) return;
  busy = true;
  buttons(false);
  await act();
  busy = false;
  buttons(true);
}

function anew(says) {
  sessionStorage.setItem("says", says);
  location.reload();
}

// The modules of a QR code, as the server has drawn them.
function draw(found) {
  document.getElementById("qr").setAttribute("viewBox", `-4 -4 ${found.size + 8} ${found.size + 8}`);
  document.getElementById("qr-path").setAttribute("d", found.path);
}

// Moments are written in UTC; people read them in their own time.
for (const moment of document.querySelectorAll("time")) {
  moment.title = moment.textContent;
  const shown = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  moment.textContent = new Date(moment.dateTime).toLocaleString([], shown);
}

const kept = sessionStorage.getItem("says");
sessionStorage.removeItem("says");
if (kept) say(kept, "good");

async function answer(decision) {
  const reason = document.getElementById("reason")?.value ?? "";
  const chosen = { decision, key: document.getElementById("key").value };
  const begun = await post(`/gate/${words.gate}/begin`, { ...chosen, asks: words.asks });
  if (!begun.ok) return say(begun.says, "bad");
  const signed = await sign(begun.options);
  if (signed === null) return undefined;
  const report = document.getElementById("report")?.checked ?? false;
  const given = { ...chosen, nonce: begun.nonce, answer: signed, reason, report };
  const done = await post(`/gate/${words.gate}/finish`, given);
  return done.ok ? anew(done.says) : say(done.says, "bad");
}

// Somebody else may answer meanwhile: the page is read anew, unless something is being typed.
async function watch() {
  for (;;) {
    let found;
    try {
      found = await (await fetch(at(`/wait?about=${words.gate}&seen=${words.seen}`))).json();
    } catch {
      return;
    }
    if (found.ended) return;
    if (found.changed && !busy) {
      const typing = document.getElementById("reason")?.value;
      if (typing) return say(words.changed, "bad");
      location.reload();
      return;
    }
  }
}

const pages = {
  gate() {
    if (!document.querySelector("#answer button")) return watch();
    if (!hasKeys()) {
      document.getElementById("answer").hidden = true;
      return elsewhere();
    }
    document.getElementById("approve")?.addEventListener("click", () => once(() => answer("approve")));
    document.getElementById("deny")?.addEventListener("click", () => once(() => answer("deny")));
    return watch();
  },
  door() {
    if (!hasKeys()) {
      document.getElementById("answer").hidden = true;
      return elsewhere();
    }
    document.getElementById("sign-in").addEventListener("click", () =>
      once(async () => {
        const begun = await post("/sign-in/begin", {});
        if (!begun.ok) return say(begun.says, "bad");
        const signed = await sign(begun.options);
        if (signed === null) return undefined;
        const done = await post("/sign-in/finish", { state: begun.state, answer: signed });
        return done.ok ? location.replace(at(done.to)) : say(done.says, "bad");
      }),
    );
    return undefined;
  },
  enrol() {
    if (words.seen === "opened") return watch();
    // What is said stands below what it is about: two ways stand one below the other here.
    const below = (id) => document.getElementById(id).append(status);
    const ended = (done) => {
      for (const section of document.querySelectorAll("section")) section.hidden = true;
      main.append(status);
      say(done.says, "good");
    };
    document.getElementById("show")?.addEventListener("click", () =>
      once(async () => {
        below("app");
        const found = await post("/enrol/code", {});
        if (!found.ok) return say(found.says, "bad");
        draw(found.drawing);
        document.getElementById("seed").textContent = found.key;
        document.getElementById("here").href = found.address;
        document.getElementById("show").hidden = true;
        document.getElementById("shown").hidden = false;
        return document.getElementById("code").focus();
      }),
    );
    const prove = () =>
      once(async () => {
        below("app");
        const done = await post("/enrol/prove", { code: document.getElementById("code").value });
        return done.ok ? ended(done) : say(done.says, "bad");
      });
    document.getElementById("prove")?.addEventListener("click", prove);
    document.getElementById("code")?.addEventListener("keydown", (event) => (event.key === "Enter" ? prove() : undefined));
    const keys = document.getElementById("key");
    if (!keys) return undefined;
    if (!hasKeys()) {
      keys.hidden = true;
      return undefined;
    }
    document.getElementById("register").addEventListener("click", () =>
      once(async () => {
        below("key");
        const label = document.getElementById("label").value;
        const begun = await post("/enrol/key", {});
        if (!begun.ok) return say(begun.says, "bad");
        const made = await create(begun.options);
        if (made === null) return undefined;
        const done = await post("/enrol/register", { label, answer: made });
        return done.ok ? ended(done) : say(done.says, "bad");
      }),
    );
    return undefined;
  },
  act() {
    const ended = (done) => {
      document.getElementById("answer").hidden = true;
      if (done.address) {
        draw(done.drawing);
        document.getElementById("invitation-address").textContent = done.address;
        document.getElementById("invitation").hidden = false;
      }
      say(done.says, "good");
    };
    const prove = () =>
      once(async () => {
        const done = await post("/act/code", { code: document.getElementById("code").value });
        return done.ok ? ended(done) : say(done.says, "bad");
      });
    document.getElementById("prove")?.addEventListener("click", prove);
    document.getElementById("code")?.addEventListener("keydown", (event) => (event.key === "Enter" ? prove() : undefined));
    const key = document.getElementById("by-key");
    if (key === null) return;
    if (!hasKeys()) {
      key.hidden = true;
      return;
    }
    document.getElementById("sign").addEventListener("click", () =>
      once(async () => {
        const begun = await post("/act/begin", { key: document.getElementById("key").value });
        if (!begun.ok) return say(begun.says, "bad");
        const signed = await sign(begun.options);
        if (signed === null) return undefined;
        const done = await post("/act/sign", { answer: signed });
        return done.ok ? ended(done) : say(done.says, "bad");
      }),
    );
  },
  own() {
    const code = document.getElementById("code");
    if (!code && !hasKeys()) {
      document.getElementById("answer").hidden = true;
      return elsewhere();
    }
    const act = async (button) => {
      const key = document.getElementById("key")?.value ?? "";
      const chosen = { act: button.dataset.act, target: button.dataset.target, key };
      const begun = await post("/me/begin", chosen);
      if (!begun.ok) return say(begun.says, "bad");
      const proof = code ? code.value : await sign(begun.options);
      if (proof === null) return undefined;
      const done = await post("/me/finish", { ...chosen, question: begun.question, proof });
      if (!done.ok) return say(done.says, "bad");
      return done.to ? location.replace(at(done.to)) : anew(done.says);
    };
    for (const button of document.querySelectorAll("button[data-act]")) {
      button.addEventListener("click", () => once(() => act(button)));
    }
    return undefined;
  },
  home() {
    document.getElementById("out").addEventListener("click", async () => {
      const done = await post("/out", {});
      return done.ok ? location.replace(at(done.to)) : say(done.says, "bad");
    });
  },
  async open() {
    const token = location.hash.slice(1);
    if (!token) return say(words.missing, "bad");
    if (!hasKeys()) {
      document.getElementById("opening").hidden = true;
      return elsewhere();
    }
    const answer = await post("/open", { token });
    history.replaceState(null, "", at("/open"));
    if (answer.ok) return location.replace(at(answer.to));
    document.getElementById("opening").hidden = true;
    return say(answer.says, "bad");
  },
};

pages[words.page]?.();

export { anew, at, hasKeys, idle, once, post, say, sign, words };
