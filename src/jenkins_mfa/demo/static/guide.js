// First-run hints, one at a time, and the same as a list under "What can I try".
import { el } from "./dom.js";

const STEPS = [
  "Start deploy-prod in Jenkins.",
  "You are Alice Wu. Read the message, then tap Approve with code.",
  "The code is on the phone.",
  "See the build go on, and who approved.",
];
const MORE = [
  ["Deny one", "start deploy-prod, tap Deny and say why: the build is aborted, with your reason."],
  ["Ask two teams", "start rotate-secrets: two people confirm, one of them Bob or Carol of security, in any order."],
  ["Match a number", "start migrate-database: its log shows six digits; type them in Slack's form. Three wrong ones, and somebody else must."],
  ["Touch a security key", "start apply-network, be Bob Ray and tap Approve with key: a private button opens the agent's page; open it beside the phone, read it, touch the key."],
  ["Enrol a phone and a key", "be Eve Lin, get an address beside the phone and open it; say yes in Slack's direct message; scan, or touch the key."],
  ["Invite somebody", "be Carol Diaz, the administrator, and type /mfa invite eve: open the page beside the phone, touch the key; then be Eve Lin, who was handed the address."],
  ["Lose a phone", "approve rotate-secrets as Carol, then type /mfa lost: her confirmation is gone, and her code counts no more."],
  ["Take a confirmation back", "start rotate-secrets, approve it as Bob, then tap “Take it back” in the private answer."],
  ["Break the glass", "start deploy-prod, type /mfa break-glass, its id and why: Alice, Bob and Carol decide, somebody else reviews it."],
  ["Change a watched variable", "start deploy-staging, approve it; start it again with other REPLICAS: security is asked, too, and sees old and new."],
  ["Let the policy pass one", "start clear-cache: nobody is asked, and the receipt says so."],
  ["Let one expire", "start deploy-late and answer nothing: it waits 3 seconds."],
  ["Press Proceed as admin", "start deploy-prod and do not go to Slack: the body does not run, the build ends, and #ops is told."],
  ["Use a code twice", "start two builds and type the same code in both."],
  ["Approve your own build as Dan Fox", "who starts a build does not confirm it."],
  ["Ask what waits, and why", "type /mfa pending in Slack, then /mfa why and the id."],
];
const hint = document.getElementById("hint");
let at = 0; // the step that is shown; STEPS.length: none any more
let shown = -1;

/** Move on with what has happened. */
export function showGuide(picture) {
  const builds = picture.jenkins.jobs.find((job) => job.name === "deploy-prod")?.builds ?? [];
  const form = picture.slack.views.some((view) => view.callback_id === "gate_totp");
  const ended = builds.some((build) => build.ended !== null);
  const reached = ended ? 3 : form ? 2 : builds.length ? 1 : 0;
  if (at < STEPS.length) at = Math.max(at, reached);
  if (at !== shown) draw();
}

function draw() {
  shown = at;
  hint.hidden = at >= STEPS.length;
  const last = at === STEPS.length - 1;
  const done = () => {
    at = STEPS.length;
    draw();
    if (last) document.getElementById("try").open = true;
  };
  hint.replaceChildren(
    el("span", { class: "step" }, `${at + 1} of ${STEPS.length}`),
    el("p", { role: "status" }, STEPS[at] ?? ""),
    el("button", { type: "button", onclick: done }, last ? "What else" : "Hide hints"),
  );
  document.querySelector(".try-list").replaceChildren(
    el("ol", {}, STEPS.map((text, index) => el("li", { class: index < at ? "done" : "" }, text))),
    el("p", {}, "Then:"),
    el("ul", {}, MORE.map(([what, how]) => el("li", {}, el("strong", {}, what), `: ${how}`))),
  );
}

document.addEventListener("keydown", (event) => {
  const menu = document.getElementById("try");
  if (event.key !== "Escape" || !menu.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  const menu = document.getElementById("try");
  const path = event.composedPath(); // as it was: the hint's button is gone by now
  if (menu.open && !path.includes(menu) && !path.includes(hint)) menu.open = false;
});
