import { describe, expect, it, vi } from 'vitest';
import { LiveProblem } from './problem';
import { SessionResource, fragmentOf, withIceEnd } from './session-resource';

const OFFER = ['v=0', 'a=group:BUNDLE 0 1', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', 'a=ice-ufrag:abcd', 'a=ice-pwd:efgh', 'a=rtcp-mux', 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'a=mid:1', 'a=ice-ufrag:abcd', 'a=ice-pwd:efgh', ''].join('\r\n');
const never = new AbortController().signal;

function reply(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(status === 204 ? null : body, { status, headers });
}

function resource(...replies: Response[]) {
  const ask = vi.fn<typeof fetch>();
  for (const one of replies) ask.mockResolvedValueOnce(one);
  return { ask, made: new SessionResource('http://h/whip/live/a', 'key', ask) };
}

describe('a session of WHIP', () => {
  it('is opened by POST and ended by DELETE where Location says, with the token', async () => {
    const { ask, made } = resource(reply(201, 'answer', { location: '/whip/live/a/0123' }), reply(200, ''));
    expect(await made.open('offer', never)).toBe('answer');
    expect(made.isOpen).toBe(true);
    const [url, request] = ask.mock.calls[0] ?? [];
    expect([url, request?.method, request?.body]).toEqual(['http://h/whip/live/a', 'POST', 'offer']);
    expect(request?.headers).toMatchObject({ authorization: 'Bearer key', 'content-type': 'application/sdp' });
    made.close();
    expect(ask.mock.calls[1]?.[0]).toBe('http://h/whip/live/a/0123');
    expect(ask.mock.calls[1]?.[1]).toMatchObject({ method: 'DELETE', keepalive: true });
    expect(made.isOpen).toBe(false);
    made.close();
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('tells the code of a refusal, and when to come again', async () => {
    const { made } = resource(reply(409, '{"code":"on-air"}'), reply(503, '{"code":"busy"}', { 'retry-after': '5' }), reply(502, '<html>'));
    await expect(made.open('offer', never)).rejects.toMatchObject({ code: 'on-air' });
    await expect(made.open('offer', never)).rejects.toMatchObject({ code: 'busy', retryAfterSeconds: 5 });
    await expect(made.open('offer', never)).rejects.toMatchObject({ code: 'http-502' });
  });

  it('begins ICE anew by PATCH with its own end, and takes that of the server', async () => {
    const fragment = 'm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:next\r\na=ice-pwd:word\r\na=candidate:1 1 udp 1 192.0.2.1 3478 typ host\r\n';
    const { ask, made } = resource(reply(201, 'answer', { location: '/x' }), reply(200, fragment));
    await made.open('offer', never);
    const end = await made.restart(OFFER, never);
    expect(end).toEqual({ ufrag: 'next', pwd: 'word', candidates: ['a=candidate:1 1 udp 1 192.0.2.1 3478 typ host'] });
    const request = ask.mock.calls[1]?.[1];
    expect(request?.headers).toMatchObject({ 'if-match': '*', 'content-type': 'application/trickle-ice-sdpfrag' });
    expect(request?.body).toBe(fragmentOf(OFFER));
  });

  it('cannot begin anew before it was opened, nor by an answer without credentials', async () => {
    const { made } = resource(reply(201, 'answer', { location: '/x' }), reply(200, 'nothing'));
    await expect(made.restart(OFFER, never)).rejects.toMatchObject({ code: 'no-session' });
    await made.open('offer', never);
    await expect(made.restart(OFFER, never)).rejects.toBeInstanceOf(LiveProblem);
  });

  it('has no answer when the network has none, and an abort is no problem of the server', async () => {
    const ask = vi.fn<typeof fetch>().mockRejectedValue(new TypeError('network'));
    const made = new SessionResource('http://h/', undefined, ask);
    await expect(made.open('offer', never)).rejects.toMatchObject({ code: 'no-answer' });
    await expect(made.open('offer', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});

it('the client’s end of an offer is that of its first description', () => {
  expect(fragmentOf(OFFER)).toBe('a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\n');
});

it('an answer with another end of ICE is the same in all else', () => {
  const answer = 'v=0\r\nm=audio 9\r\na=ice-ufrag:old\r\na=ice-pwd:older\r\na=candidate:old\r\na=sendonly\r\nm=video 9\r\na=ice-ufrag:old\r\na=ice-pwd:older\r\na=candidate:old\r\n';
  const next = withIceEnd(answer, { ufrag: 'new', pwd: 'newer', candidates: ['a=candidate:new'] });
  expect(next).toBe('v=0\r\nm=audio 9\r\na=ice-ufrag:new\r\na=ice-pwd:newer\r\na=candidate:new\r\na=sendonly\r\nm=video 9\r\na=ice-ufrag:new\r\na=ice-pwd:newer\r\na=candidate:new\r\n');
});
