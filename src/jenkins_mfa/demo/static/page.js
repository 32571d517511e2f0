// One stream of pictures in; each is drawn whole, and only what changed is touched.
import { announce, el } from "./dom.js";
import { showGuide } from "./guide.js";
import { showEnds, showJenkins } from "./jenkins.js";
import { showPhones } from "./phone.js";
import { showNewest, showSlack } from "./slack.js";

const menu = document.getElementById("me");
const lost = document.getElementById("lost");
let stream = null;

function listen(me) {
  stream?.close();
  let first = true;
  stream = new EventSource(`/events?as=${encodeURIComponent(me)}`);
  stream.addEventListener("message", (event) => {
    lost.hidden = true;
    show(JSON.parse(event.data), first);
    first = false;
  });
  // A browser tries again by itself; until it succeeds, what is shown is old.
  stream.addEventListener("error", () => (lost.hidden = false));
}

function show(picture, first) {
  if (!menu.options.length) {
    menu.append(...picture.people.map((one) => el("option", { value: one.id }, `${one.name} (${one.role})`)));
  }
  document.body.classList.toggle("slack-alone", !picture.jenkins.jobs.length); // beside a real Jenkins
  menu.value = picture.me;
  document.getElementById("console").href = picture.console;
  const agent = document.getElementById("agent");
  agent.textContent = picture.slack.connected ? "Agent connected" : "Agent not connected";
  agent.classList.toggle("off", !picture.slack.connected);
  showJenkins(picture, first);
  showSlack(picture, first);
  showPhones(picture);
  showGuide(picture);
}

menu.addEventListener("change", () => {
  announce(`You are ${menu.selectedOptions[0].textContent}`);
  listen(menu.value);
});

const tabs = [...document.querySelectorAll("[role=tab]")];
function choose(tab) {
  document.body.dataset.pane = tab.getAttribute("aria-controls");
  for (const one of tabs) {
    one.setAttribute("aria-selected", String(one === tab));
    one.tabIndex = one === tab ? 0 : -1;
  }
  showEnds();
  showNewest();
}
for (const [index, tab] of tabs.entries()) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(index + step + tabs.length) % tabs.length];
    choose(next);
    next.focus();
  });
}
choose(tabs[0]);
listen("U0ALICE");
