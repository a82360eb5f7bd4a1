// The chat page: what comes in is shown, what is typed or pressed goes out.

import { installed } from "./app.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Filter } from "./filter.js";
import { dayOf, dividerElement, messageElement } from "./messages.js";
import { Notices } from "./notices.js";
import { Ring } from "./ring.js";
import { Ringer } from "./ringer.js";
import { counted, sentence } from "./sentences.js";

const NEAR_END = 80;
const KEPT = 500;
const TOAST_LIFE = 4500;

const byId = (id) => document.getElementById(id);
const scroller = byId("scroller");
const list = byId("messages");
const newer = byId("newer");

/** By id, and our own unsent ones by nonce: { message, element }. */
const shown = new Map();
const unsent = new Map();
const pressed = new Set();

const ringer = new Ringer(byId("sound"));
const notices = new Notices(byId("notices"), toast);
const composer = new Composer(say, (text) => connection.send({ type: "begin", text }));
const filter = byId("filter") && new Filter(byId("sift"), byId("filter"), byId("nothing"), () => [...shown.values()]);
const address = new URL(document.body.dataset.socket, location);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const connection = new Connection(address, { frame: take, state: showState });

let atEnd = true;
let unseen = 0;
let greeted = false;

// --- what comes in ---------------------------------------------------------------------------

function take(frame) {
  switch (frame.type) {
    case "hello":
      return welcome(frame);
    case "message":
      put(frame.message);
      return arrived(frame.message);
    case "edit":
      return put(frame.message);
    case "typing":
      return showTyping(frame.on);
    case "commands":
      composer.commands = frame.commands;
      return;
    case "toast":
      return toast(frame.text);
    case "answered":
      return release(frame);
    case "lines":
      return composer.offer(frame);
  }
}

function welcome({ commands, messages, typing }) {
  composer.commands = commands;
  const missed = greeted ? messages.filter(({ id }) => !shown.has(id)) : [];
  messages.forEach(put);
  missed.forEach(arrived);
  showTyping(typing);
  for (const message of unsent.values()) deliver(message);
  if (!greeted) {
    scrollToEnd();
    showNamed();
  }
  greeted = true;
  byId("empty").hidden = list.children.length > 0;
}

/** The alert that the page's address names, as that of a notification does. */
function showNamed() {
  const named = [...shown.values()].find(({ message }) => message.card?.reference === location.hash.slice(1));
  if (!location.hash || !named) return;
  atEnd = false;
  named.element.scrollIntoView({ block: "center" });
  named.element.focus({ preventScroll: true });
}

/** Show a message, in the place of what it replaces. */
function put(message) {
  const old = shown.get(message.id) ?? shown.get(message.nonce);
  if (old && JSON.stringify(old.message) === JSON.stringify(message)) return;
  const made = messageElement(message);
  if (message.nonce) {
    unsent.delete(message.nonce);
    shown.delete(message.nonce);
  }
  shown.set(message.id, { message, element: made });
  filter?.sift({ message, element: made });
  if (old) {
    replace(old.element, made);
  } else {
    const day = dayOf(message.at);
    if (list.dataset.day !== day) list.append(dividerElement(day));
    list.dataset.day = day;
    list.append(made);
    prune();
  }
  if (byId("empty").contains(document.activeElement)) byId("say").focus();
  byId("empty").hidden = true;
  if (atEnd) scrollToEnd();
}

/** The focus stays where it was: on the same button, or else on the message. */
function replace(old, made) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(made);
  if (!focused) return;
  const { action } = focused.dataset;
  const same = action && made.querySelector(`[data-action="${CSS.escape(action)}"]`);
  (same || made).focus({ preventScroll: true });
}

/** A page that stays open for weeks must not grow for weeks. */
function prune() {
  while (list.children.length > KEPT) {
    shown.delete(list.firstElementChild.dataset.message);
    list.firstElementChild.remove();
  }
}

function arrived({ id, mine, card }) {
  if (mine) return;
  const { element } = shown.get(id);
  element.classList.add(card.silent ? "silent" : "loud");
  if (!card.silent) {
    ringer.ring(card.severity);
    notices.tell({ id, card });
  }
  if (!atEnd || document.hidden) {
    unseen += 1;
    showUnseen();
  }
}

function release({ message, action, nonce, refused }) {
  if (nonce) {
    if (refused && unsent.has(nonce)) redraw({ ...unsent.get(nonce), sending: false, failed: true });
    return;
  }
  pressed.delete(action);
  const key = shown.get(message)?.element.querySelector(`[data-action="${CSS.escape(action)}"]`);
  if (key) setBusy(key, false);
}

// --- what goes out ---------------------------------------------------------------------------

function say(text) {
  const nonce = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const message = { id: nonce, nonce, mine: true, text, at: new Date().toISOString(), sending: true };
  atEnd = true;
  put(message);
  deliver(message);
}

/** Kept until the server shows it back; sent again, under the same nonce, after a lost connection. */
function deliver(message) {
  const waiting = { ...message, sending: true, failed: false };
  redraw(waiting);
  const waited = Math.max(0, (Date.now() - Date.parse(message.at)) / 1000);
  connection.send({ type: "say", nonce: message.nonce, text: message.text, waited });
}

function redraw(message) {
  put(message);
  unsent.set(message.nonce, message);
}

function press(key) {
  const { action } = key.dataset;
  const { message } = key.closest("[data-message]").dataset;
  if (pressed.has(action)) return;
  if (!connection.send({ type: "press", message, action })) {
    return toast(sentence("not_pressed"));
  }
  pressed.add(action);
  setBusy(key, true);
}

// --- how it looks ----------------------------------------------------------------------------

function showState(state) {
  document.body.dataset.connection = state;
  byId("state").textContent = sentence(state);
  if (state !== "offline") return;
  showTyping(false);
  if (pressed.size) toast(sentence("connection_lost"));
  pressed.clear();
  for (const key of list.querySelectorAll("[aria-busy]")) setBusy(key, false);
}

function showTyping(on) {
  byId("typing").hidden = !on;
  if (document.body.dataset.connection === "online") byId("state").textContent = sentence(on ? "typing" : "online");
  if (on && atEnd) scrollToEnd();
}

function setBusy(key, busy) {
  // Not `disabled`: that would take the focus away.
  for (const name of ["aria-disabled", "aria-busy"]) {
    if (busy) key.setAttribute(name, "true");
    else key.removeAttribute(name);
  }
}

function showUnseen() {
  newer.hidden = atEnd || unseen === 0;
  newer.textContent = counted("new_messages", unseen);
  document.title = unseen ? `(${unseen}) Tradebell` : "Tradebell";
}

function seen() {
  unseen = 0;
  showUnseen();
}

function scrollToEnd() {
  scroller.scrollTop = scroller.scrollHeight;
}

function toast(text) {
  const note = document.createElement("p");
  note.textContent = text;
  byId("toasts").replaceChildren(note);
  setTimeout(() => note.remove(), TOAST_LIFE);
}

// --- what the person does --------------------------------------------------------------------

scroller.addEventListener("scroll", () => {
  atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
  if (atEnd && !document.hidden) seen();
});
// The keyboard of a phone takes half the height away.
new ResizeObserver(() => atEnd && scrollToEnd()).observe(scroller);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && atEnd) seen();
});
newer.addEventListener("click", () => {
  scrollToEnd();
  byId("say").focus();
});
list.addEventListener("click", ({ target }) => {
  const key = target.closest("button[data-action]");
  if (key) press(key);
  const retry = target.closest("[data-retry]");
  if (retry) deliver({ ...unsent.get(retry.dataset.retry), at: new Date().toISOString() });
});
byId("empty").addEventListener("click", ({ target }) => {
  const starter = target.closest("[data-say]");
  if (starter) composer.submit(starter.dataset.say);
});
if (document.body.classList.contains("inbox")) {
  installed().then((registration) => {
    if (!registration?.pushManager || !("Notification" in window)) return;
    new Ring(byId("ring"), registration.pushManager, toast);
    byId("notices").hidden = true; // pushes come in their place, and while the page is closed
  });
}
if (matchMedia("(hover: hover)").matches) byId("say").focus();
addEventListener("hashchange", showNamed);
