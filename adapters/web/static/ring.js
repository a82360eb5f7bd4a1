// Lets this device ring: its browser subscribes, and the server has it proven by a code.

import { sentence } from "./sentences.js";

const PLACE = "/inbox/ring";

export class Ring {
  #button;
  #pushes;
  #say;

  /** `pushes` is the registration's push manager, `say` takes a sentence to show on the page. */
  constructor(button, pushes, say) {
    this.#button = button;
    this.#pushes = pushes;
    this.#say = say;
    button.hidden = false;
    button.addEventListener("click", () => this.#turn());
    this.#look();
  }

  get #on() {
    return this.#button.getAttribute("aria-pressed") === "true";
  }

  async #look() {
    try {
      const { rings } = await asked(PLACE);
      const subscribed = (await this.#pushes.getSubscription()) !== null;
      this.#show(subscribed && rings !== "no");
    } catch {
      this.#show(false); // it is asked again when it is pressed
    }
  }

  /** Browsers ask the person only when they have just pressed something. */
  async #turn() {
    this.#button.setAttribute("aria-busy", "true");
    try {
      await (this.#on ? this.#end() : this.#begin());
    } catch {
      this.#say(sentence("no_pushes"));
    }
    this.#button.removeAttribute("aria-busy");
  }

  async #begin() {
    if ((await Notification.requestPermission()) !== "granted") return this.#say(sentence("notices_blocked"));
    const { key, csrf, rings } = await asked(PLACE);
    const old = await this.#pushes.getSubscription();
    // What the server does not know may belong to another key, or to who was signed in before.
    if (old && rings === "no") await old.unsubscribe();
    const subscription = await this.#pushes.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    this.#show((await asked(PLACE, { csrf, subscription })).rings !== "no");
  }

  async #end() {
    const { csrf } = await asked(PLACE);
    await (await this.#pushes.getSubscription())?.unsubscribe();
    this.#show((await asked(PLACE, { csrf, subscription: null })).rings !== "no");
  }

  #show(on) {
    this.#button.setAttribute("aria-pressed", String(on));
  }
}

/** What the server answers; throws if it refuses. */
async function asked(place, said) {
  const body = said && { method: "POST", body: JSON.stringify(said), headers: { "Content-Type": "application/json" } };
  const answer = await fetch(place, body);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}
