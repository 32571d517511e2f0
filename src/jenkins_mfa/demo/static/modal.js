// Dialogs inside the Slack pane: the app's modals and the confirm dialog of a button. The phone stays usable beside them.
import { act, announce, el } from "./dom.js";
import { drawBlocks } from "./blocks.js";

const overlay = document.getElementById("overlay");
let shown = "";
let returnTo = null;

/** Show the modal in front of this person, or none. */
export function showViews(views, context) {
  const view = views.at(-1);
  const key = view ? `${context.me} ${view.id} ${view.hash}` : "";
  if (key === shown) return;
  const asked = shown === "confirm";
  if (asked && !view) return;
  shown = key;
  if (view) open(drawView(view, context), () => close(context));
  else hide();
}

/** Slack's confirm dialog; resolves to true if the person goes on. */
export function confirmed(dialog) {
  return new Promise((resolve) => {
    const answer = (goes) => {
      shown = "";
      hide();
      resolve(goes);
    };
    shown = "confirm";
    const yes = el("button", { type: "submit", class: "slack-button primary", "data-first": true }, dialog.confirm.text);
    const no = el("button", { type: "button", class: "slack-button", onclick: () => answer(false) }, dialog.deny.text);
    const form = el(
      "form",
      { class: "modal small", role: "dialog", "aria-labelledby": "modal-title", novalidate: true },
      el("h3", { id: "modal-title" }, dialog.title.text),
      el("div", { class: "modal-body" }, el("p", {}, dialog.text.text)),
      el("div", { class: "modal-foot" }, no, yes),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer(true);
    });
    open(form, () => answer(false));
  });
}

function open(dialog, leave) {
  if (overlay.hidden) returnTo = document.activeElement;
  overlay.replaceChildren(dialog);
  overlay.hidden = false;
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
  });
  (dialog.querySelector("[data-first]") ?? dialog.querySelector("input, textarea, button")).focus();
  announce(dialog.querySelector("h3").textContent);
}

function hide() {
  overlay.hidden = true;
  overlay.replaceChildren();
  if (returnTo?.isConnected) returnTo.focus({ preventScroll: true });
  else document.getElementById("messages").focus({ preventScroll: true });
}

async function close(context) {
  const { error } = await act("close", { as: context.me });
  if (error) context.tell(error);
}

function drawView(view, context) {
  const submit = view.submit && el("button", { type: "submit", class: "slack-button primary" }, view.submit.text);
  const back = el(
    "button",
    { type: "button", class: "slack-button", onclick: () => close(context), "data-first": !submit },
    view.close?.text ?? "Cancel",
  );
  const form = el(
    "form",
    { class: "modal", role: "dialog", "aria-labelledby": "modal-title", novalidate: true, autocomplete: "off" },
    el("div", { class: "modal-head" }, el("h3", { id: "modal-title" }, view.title.text), el("span", {}, "jenkins-mfa")),
    el("div", { class: "modal-body" }, drawBlocks(view.blocks, context)),
    el("div", { class: "modal-foot" }, back, submit),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, view, context, submit);
  });
  return form;
}

async function send(form, view, context, button) {
  button.disabled = true;
  const values = Object.fromEntries(
    view.blocks.filter((block) => block.type === "input").map((block) => [block.block_id, typed(form, block)]),
  );
  const { errors = {}, error } = await act("submit", { as: context.me, view: view.id, values });
  button.disabled = false;
  if (error) context.tell(error);
  for (const box of form.querySelectorAll("[data-block]")) {
    const text = errors[box.dataset.block] ?? "";
    box.querySelector(".field-error").textContent = text;
    const field = box.querySelector("input, textarea, select");
    field.toggleAttribute("aria-invalid", Boolean(text));
    if (text) field.focus();
    if (text) field.select?.();
  }
}

function typed(form, block) {
  const fields = [...form.elements].filter((field) => field.name === block.block_id);
  if (block.element.type !== "checkboxes") return (fields.find((field) => field.type !== "radio" || field.checked) ?? fields[0]).value;
  return fields.filter((field) => field.checked).map((field) => field.value);
}
