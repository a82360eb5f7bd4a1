// What the page says, in the language of who reads it: the server knows the words, scripts their names.

const SENTENCES = JSON.parse(document.getElementById("sentences").textContent);
const PLURALS = new Intl.PluralRules(document.documentElement.lang);

/** The sentence of that name, with `values` in the place of what it has in braces. */
export function sentence(name, values = {}) {
  return filled(SENTENCES[name], values);
}

/** The same of a sentence that depends on a count. */
export function counted(name, count) {
  const forms = SENTENCES[name];
  return filled(forms[PLURALS.select(count)] ?? forms.other, { count });
}

/** How the server calls the months in a text, and how it puts a day and its month. */
export const MONTHS = SENTENCES.months;
export const DAY_FORM = SENTENCES.day_form;

function filled(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
