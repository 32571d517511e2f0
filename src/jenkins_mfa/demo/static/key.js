// The simulated security key: the page that Slack's button leads to, as its browser shows it, and the key's touch.
import { act, announce, el } from "./dom.js";

const reasons = new Map(); // person -> what was typed as the reason of a denial

export function drawKey(one) {
  const open = one.lines.length > 0;
  return el(
    "article",
    { class: open ? "key open" : "key" },
    title(one),
    one.waiting && waiting(one),
    !open && !one.waiting && el("p", { class: "dim" }, one.enrolled ? "Waits for a page that asks for it." : "This key is not enrolled."),
    open && el("div", { class: "sheet", tabindex: 0, "data-focus": "sheet", role: "group", "aria-label": "The agent's page" }, lines(one.lines)),
    one.choices.includes("approve") && button(one, "approve", "Touch the key to approve", "first"),
    one.choices.includes("deny") && denial(one),
    one.choices.includes("scan") && button(one, "scan", "Scan with the phone, type a code", "first"),
    one.choices.includes("sign") && button(one, "sign", "Touch the key to do it", "first"),
    one.choices.includes("register") && button(one, "register", "Touch the key to enrol it", "first"),
    one.says && el("p", { class: one.right ? "key-says" : "key-says bad", role: "status" }, one.says),
    open && button(one, "leave", "Close the page", "plain-key"),
    !open && !one.waiting && !one.complete && [
      el("p", { class: "dim" }, "An operator's terminal: ", el("code", {}, `enroll ticket ${one.person}`)),
      button(one, "invite", "Get an address to enrol", ""),
    ],
  );
}

function waiting(one) {
  const where = { href: one.invited, target: "_blank", rel: "noreferrer" };
  const said = one.invited
    ? ["You were handed an address, outside Slack, that opens once: here, or ", el("a", where, "in a tab of this browser"), "."]
    : "Slack has given you an address that opens once: here, or in this browser with its button.";
  return [el("p", {}, said), button(one, "look", "Open it here", "first")];
}

const title = (one) => el("h3", {}, el("span", { class: "key-mark", "aria-hidden": "true" }), `Security key of ${one.name}`);

/** What a person reads there, as the agent has written it: never as markup. */
function lines(found) {
  return found.map(([tag, text]) => el({ h1: "h4", h2: "h5", li: "p", p: "p", pre: "pre" }[tag] ?? "p", {}, text));
}

function denial(one) {
  const field = el("input", {
    id: "key-reason",
    "data-focus": "reason",
    value: reasons.get(one.me) ?? "",
    maxlength: 250,
    autocomplete: "off",
    oninput: (event) => reasons.set(one.me, event.currentTarget.value),
  });
  const label = el("label", { for: "key-reason" }, "Reason, to deny");
  return el("div", { class: "key-deny" }, label, field, button(one, "deny", "Touch the key to deny", "bad"));
}

function button(one, verb, words, look) {
  const press = async (event) => {
    const node = event.currentTarget;
    if (node.ariaDisabled) return;
    node.ariaDisabled = "true"; // not `disabled`, which would take the keyboard away from it
    const { error } = await act(verb, { as: one.me, reason: reasons.get(one.me) ?? "" });
    node.ariaDisabled = null;
    if (error) announce(error);
  };
  return el("button", { type: "button", class: look, "data-focus": verb, onclick: press }, words);
}
