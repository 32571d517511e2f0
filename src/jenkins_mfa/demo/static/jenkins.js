// The Jenkins pane: jobs with Start, builds, the paused step with Proceed and Abort as an administrator, the console.
import { act, announce, clock, el, keyed } from "./dom.js";

const opened = new Map(); // "job#1" -> whether the reader opened or closed it
const told = new Map(); // "job#1" -> the state last told to screen readers
let me = "";

export function showJenkins(picture, first) {
  me = picture.me;
  const { jobs } = picture.jenkins;
  const pane = document.getElementById("jobs");
  keyed(pane, jobs.map(({ name, parameters }) => ({ name, parameters })), (job) => job.name, drawJob);
  jobs.forEach((job, at) => {
    const items = job.builds.map((build, index) => ({ ...build, job: job.name, newest: index === 0 }));
    const list = pane.children[at].querySelector(".builds");
    if (items.length) keyed(list, items, (build) => `${build.number}`, drawBuild);
    else keyed(list, [{ empty: true }], () => "empty", () => el("p", { class: "empty" }, "No builds yet."));
    items.forEach((build) => tellState(build, first));
  });
  showEnds();
}

/** New console logs are read from their end; in a hidden pane nothing scrolls, so it is asked for again. */
export function showEnds() {
  for (const log of document.querySelectorAll(".console.new")) {
    if (!log.clientHeight) continue;
    log.scrollTop = log.scrollHeight;
    log.classList.remove("new");
  }
}

function drawJob(job) {
  const form = el(
    "form",
    { class: "start", autocomplete: "off" },
    job.parameters.map((parameter) =>
      el(
        "label",
        {},
        parameter.name,
        el("input", { name: parameter.name, value: parameter.value, title: parameter.description, size: 8, maxlength: 200 }),
      ),
    ),
    el("button", { type: "submit", class: "go" }, "Start", el("span", { class: "unseen" }, ` ${job.name} as Dan Fox`)),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    run(form, act("start", { as: me, job: job.name, values }));
  });
  return el(
    "article",
    { class: "job" },
    el("div", { class: "job-head" }, el("h3", {}, job.name), form),
    el("p", { class: "action-error", role: "alert", hidden: true }),
    el("div", { class: "builds" }),
  );
}

async function run(near, action) {
  const job = near.closest(".job");
  const line = job.querySelector(".action-error");
  const { error } = await action;
  line.textContent = error ?? "";
  const pane = job.parentElement;
  const top = job.offsetTop - 12;
  if (top < pane.scrollTop || top > pane.scrollTop + pane.clientHeight / 2) pane.scrollTop = top;
  line.hidden = !error;
}

const WORDS = { SUCCESS: "Success", ABORTED: "Aborted", FAILURE: "Failure", UNSTABLE: "Unstable", NOT_BUILT: "Not built" };

function stateOf(build) {
  if (build.ended !== null) return { name: build.result.toLowerCase(), word: WORDS[build.result] };
  return build.inputs.length ? { name: "paused", word: "Paused" } : { name: "running", word: "Running" };
}

function tellState(build, first) {
  const key = `${build.job}#${build.number}`;
  const { word } = stateOf(build);
  if (!first && told.get(key) !== word) announce(`${build.job} #${build.number}: ${word}`);
  told.set(key, word);
}

/** A build is a details element whose parts change one by one, so that the reader's place is kept. */
function drawBuild(build, before) {
  const node = before ?? el("details", { class: "build" });
  const key = `${build.job}#${build.number}`;
  node.open = opened.get(key) ?? build.newest;
  const { started, ended, result, causes, description, inputs } = build;
  const parts = [
    { part: "head", key, number: build.number, started, ended, result, description, inputs: inputs.map(() => 0) },
    ...inputs.map((input) => ({ part: `input ${input.id}`, build: { job: build.job, number: build.number }, input })),
    { part: "console", key, causes, console: build.console },
  ];
  keyed(node, parts, ({ part }) => part, drawPart);
  return node;
}

function drawPart(item) {
  if (item.part === "head") return drawHead(item);
  return item.part === "console" ? drawConsole(item) : drawInput(item);
}

function drawHead(build) {
  const state = stateOf(build);
  const toggle = (event) => opened.set(build.key, !event.currentTarget.parentElement.open);
  return el(
    "summary",
    { onclick: toggle, "data-focus": "head" },
    el("span", { class: `ball ${state.name}`, "aria-hidden": "true" }),
    el("span", { class: "number" }, `#${build.number}`),
    el("span", { class: `result ${state.name}` }, state.word),
    clock(build.started),
    build.description && el("span", { class: "description" }, build.description),
  );
}

function drawInput({ build, input }) {
  const settle = (verb) => (event) =>
    run(event.currentTarget, act(verb, { as: me, job: build.job, number: build.number, input: input.id }));
  return el(
    "div",
    { class: "input" },
    el("h4", {}, "Paused for input"),
    el("p", {}, input.message),
    input.parameters.filter((one) => one.value).map((one) =>
      el(
        "details",
        { class: "parameter" },
        el("summary", {}, one.name),
        el("p", {}, one.description),
        el("pre", { tabindex: 0, role: "group", "aria-label": one.name }, pretty(one.value)),
      ),
    ),
    el(
      "div",
      { class: "answers" },
      el("button", { type: "button", "data-focus": "proceed", onclick: settle("proceed") }, "Proceed as admin"),
      el("button", { type: "button", "data-focus": "abort", onclick: settle("abort") }, "Abort as admin"),
      el("small", {}, `In Jenkins, Proceed reads “${input.ok}”.`),
    ),
  );
}

/** The request with line breaks, for reading; what is not JSON stays as it is. */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 1);
  } catch {
    return text;
  }
}

function drawConsole(build) {
  const lines = build.console.map((line) => el("span", { class: kind(line) }, `${line}\n`));
  return el("pre", { class: "console new", tabindex: 0, role: "group", "aria-label": `Console log of ${build.key}` }, lines);
}

function kind(line) {
  if (line.startsWith("[mfaGate]")) return /Not approved|Aborted|stopped|No answer/.test(line) ? "gate bad" : "gate";
  if (line.startsWith("[Pipeline]")) return "step";
  return line.startsWith("+ ") ? "shell" : line.startsWith("Finished: ") ? "end" : "";
}
