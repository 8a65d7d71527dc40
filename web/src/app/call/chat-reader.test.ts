import { expect, it } from 'vitest';
import { readerOf } from './chat-reader';

const bo = { uid: 'bo' };
const cy = { uid: 'cy' };

it('a message for nobody in particular is for everybody', () => {
  expect(readerOf(undefined, [bo, cy])).toEqual({ to: undefined, gone: false });
  expect(readerOf(undefined, [])).toEqual({ to: undefined, gone: false });
});

it('a message for one is for this one', () => {
  expect(readerOf('cy', [bo, cy])).toEqual({ to: cy, gone: false });
});

it('a message for one who has left is for nobody, and waits until they are back or another is chosen', () => {
  expect(readerOf('cy', [bo])).toEqual({ to: undefined, gone: true });
  expect(readerOf('cy', [])).toEqual({ to: undefined, gone: true });
  expect(readerOf('cy', [bo, cy])).toEqual({ to: cy, gone: false });
});
