// Shows only messages of a sort, or those that name something.

const SORTS = {
  all: () => true,
  alerts: ({ mine, card }) => !mine && Boolean(card.reference),
  bad: ({ mine, card }) => !mine && ["warning", "critical"].includes(card.severity),
};

export class Filter {
  #form;
  #shown;
  #nothing;

  /** `shown` gives all messages, each with its element; `nothing` says that none fits. */
  constructor(button, form, nothing, shown) {
    this.#form = form;
    this.#nothing = nothing;
    this.#shown = shown;
    button.addEventListener("click", () => {
      form.hidden = !form.hidden;
      button.setAttribute("aria-expanded", String(!form.hidden));
      if (form.hidden) this.#clear();
      else form.elements.words.focus();
    });
    form.addEventListener("input", () => this.#apply());
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("keydown", ({ key }) => key === "Escape" && button.click());
    nothing.querySelector("button").addEventListener("click", () => this.#clear());
  }

  /** Hide what does not fit; what is new too. */
  sift({ message, element }) {
    const { sort, words } = this.#form.elements;
    const wanted = words.value.trim().toLowerCase();
    const fits = SORTS[sort.value](message) && element.textContent.toLowerCase().includes(wanted);
    element.hidden = !fits;
    return fits;
  }

  #clear() {
    this.#form.reset();
    this.#apply();
  }

  #apply() {
    const { sort, words } = this.#form.elements;
    const fitting = this.#shown().filter((one) => this.sift(one));
    document.body.classList.toggle("sifted", sort.value !== "all" || words.value.trim() !== "");
    this.#nothing.hidden = fitting.length > 0;
  }
}
