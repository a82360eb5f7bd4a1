// Turns messages into elements. Every text goes in as text: nothing here makes markup of it.

import { DAY_FORM, MONTHS, sentence } from "./sentences.js";

const CLOCK = { hour: "2-digit", minute: "2-digit" };
const EXACT = { dateStyle: "medium", timeStyle: "medium" };
const DATE = { weekday: "long", day: "numeric", month: "long" };
const DATED = { day: "numeric", month: "short", ...CLOCK };

const PAGE = document.documentElement.lang;
const WRITERS = new Map();

/** A time as a language writes it: as the reader's country does, where the browser tells of one. */
function written(when, form, language = PAGE) {
  const locale = navigator.languages.find((one) => one.split("-")[0] === language) ?? language;
  const key = `${locale} ${Object.keys(form)}`;
  if (!WRITERS.has(key)) WRITERS.set(key, new Intl.DateTimeFormat(locale, form));
  return WRITERS.get(key).format(when);
}

const NAMED = literal(DAY_FORM)
  .replace(literal("{day}"), "(?<day>\\d{1,2})")
  .replace(literal("{month}"), () => `(?<month>${MONTHS.map(literal).join("|")})`);
const TOLD = new RegExp(`(?<!\\w)(?:${NAMED} )?(?<hour>\\d{2}):(?<minute>\\d{2}) UTC\\b`, "g");
const DAY = 24 * 60 * 60 * 1000;

function literal(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** An element with attributes and children; `undefined` attributes and children are left out. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

function icon(name, label) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  return svg;
}

/** The `<li>` of a message of either side. */
export function messageElement(message) {
  const item = element("li", {
    class: message.mine ? "mine" : "theirs",
    // Where the focus goes when what had it is gone.
    tabindex: -1,
    "data-message": message.id,
    "data-severity": message.card?.severity,
  });
  item.append(...(message.mine ? ownParts(message) : cardParts(message)));
  return item;
}

/** The day that a message belongs to, as a divider names it. */
export function dayOf(at) {
  const day = new Date(at).toDateString();
  const today = new Date();
  if (day === today.toDateString()) return sentence("today");
  today.setDate(today.getDate() - 1);
  return day === today.toDateString() ? sentence("yesterday") : written(new Date(at), DATE);
}

export function dividerElement(day) {
  return element("li", { class: "day" }, element("span", {}, day));
}

function ownParts(message) {
  const state = message.failed
    ? element("button", { type: "button", class: "retry", "data-retry": message.nonce }, sentence("not_sent"))
    : message.sending
      ? icon("clock", sentence("sending"))
      : icon("tick", sentence("sent"));
  const said = element("p", { class: "said", dir: "auto" }, message.text);
  return [element("div", { class: "bubble" }, said, foot([clock(message), state]))];
}

function cardParts(message) {
  const { card, at, replies_to: reference } = message;
  const told = { at, language: card.language };
  const parts = [
    head(card),
    reference ? element("p", { class: "note" }, sentence("reply", { reference: `#${reference}` })) : null,
    element("h2", { class: "title", dir: "auto" }, ...words(card.title, told)),
    ...card.lines.map((line) => element("p", { class: "line", dir: "auto" }, ...pieces(line, told))),
    card.fields.length ? fields(card.fields, told) : null,
    card.table ? table(card.table, told) : null,
    card.details.length ? folded(card.details) : null,
    card.picture ? element("img", { class: "picture", ...card.picture }) : null,
    ...card.notes.map((note) => element("p", { class: "note", dir: "auto" }, ...pieces(note, told))),
    foot([
      card.reference ? element("span", { class: "reference" }, `#${card.reference}`) : null,
      card.at && card.silent ? icon("quiet", sentence("silent")) : null,
      arrival(message),
    ]),
  ];
  return [
    element("div", { class: "bubble" }, ...parts),
    ...(card.pick ? pickList(card.pick, message.id) : []),
    ...(card.buttons.length ? [keyboard(card.buttons)] : []),
  ];
}

/** The severity in words and, for a fact, when it happened. */
function head(card) {
  if (!card.word && !card.at) return null;
  return element(
    "p",
    { class: "head" },
    card.word ? element("strong", { class: "word" }, card.word) : null,
    card.at ? clock(card, (when) => sentence("happened", { when })) : null,
  );
}

/** When it arrived, unless the head has just said so. */
function arrival({ at, card }) {
  const shown = (when) => written(new Date(when), CLOCK);
  return card.at && shown(card.at) === shown(at) ? null : clock({ at, language: card.language });
}

function pieces(line, told) {
  return line.flatMap(({ text, href }) =>
    href ? [element("a", { href, target: "_blank", rel: "noopener noreferrer" }, text)] : words(text, told),
  );
}

/** A text, its times of day as the person's clock shows them, like those around it.
 *
 * `told` says when, and in which language. */
function words(text, { at, language }) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(TOLD)) {
    const [utc] = found;
    const when = instant(found.groups, new Date(at));
    const shown = written(when, found.groups.day ? DATED : CLOCK, language);
    parts.push(text.slice(end, found.index), element("time", { datetime: when.toISOString(), title: utc }, shown));
    end = found.index + utc.length;
  }
  return [...parts, text.slice(end)].filter((part) => part !== "");
}

/** What a time told without its year, or without its day, means: the one nearest to `at`. */
function instant({ day, month, hour, minute }, at) {
  const year = at.getUTCFullYear();
  const near = [-1, 0, 1].map((step) =>
    day
      ? Date.UTC(year + step, MONTHS.indexOf(month), day, hour, minute)
      : Date.UTC(year, at.getUTCMonth(), at.getUTCDate(), hour, minute) + step * DAY,
  );
  const apart = (one) => Math.abs(one - at);
  return new Date(near.reduce((best, one) => (apart(one) < apart(best) ? one : best)));
}

function fields(entries, told) {
  const rows = entries.map(({ label, value }) =>
    element(
      "div",
      {},
      element("dt", { dir: "auto" }, ...words(label, told)),
      element("dd", { dir: "auto" }, ...pieces(value, told)),
    ),
  );
  return element("dl", { class: "fields" }, ...rows);
}

/** A long report, for who wants to read it. */
function folded(lines) {
  return element(
    "details",
    { class: "folded" },
    element("summary", {}, sentence("details")),
    ...lines.map((line) => element("p", { class: "detail", dir: "auto" }, line)),
  );
}

/** A table that a narrow bubble shows as one short block per row: hence `data-label`. */
function table({ columns, rows, numeric }, told) {
  const kind = (index) => (numeric[index] ? "number" : undefined);
  const heads = columns.map((name, index) => element("th", { scope: "col", class: kind(index), dir: "auto" }, name));
  const lines = rows.map((row) =>
    element(
      "tr",
      {},
      ...row.map((cell, index) =>
        element("td", { class: kind(index), "data-label": columns[index], dir: "auto" }, ...words(cell, told)),
      ),
    ),
  );
  return element(
    "div",
    { class: "sheet" },
    element(
      "table",
      { class: columns.length > 3 ? "wide" : undefined },
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...lines),
    ),
  );
}

/** One of several to choose: a list under its prompt, each with what tells it from the others. */
function pickList({ prompt, options }, message) {
  const id = `prompt-${message}`;
  const items = options.map(({ label, action, hint }) =>
    element(
      "li",
      {},
      element(
        "button",
        { type: "button", class: "option", "data-action": action },
        element("span", { class: "label", dir: "auto" }, label),
        hint ? element("span", { class: "hint", dir: "auto" }, hint) : null,
      ),
    ),
  );
  return [
    element("p", { class: "prompt", id, dir: "auto" }, prompt),
    element("ul", { class: "options", "aria-labelledby": id }, ...items),
  ];
}

function keyboard(rows) {
  const lines = rows.map((row) => element("div", { class: "row" }, ...row.map(button)));
  return element("div", { class: "keyboard" }, ...lines);
}

function button({ label, action, href, style }) {
  if (href) {
    const link = { href, class: `key ${style}`, target: "_blank", rel: "noopener noreferrer" };
    return element("a", link, label, element("span", { class: "away", "aria-hidden": "true" }, "↗"));
  }
  return element("button", { type: "button", class: `key ${style}`, "data-action": action }, label);
}

function foot(parts) {
  return element("p", { class: "foot" }, ...parts);
}

function clock({ at, language }, say = (when) => when) {
  const when = new Date(at);
  return element("time", { datetime: at, title: say(written(when, EXACT, language)) }, written(when, CLOCK, language));
}
