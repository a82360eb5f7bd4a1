// A WebSocket that comes back by itself.

const FIRST_WAIT = 400;
const LONGEST_WAIT = 10_000;

/** Then the page itself says what to do. */
const SIGNED_OUT = 4401;

export class Connection {
  #url;
  #listener;
  #socket = null;
  #timer = null;
  #wait = FIRST_WAIT;

  /** `listener` has frame(value) and state("connecting" | "online" | "offline"). */
  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
    // The machine woke up or got its network back: no reason to sit out the wait.
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#hurry());
    this.#dial();
  }

  /** Send, if there is a connection; says whether there was. */
  send(frame) {
    const open = this.#socket?.readyState === WebSocket.OPEN;
    if (open) this.#socket.send(JSON.stringify(frame));
    return open;
  }

  #dial() {
    this.#timer = null;
    this.#listener.state("connecting");
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#wait = FIRST_WAIT;
      this.#listener.state("online");
    });
    socket.addEventListener("message", ({ data }) => this.#listener.frame(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => this.#lost(socket, code));
  }

  #lost(socket, code) {
    if (socket !== this.#socket) return;
    if (code === SIGNED_OUT) return location.reload();
    this.#socket = null;
    this.#listener.state("offline");
    this.#timer = setTimeout(() => this.#dial(), this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  #hurry() {
    if (this.#timer === null || document.hidden) return;
    clearTimeout(this.#timer);
    this.#dial();
  }
}
