// Block Kit as the app sent it, drawn as Slack draws it. `context`: names and channels (id -> name), press(block, element, node).
import { el } from "./dom.js";

export function drawBlocks(blocks, context) {
  return blocks.map((block) => (BLOCKS[block.type] ?? unknown)(block, context));
}

const BLOCKS = {
  header: (block) => el("h4", { class: "b-header" }, block.text.text),
  rich_text: (block, context) =>
    el("div", { class: "b-rich" }, block.elements.map((part) => drawRich(part, context))),
  section: (block, context) =>
    el(
      "div",
      { class: "b-section" },
      [block.text, ...(block.fields ?? [])].filter(Boolean).map((text) => el("p", {}, plain(text.text))),
      block.accessory && drawElement(block.accessory, block, context),
    ),
  context: (block) => el("p", { class: "b-context" }, block.elements.map((part) => plain(part.text ?? part.alt_text))),
  divider: () => el("hr"),
  image: (block) => el("p", { class: "b-context" }, block.alt_text),
  actions: (block, context) =>
    el("div", { class: "b-actions" }, block.elements.map((part) => drawElement(part, block, context))),
  input: drawInput,
};

function unknown(block) {
  return el("p", { class: "b-context" }, `(a block of type ${block.type})`);
}

function drawRich(part, context) {
  const inside = () => part.elements.map((piece) => drawInline(piece, context));
  switch (part.type) {
    case "rich_text_preformatted":
      return el("pre", { class: "b-box", tabindex: 0, role: "group", "aria-label": "Words of the Jenkinsfile" }, inside());
    case "rich_text_quote":
      return el("blockquote", { class: "b-quote" }, inside());
    case "rich_text_list": {
      const items = part.elements.map((item) => el("li", {}, item.elements.map((piece) => drawInline(piece, context))));
      return el(part.style === "ordered" ? "ol" : "ul", {}, items);
    }
    default:
      return el("p", { class: "b-words" }, inside());
  }
}

function drawInline(piece, context) {
  const style = piece.style ?? {};
  const tags = { bold: "strong", italic: "em", strike: "s", underline: "u", highlight: "mark", code: "code" };
  let node = INLINE[piece.type]?.(piece, context) ?? document.createTextNode("");
  for (const [name, tag] of Object.entries(tags)) if (style[name]) node = el(tag, {}, node);
  return node;
}

const INLINE = {
  text: (piece) => document.createTextNode(piece.text),
  link: (piece) => el("a", { href: safe(piece.url), target: "_blank", rel: "noreferrer" }, piece.text || piece.url),
  user: (piece, context) => el("span", { class: "mention" }, `@${context.names[piece.user_id] ?? piece.user_id}`),
  usergroup: (piece) => el("span", { class: "mention" }, `@${piece.usergroup_id}`),
  channel: (piece, context) => el("span", { class: "mention" }, `#${context.channels[piece.channel_id] ?? piece.channel_id}`),
  broadcast: (piece) => el("span", { class: "mention" }, `@${piece.range}`),
  emoji: (piece) => document.createTextNode(`:${piece.name}:`),
  date: (piece) => drawDate(piece),
};

/** Links go to http and https only. */
function safe(url) {
  return /^https?:\/\//.test(url) ? url : undefined;
}

/** A date in the reader's own time zone, as Slack's date tokens say. */
function drawDate(piece) {
  const at = new Date(piece.timestamp * 1000);
  const text = piece.format.replace(/\{(\w+)\}/g, (whole, token) => DATES[token.replace("_pretty", "")]?.(at) ?? whole);
  const shown = /_pretty/.test(piece.format) && today(at) ? text.replace(/^\w/, (letter) => letter.toUpperCase()) : text;
  return el("time", { datetime: at.toISOString(), title: piece.fallback ?? at.toISOString() }, shown);
}

const today = (at) => at.toDateString() === new Date().toDateString();
const day = (options) => (at) => (today(at) ? "today" : at.toLocaleDateString([], options));
const DATES = {
  date_num: (at) => at.toISOString().slice(0, 10),
  date_slash: (at) => at.toLocaleDateString(),
  date: day({ year: "numeric", month: "long", day: "numeric" }),
  date_short: day({ year: "numeric", month: "short", day: "numeric" }),
  date_long: day({ weekday: "long", year: "numeric", month: "long", day: "numeric" }),
  day_divider: day({ weekday: "long", month: "long", day: "numeric" }),
  time: (at) => at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" }),
  time_secs: (at) => at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago: (at) => `${Math.max(0, Math.round((Date.now() - at) / 60000))} min ago`,
};

function drawElement(element, block, context) {
  if (element.type !== "button") return drawField(element, block.block_id);
  const look = { primary: "primary", danger: "danger" }[element.style] ?? "";
  if (element.url) return drawLink(element, block, context, look);
  const node = el(
    "button",
    {
      type: "button",
      class: `slack-button ${look}`,
      "aria-label": element.accessibility_label,
      "data-focus": element.action_id,
      onclick: () => context.press(block, element, node),
    },
    element.text.text,
  );
  return node;
}

/** A button that leads somewhere: Slack opens the address, and tells the app that it did. */
function drawLink(element, block, context, look) {
  const press = (event) => context.press(block, element, event.currentTarget);
  const where = { href: safe(element.url), target: "_blank", rel: "noreferrer" };
  const node = { class: `slack-button ${look}`, "data-focus": element.action_id, onclick: press };
  return el("a", { ...where, ...node }, element.text.text);
}

/** An input block of a modal: label outside the field, hint under it, the error in words at the field. */
function drawInput(block) {
  const id = `field-${block.block_id}`;
  const choice = block.element.type !== "plain_text_input" && block.element.type !== "static_select";
  const notes = [block.hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  const field = drawField(block.element, block.block_id, { id, "aria-describedby": notes, required: !block.optional });
  const label = [block.label.text, block.optional ? el("small", {}, " (optional)") : ""];
  return el(
    choice ? "fieldset" : "div",
    { class: "b-input", "data-block": block.block_id },
    choice ? el("legend", {}, label) : el("label", { for: id }, label),
    field,
    el("p", { class: "field-error", id: `${id}-error`, role: "alert" }),
    block.hint && el("p", { class: "field-hint", id: `${id}-hint` }, block.hint.text),
  );
}

function drawField(element, name, props = {}) {
  const common = { name, "data-focus": name, "data-first": element.focus_on_load === true };
  switch (element.type) {
    case "plain_text_input":
      return el(element.multiline ? "textarea" : "input", {
        ...common,
        ...props,
        required: false, // Slack says by itself what is missing
        "aria-required": props.required,
        value: element.multiline ? undefined : element.initial_value,
        placeholder: element.placeholder?.text,
        maxlength: element.max_length,
        autocomplete: "off",
        spellcheck: "false",
      });
    case "static_select":
      return el("select", { ...common, ...props }, element.options.map((one) => el("option", { value: one.value }, one.text.text)));
    default:
      return el("div", { "aria-describedby": props["aria-describedby"] }, element.options.map((one) => drawOption(element, one, common)));
  }
}

function drawOption(element, option, common) {
  const chosen = [...(element.initial_options ?? []), element.initial_option].some((one) => one?.value === option.value);
  return el(
    "label",
    { class: "b-option" },
    el("input", { ...common, type: element.type === "checkboxes" ? "checkbox" : "radio", value: option.value, checked: chosen }),
    el("span", {}, option.text.text, option.description && el("small", {}, option.description.text)),
  );
}

/** A message's `text`, shown where there are no blocks: dates as their fallback, mentions as names, entities read back. */
export function plain(text = "", names = {}) {
  const dated = text.replace(/<!date\^[^|>]*\|([^>]*)>/g, "$1");
  const named = dated.replace(/<@(\w+)>/g, (whole, user) => `@${names[user] ?? user}`);
  return named.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
