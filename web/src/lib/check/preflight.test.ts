import { describe, expect, it } from 'vitest';
import type { Reach } from './net/echo';
import { judgePreflight } from './preflight';
import type { Quality } from './net/quality';

const works: Reach = { transport: 'udp', status: 201, refusal: null, offered: 1, setupMs: 50, roundTripMs: 5 };
const shut: Reach = { ...works, setupMs: null, roundTripMs: null };
const refused: Reach = { ...shut, status: 503, refusal: 'media-unavailable', offered: 0 };
const steady: Quality = { sent: 60, loss: 0, medianMs: 20, jitterMs: 2, overtaken: 0 };

describe('the short check before a call', () => {
  it.each([
    ['a steady way over UDP is good', works, null, steady, 'good'],
    ['loss makes it limited', works, null, { ...steady, loss: 0.03 }, 'limited'],
    ['delay makes it limited', works, null, { ...steady, medianMs: 151 }, 'limited'],
    ['jitter makes it limited', works, null, { ...steady, jitterMs: 41 }, 'limited'],
    ['TCP alone is a detour', shut, works, steady, 'detour'],
    ['TCP alone is no detour where UDP is not offered', { ...shut, offered: 0 }, works, steady, 'good'],
    ['a slow detour is limited', shut, works, { ...steady, medianMs: 500 }, 'limited'],
    ['neither way is blocked', shut, shut, null, 'blocked'],
    ['a server without media says nothing about the network', refused, null, null, 'unknown'],
    ['a second try that was refused says nothing either', shut, { ...refused, status: 429 }, null, 'unknown'],
    ['nothing measured is not good', works, null, { ...steady, medianMs: null }, 'unknown'],
  ] as const)('%s', (_name, udp, tcp, quality, kind) => {
    expect(judgePreflight({ udp, tcp, quality }).kind).toBe(kind);
  });
});
