// The console's own part of the script: what its pages send, and how they stay up to date.
import { anew, at, hasKeys, idle, once, post, say, sign, words } from "./page.js";

// A list that changes by itself can be told not to; where somebody was stays where they are.
const live = document.getElementById("live");
if (live) {
  live.checked = sessionStorage.getItem("live") !== "no";
  live.addEventListener("change", () => {
    sessionStorage.setItem("live", live.checked ? "yes" : "no");
    if (live.checked) location.reload();
  });
}

const focused = sessionStorage.getItem("focused");
sessionStorage.removeItem("focused");
if (focused) document.getElementById(focused)?.querySelector("a")?.focus();

function again() {
  const here = document.activeElement?.closest("[id]")?.id;
  if (here) sessionStorage.setItem("focused", here);
  location.reload();
}

// While the page is looked at, it asks what has changed; nobody is interrupted who types or chooses.
async function watch() {
  for (;;) {
    let found;
    try {
      found = await (await fetch(at(`${words.wait}?about=${words.about ?? ""}&seen=${words.seen}`))).json();
    } catch {
      return;
    }
    if (found.ended) return;
    if (!found.changed || !idle()) continue; // what somebody has just chosen says itself what came of it
    const typing = [...document.querySelectorAll("main input:not([type=checkbox])")].some((field) => field.value);
    if (typing || (live && !live.checked)) {
      say(words.newer);
      return;
    }
    again();
    return;
  }
}

document.getElementById("out")?.addEventListener("click", () =>
  once(async () => {
    const done = await post("/console/out", {});
    return done.ok ? location.replace(at(done.to)) : say(done.says, "bad");
  }),
);

document.getElementById("own")?.addEventListener("click", () =>
  once(async () => {
    const done = await post("/console/own", {});
    return done.ok ? location.assign(done.to) : say(done.says, "bad");
  }),
);

const value = (id) => document.getElementById(id)?.value ?? "";

// What is proved with what the button names: a key signs, a code or the number was typed, a tap is the visit's own.
async function answer({ act, way }) {
  const path = `/console/gates/${words.about}`;
  const told = { reason: value("reason"), report: document.getElementById("report")?.checked ?? false };
  if (way !== "key") {
    const typed = { way, asks: words.asks, code: value("code"), number: value("number"), ...told };
    return post(`${path}/${act}`, typed);
  }
  const chosen = { decision: act, key: value("key") };
  const begun = await post(`${path}/begin`, { ...chosen, asks: words.asks });
  if (!begun.ok) return begun;
  const signed = await sign(begun.options);
  if (signed === null) return null;
  return post(`${path}/finish`, { ...chosen, nonce: begun.nonce, answer: signed, ...told });
}

function told(done) {
  if (done === null) return undefined;
  return done.ok ? anew(done.says) : say(done.says, "bad");
}

// Named apart from those of page.js, which looks for its own.
const pages = {
  "console-gate"() {
    for (const button of document.querySelectorAll("button[data-act]")) {
      if (button.dataset.way === "key" && !hasKeys()) button.hidden = true;
      button.addEventListener("click", () => once(async () => told(await answer(button.dataset))));
    }
    // What was typed is sent with Enter, to approve: denying takes its own button.
    for (const way of ["code", "number"]) {
      const send = (event) => (event.key === "Enter" ? document.getElementById(`approve-${way}`)?.click() : undefined);
      document.getElementById(way)?.addEventListener("keydown", send);
    }
    document.getElementById("retract")?.addEventListener("click", () =>
      once(async () => told(await post(`/console/gates/${words.about}/retract`, {}))),
    );
  },
  "console-door"() {
    if (!hasKeys()) {
      document.getElementById("answer").hidden = true;
      return;
    }
    document.getElementById("sign-in").addEventListener("click", () =>
      once(async () => {
        const begun = await post("/console/sign-in/key/begin", {});
        if (!begun.ok) return say(begun.says, "bad");
        const signed = await sign(begun.options);
        if (signed === null) return undefined;
        const done = await post("/console/sign-in/key/finish", { state: begun.state, answer: signed, to: words.to });
        return done.ok ? location.replace(at(done.to)) : say(done.says, "bad");
      }),
    );
  },
};

pages[words.page]?.();
if (words.wait) watch();
