// Small helpers. Everything foreign enters the page as text; nothing is ever parsed as HTML.

/** An element. `props`: attributes; `on…` are listeners; false and undefined are left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) node.setAttribute(name, String(value));
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

/** Show `items` in `parent`: a node stays as it is as long as its item says the same. Returns the new and changed. */
export function keyed(parent, items, key, draw) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const fresh = [];
  const nodes = items.map((item) => {
    const name = key(item);
    const says = JSON.stringify(item);
    const before = old.get(name);
    if (before && before.says === says) return before;
    const node = draw(item, before);
    node.dataset.key = name;
    node.says = says;
    fresh.push({ node, item, before });
    return node;
  });
  const active = document.activeElement;
  const focused = active !== parent && parent.contains(active) ? focusPath(parent) : null;
  // Old nodes go first: a node that is moved would lose its scroll position.
  for (const node of old.values()) if (!nodes.includes(node)) node.remove();
  nodes.forEach((node, at) => {
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null);
  });
  if (focused) refocus(parent, focused);
  return fresh;
}

function focusPath(parent) {
  let node = document.activeElement;
  const id = node.dataset.focus;
  while (node.parentElement !== parent) node = node.parentElement;
  return { id, key: node.dataset.key, inner: document.activeElement };
}

/** Keep the keyboard where it was: at the same control, or at the thing that held it. */
function refocus(parent, { id, key, inner }) {
  if (inner.isConnected) {
    if (document.activeElement !== inner) inner.focus({ preventScroll: true });
    return;
  }
  const holder = [...parent.children].find((node) => node.dataset.key === key);
  const same = id && holder && [...holder.querySelectorAll("[data-focus]")].find((node) => node.dataset.focus === id);
  const next = same || holder;
  if (!next) return;
  if (!same) next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

/** A short local time, with the date and zone in its title. */
export function clock(seconds) {
  const at = new Date(seconds * 1000);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return el("time", { datetime: at.toISOString(), title: at.toLocaleString() }, time);
}

/** Do one action; returns what the server answers, always with `error` where it went wrong. */
export async function act(verb, body) {
  try {
    const answer = await fetch(`/act/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return await answer.json();
  } catch {
    return { error: "The demo did not answer." };
  }
}

/** Say something to screen readers. */
export function announce(text) {
  document.getElementById("live").textContent = text;
}
