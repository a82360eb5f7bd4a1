// The line that a person types in, with commands suggested after a slash.

export class Composer {
  #input = document.getElementById("say");
  #list = document.getElementById("suggestions");
  #commands = [];
  #shown = [];
  #active = -1;
  #begin;
  #said = [];
  #recalled = 0;

  /** `say` takes a text to send; `begin` one that is yet typed, and leads to `offer`. */
  constructor(say, begin) {
    this.#begin = begin;
    const submit = (text) => {
      if (!text.trim()) return;
      this.#said.push(text);
      this.#recalled = this.#said.length;
      this.#fill("");
      say(text);
    };
    this.submit = submit;
    document.getElementById("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#active >= 0) this.#pick(this.#shown[this.#active]);
      else submit(this.#input.value);
    });
    document.getElementById("commands").addEventListener("click", () => {
      this.#fill(this.#shown.length ? "" : "/");
      this.#input.focus();
    });
    this.#input.addEventListener("input", () => this.#suggest());
    this.#input.addEventListener("blur", () => this.#show([]));
    this.#input.addEventListener("focus", () => this.#suggest());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    // Before the press takes the focus away, and with it the list.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#pick(this.#shown[Number(option.dataset.index)]);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.activeElement === this.#input) return;
      event.preventDefault();
      this.#input.focus();
      if (!this.#input.value) this.#fill("/");
    });
  }

  set commands(commands) {
    this.#commands = commands;
    this.#suggest();
  }

  /** What a command that was begun may become: lines of what stands behind its name. */
  offer({ text, lines }) {
    if (text !== this.#input.value || document.activeElement !== this.#input) return;
    const { name } = this.#begun();
    this.#show(lines.map((line) => ({ name, line, arguments: [] })));
  }

  /** The command whose arguments are being typed. */
  #begun() {
    const word = /^\/(\w+)\s/.exec(this.#input.value)?.[1]?.toLowerCase();
    const known = this.#commands.find(({ name, aliases }) => name === word || aliases.includes(word));
    return known?.arguments.length ? { name: word } : undefined;
  }

  #fill(text) {
    this.#input.value = text;
    this.#suggest();
  }

  #key(event) {
    if (event.isComposing) return;
    const open = this.#shown.length > 0;
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp":
        if (open) this.#move(event.key === "ArrowDown" ? 1 : -1);
        else if (!this.#recall(event.key === "ArrowDown" ? 1 : -1)) return;
        break;
      case "Tab":
        if (!open || event.shiftKey) return;
        this.#complete(this.#shown[Math.max(this.#active, 0)]);
        break;
      case "Escape":
        if (!open) return;
        this.#show([]);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  /** Bring back what was said before, as a terminal does. */
  #recall(step) {
    const own = this.#input.value === "" || this.#input.value === this.#said[this.#recalled];
    const next = this.#recalled + step;
    if (!own || next < 0 || next > this.#said.length) return false;
    this.#recalled = next;
    this.#input.value = this.#said[next] ?? "";
    return true;
  }

  #suggest() {
    const typed = /^\/(\w*)$/.exec(this.#input.value)?.[1]?.toLowerCase();
    const here = document.activeElement === this.#input;
    if (typed === undefined || !here) {
      this.#show([]);
      if (here && this.#begun()) this.#begin(this.#input.value);
      return;
    }
    const fits = (command) => command.name.startsWith(typed);
    const known = (command) => command.aliases.some((alias) => alias.startsWith(typed));
    this.#show([
      ...this.#commands.filter((command) => (typed ? fits(command) : command.menu)),
      ...this.#commands.filter((command) => typed && !fits(command) && known(command)),
    ]);
  }

  #show(commands) {
    this.#shown = commands;
    this.#active = -1;
    this.#list.replaceChildren(...commands.map(option));
    this.#list.hidden = commands.length === 0;
    this.#input.setAttribute("aria-expanded", String(commands.length > 0));
    this.#input.removeAttribute("aria-activedescendant");
  }

  #move(step) {
    const options = this.#list.children;
    options[this.#active]?.setAttribute("aria-selected", "false");
    // One place, before the first, is the text itself.
    const places = options.length + 1;
    this.#active = ((this.#active + 1 + step + places) % places) - 1;
    const chosen = options[this.#active];
    if (!chosen) return this.#input.removeAttribute("aria-activedescendant");
    chosen.setAttribute("aria-selected", "true");
    chosen.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", chosen.id);
  }

  #pick(command) {
    if (command.arguments.length || command.line) this.#complete(command);
    else this.submit(`/${command.name}`);
  }

  #complete({ name, line, arguments: taken }) {
    this.#input.focus();
    this.#show([]);
    this.#fill(line ? `/${name} ${line} ` : taken.length ? `/${name} ` : `/${name}`);
    if (!line && !taken.length) this.#show([]);
  }
}

function option({ name, line, summary, arguments: taken }, index) {
  const item = document.createElement("li");
  item.id = `suggestion-${index}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.dataset.index = index;
  const command = document.createElement("b");
  command.textContent = line ?? `/${name}`;
  item.append(command);
  if (taken.length) {
    const hint = document.createElement("i");
    hint.textContent = taken.join(" ");
    command.append(" ", hint);
  }
  if (summary) {
    const about = document.createElement("span");
    about.textContent = summary;
    item.append(about);
  }
  return item;
}
