/** The sound of a knock: two soft tones. */

/** In a crowd at the door one knock stands for many. */
export const KNOCK_PAUSE_MS = 4000;

/** Two tones that fall, in hertz. */
const TONES_HZ = [660, 528];
const TONE_SECONDS = 0.16;
const LOUDNESS = 0.05;

export class Knocker {
  readonly #now: () => number;
  #knockedAt = -Infinity;

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  knock(): void {
    if (this.#now() - this.#knockedAt < KNOCK_PAUSE_MS) return;
    this.#knockedAt = this.#now();
    void play();
  }
}

async function play(): Promise<void> {
  if (typeof AudioContext !== 'function') return;
  const context = new AudioContext();
  try {
    // Where the browser holds sound back until somebody presses something, this knock is not heard; the notice is seen.
    if (context.state === 'suspended') return;
    const ends = TONES_HZ.map((hertz, index) => tone(context, hertz, context.currentTime + index * TONE_SECONDS));
    await ends.at(-1);
  } finally {
    void context.close();
  }
}

/** Resolves when it has faded. */
function tone(context: AudioContext, hertz: number, at: number): Promise<void> {
  const source = context.createOscillator();
  const volume = context.createGain();
  source.frequency.value = hertz;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(LOUDNESS, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 2 * TONE_SECONDS);
  source.connect(volume).connect(context.destination);
  source.start(at);
  source.stop(at + 2 * TONE_SECONDS);
  return new Promise((resolve) => {
    source.onended = () => resolve();
  });
}
