// The phones: each person's code, the seconds left as number and bar, and "Copy code"; beside it that person's key.
import { announce, el, keyed } from "./dom.js";
import { drawKey } from "./key.js";

const STEP = 30;
let ends = 0;

export function showPhones(picture) {
  ends = picture.codes_end;
  const people = [...picture.people].sort((a, b) => (b.id === picture.me) - (a.id === picture.me));
  const items = people.map((one) => ({ name: one.name, mine: one.id === picture.me, code: picture.phones[one.person] ?? "" }));
  const [mine, ...others] = items;
  const key = { kind: "key", me: picture.me, name: mine.name, ...picture.key };
  const first = key.waiting || key.lines.length ? [key, mine] : [mine, key]; // what is asked for stands first
  const shown = [...first, ...others.filter((one) => one.code)];
  keyed(document.getElementById("phones"), shown, (one) => `${one.kind ?? "phone"} ${one.name}`, draw);
  tick();
}

function draw(one) {
  if (one.kind === "key") return drawKey(one);
  return one.mine ? drawMine(one) : drawOther(one);
}

function drawMine(one) {
  return el(
    "article",
    { class: "device" },
    el("h3", {}, one.name),
    one.code
      ? [
          el("p", { class: "app-name" }, "Code for jenkins-mfa"),
          el("p", { class: "code" }, spaced(one.code)),
          el("progress", { class: "bar", max: STEP, value: 0, "aria-hidden": "true" }),
          el("p", { class: "left" }),
          copyButton(one, "Copy code"),
        ]
      : el("p", { class: "app-name" }, "has no code app."),
  );
}

function drawOther(one) {
  return el("article", { class: "other" }, el("h3", {}, one.name), el("p", { class: "code" }, spaced(one.code)), copyButton(one, "Copy"));
}

function copyButton(one, words) {
  const button = el(
    "button",
    {
      type: "button",
      "data-focus": "copy",
      "aria-label": `Copy the code of ${one.name}`,
      onclick: async () => {
        const done = await copy(one.code);
        announce(done ? "Copied" : `The browser does not allow copying. The code is ${spaced(one.code)}`);
        button.textContent = done ? "Copied" : "Not allowed";
        setTimeout(() => (button.textContent = words), 1500);
      },
    },
    words,
  );
  return button;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

const spaced = (code) => `${code.slice(0, 3)} ${code.slice(3)}`;

function tick() {
  const left = Math.max(0, Math.ceil(ends - Date.now() / 1000));
  for (const bar of document.querySelectorAll("#phones .bar")) bar.value = left;
  for (const line of document.querySelectorAll("#phones .left")) line.textContent = `${left} s left`;
  document.getElementById("phones").classList.toggle("ending", left <= 5);
}

setInterval(tick, 1000);
