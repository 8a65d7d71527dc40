import { afterEach, expect, it, vi } from 'vitest';
import { KNOCK_PAUSE_MS, Knocker } from './knocker';

afterEach(() => void vi.unstubAllGlobals());

/** Contexts that were opened, and what became of them. */
function listen(state: AudioContextState): { started: number; closed: number } {
  const heard = { started: 0, closed: 0 };
  const parameter = () => ({ value: 0, setValueAtTime: () => {}, linearRampToValueAtTime: () => {}, exponentialRampToValueAtTime: () => {} });
  class Context {
    state = state;
    currentTime = 0;
    destination = {};
    createOscillator() {
      const source = { frequency: parameter(), onended: () => {}, connect: (next: unknown) => next, start: () => void heard.started++, stop: () => queueMicrotask(() => source.onended()) };
      return source;
    }
    createGain() {
      return { gain: parameter(), connect: (next: unknown) => next };
    }
    close = async () => void heard.closed++;
  }
  vi.stubGlobal('AudioContext', Context);
  return heard;
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

it('a crowd at the door is one knock, and what played it is closed', async () => {
  const heard = listen('running');
  let now = 0;
  const knocker = new Knocker(() => now);
  for (; now < KNOCK_PAUSE_MS; now += 100) knocker.knock();
  await settle();
  expect(heard).toEqual({ started: 2, closed: 1 });
  knocker.knock();
  await settle();
  expect(heard).toEqual({ started: 4, closed: 2 });
});

it('where sound is held back nothing is played later, when nobody is at the door any more', async () => {
  const heard = listen('suspended');
  new Knocker(() => 0).knock();
  await settle();
  expect(heard).toEqual({ started: 0, closed: 1 });
});
