// The Slack pane: App Home, places, messages with their threads, private answers, the /mfa field.
import { act, announce, clock, el, keyed } from "./dom.js";
import { drawBlocks, plain } from "./blocks.js";
import { confirmed, showViews } from "./modal.js";

const APP = "U0MFA";
const HOME = "home"; // a place that is no channel: one's own page
const list = document.getElementById("messages");
const seen = new Map(); // "person channel" -> ts of the newest message that was looked at
const dismissed = new Set(); // ts of private answers
let place = "";
let now = null; // the last picture

/** Draw a new picture; `first` is the first one for this person. */
export function showSlack(picture, first) {
  const known = new Set(now?.me === picture.me ? now.slack.messages.map((message) => message.ts) : []);
  now = picture;
  const { channels, messages } = picture.slack;
  if (place !== HOME && !channels.some((one) => one.id === place)) place = channels[0]?.id ?? "";
  if (first && place === HOME) act("home", { as: now.me });
  if (first) channels.forEach((one) => look(one.id));
  else for (const message of messages) if (!known.has(message.ts)) tellNew(message);
  draw();
}

function draw() {
  look(place);
  drawPlaces();
  drawMessages();
  showViews(now.slack.views, context());
}

function context() {
  const channels = Object.fromEntries(now.slack.channels.map((one) => [one.id, one.name]));
  return { me: now.me, names: now.slack.names, channels, tell, press: () => {} };
}

/** A sentence of Slack itself, at the place where one types. */
function tell(text) {
  const line = document.getElementById("slack-error");
  line.textContent = text;
  line.hidden = !text;
}

function look(channel) {
  const newest = now.slack.messages.filter((message) => message.channel === channel).at(-1);
  if (newest) seen.set(`${now.me} ${channel}`, newest.ts);
}

function unread(channel) {
  const last = seen.get(`${now.me} ${channel}`) ?? "";
  return now.slack.messages.filter((message) => message.channel === channel && message.ts > last).length;
}

function nameOf(one) {
  if (one.kind === HOME) return "jenkins-mfa, Home";
  return one.kind === "im" ? "jenkins-mfa" : `#${one.name}`;
}

function tellNew(message) {
  const where = now.slack.channels.find((one) => one.id === message.channel);
  const what = message.blocks.find((block) => block.type === "header")?.text.text ?? plain(message.text, now.slack.names).split("\n")[0];
  announce(`${message.private ? "Only for you" : `New in ${where ? nameOf(where) : "Slack"}`}: ${what}`);
}

function places() {
  return [...now.slack.channels, { id: HOME, name: "Home", kind: HOME }];
}

function drawPlaces() {
  const items = places().map((one) => ({ ...one, unread: unread(one.id), open: one.id === place }));
  keyed(document.getElementById("places"), items, (one) => one.id, (one) =>
    el(
      "button",
      {
        type: "button",
        class: "place",
        "aria-current": one.open ? "page" : undefined,
        "data-focus": "place",
        onclick: () => {
          place = one.id;
          tell("");
          if (place === HOME) act("home", { as: now.me });
          draw();
          showNewest();
        },
      },
      el("span", { class: ["im", HOME].includes(one.kind) ? "dot" : "hash", "aria-hidden": "true" }, ["im", HOME].includes(one.kind) ? "" : "#"),
      el("span", {}, one.kind === "im" ? "jenkins-mfa" : one.name),
      one.unread ? el("span", { class: "badge" }, String(one.unread), el("span", { class: "unseen" }, " new")) : "",
    ),
  );
  const open = places().find((one) => one.id === place);
  document.getElementById("place-name").textContent = open ? nameOf(open) : "";
}

function drawMessages() {
  if (place === HOME) {
    const page = { ts: "home", home: now.slack.home?.blocks ?? [] };
    keyed(list, [page], (one) => one.ts, drawMessage);
    return;
  }
  const here = now.slack.messages.filter((message) => message.channel === place && !dismissed.has(message.ts));
  const tops = here.filter((message) => !message.thread || message.private);
  const items = tops.map((message) => ({
    ...message,
    replies: here.filter((reply) => reply.thread === message.ts && !reply.private),
  }));
  const empty = { ts: "empty", empty: true };
  const reading = list.lastElementChild && list.scrollTop + list.clientHeight < list.lastElementChild.offsetTop;
  const fresh = keyed(list, items.length ? items : [empty], (message) => message.ts, drawMessage);
  if (fresh.length && !reading) showNewest();
  for (const { node, before } of fresh) if (before) node.classList.add("changed");
}

/** To the end, but never past the beginning of the newest message: what is asked is read from its first line on. */
export function showNewest() {
  if (list.lastElementChild) list.scrollTop = Math.min(list.scrollHeight, list.lastElementChild.offsetTop);
}

function drawMessage(message) {
  if (message.home) return el("article", { class: "message" }, drawBlocks(message.home, { ...context(), press: pressedHome }));
  if (message.empty) return el("p", { class: "empty" }, "No messages yet: start a build.");
  const answer = message.replies.length;
  return el(
    "article",
    { class: message.private ? "message private" : "message" },
    message.private && drawPrivate(message),
    drawOne(message),
    answer > 0 &&
      el(
        "details",
        { class: "thread", open: true },
        el("summary", {}, `${answer} ${answer === 1 ? "reply" : "replies"}`),
        message.replies.map(drawOne),
      ),
  );
}

function drawPrivate(message) {
  const drop = () => {
    dismissed.add(message.ts);
    draw();
  };
  return el(
    "p",
    { class: "only-you" },
    "Only visible to you ",
    el("button", { type: "button", class: "plain", onclick: drop }, "Dismiss"),
  );
}

function drawOne(message) {
  const name = now.slack.names[message.user] ?? message.user;
  const press = (block, element, node) => pressed(message, element, node);
  const body = message.blocks.length ? drawBlocks(message.blocks, { ...context(), press }) : el("p", { class: "b-words" }, plain(message.text, now.slack.names));
  return el(
    "div",
    { class: "one" },
    el("span", { class: message.user === APP ? "avatar app" : "avatar", "aria-hidden": "true" }, message.user === APP ? "" : name[0]),
    el(
      "div",
      { class: "words" },
      el(
        "p",
        { class: "by" },
        el("strong", {}, name),
        message.user === APP && el("span", { class: "tag" }, "App"),
        clock(Number(message.ts)),
        message.edits > 0 && el("span", { class: "edited" }, "edited"),
      ),
      body,
    ),
  );
}

async function pressedHome(block, element, node) {
  tell("");
  if (node.ariaDisabled) return;
  node.ariaDisabled = "true";
  const { error } = await act("press_home", { as: now.me, action: element.action_id, value: element.value });
  node.ariaDisabled = null;
  if (error) tell(error);
}

async function pressed(message, element, node) {
  tell("");
  if (node.ariaDisabled || (element.confirm && !(await confirmed(element.confirm)))) return;
  node.ariaDisabled = "true"; // not `disabled`, which would take the keyboard away from it
  const body = { as: now.me, channel: message.channel, ts: message.ts, action: element.action_id, value: element.value };
  const { error } = await act("press", { ...body, confirmed: Boolean(element.confirm) });
  node.ariaDisabled = null;
  if (error) tell(error);
}

document.getElementById("command").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = document.getElementById("command-text");
  tell("");
  const text = field.value;
  const channel = place === HOME ? now.slack.channels[0].id : place;
  const { error } = await act("slash", { as: now.me, channel, text });
  if (error) tell(error);
  else if (field.value === text) field.value = "";
  showNewest();
});
