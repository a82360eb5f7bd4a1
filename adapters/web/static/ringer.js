// The sound of loud messages, if the person wants one.

const KEY = "tradebell.sound";
const TUNES = { warning: [660], critical: [880, 660, 880] };

export class Ringer {
  #button;
  #audio = null;

  constructor(button) {
    this.#button = button;
    this.#show(localStorage.getItem(KEY) !== "off");
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      localStorage.setItem(KEY, on ? "on" : "off");
      this.#show(on);
      if (on) this.ring("warning");
    });
    // Browsers give no sound to a page that nobody has touched.
    for (const touch of ["pointerdown", "keydown"]) {
      addEventListener(touch, () => (this.#audio ??= new AudioContext()), { once: true });
    }
  }

  ring(severity) {
    if (!this.#audio || this.#button.getAttribute("aria-pressed") !== "true") return;
    TUNES[severity]?.forEach((pitch, index) => this.#strike(pitch, index * 0.18));
  }

  #show(on) {
    this.#button.setAttribute("aria-pressed", String(on));
  }

  #strike(pitch, after) {
    const start = this.#audio.currentTime + after;
    const tone = this.#audio.createOscillator();
    const loudness = this.#audio.createGain();
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.0001, start);
    loudness.gain.exponentialRampToValueAtTime(0.2, start + 0.01);
    loudness.gain.exponentialRampToValueAtTime(0.0001, start + 0.6);
    tone.connect(loudness).connect(this.#audio.destination);
    tone.start(start);
    tone.stop(start + 0.6);
  }
}
