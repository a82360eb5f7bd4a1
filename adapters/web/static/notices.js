// The browser's own notifications of loud messages, if the person has asked for them.

import { sentence } from "./sentences.js";

const KEY = "tradebell.notices";

export class Notices {
  #button;
  #say;

  /** `say` takes a sentence to show on the page. */
  constructor(button, say) {
    this.#button = button;
    this.#say = say;
    button.hidden = !("Notification" in window);
    if (button.hidden) return;
    this.#show(localStorage.getItem(KEY) === "on" && Notification.permission === "granted");
    button.addEventListener("click", () => this.#turn(!this.#on));
  }

  /** Tell of a message, unless the person is looking at the page. Its tabs tell it once. */
  tell({ id, card }) {
    if (!this.#on || (!document.hidden && document.hasFocus())) return;
    const notice = this.#made(card.title, { body: card.word ?? "", tag: id });
    notice?.addEventListener("click", () => {
      window.focus();
      notice.close();
    });
  }

  get #on() {
    return this.#button.getAttribute("aria-pressed") === "true";
  }

  /** Browsers let a page ask only when the person has just pressed something. */
  async #turn(on) {
    const allowed = !on || (await Notification.requestPermission()) === "granted";
    if (!allowed) this.#say(sentence("notices_blocked"));
    else if (on && !this.#made(sentence("notices_on"), { body: sentence("notices_example"), tag: "on" })) {
      this.#say(sentence("no_notices"));
    } else {
      localStorage.setItem(KEY, on ? "on" : "off");
      this.#show(on);
    }
  }

  /** `null` where only service workers may notify, as in Chrome on Android. */
  #made(title, options) {
    try {
      return new Notification(title, { icon: "/static/bell.svg", ...options });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return null;
    }
  }

  #show(on) {
    this.#button.setAttribute("aria-pressed", String(on));
  }
}
