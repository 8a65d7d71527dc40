/** A WebSocket whose other end is the test. */
import type { Socket } from '../signalling';

export type Frame = Record<string, unknown>;

export class FakeSocket implements Socket {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: Frame[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Frame);
  }

  close(): void {
    this.closed = true;
  }

  /** The server accepts the connection. */
  accept(): void {
    this.onopen?.(undefined as never);
  }

  /** The server says something. */
  say(frame: Frame | string): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) } as MessageEvent);
  }

  /** The connection breaks, or the server closes it with a code. */
  drop(code = 1006): void {
    this.onclose?.({ code } as CloseEvent);
  }

  /** The last frame of a command. */
  last(cmd: string): Frame | undefined {
    return this.sent.findLast((frame) => frame['cmd'] === cmd);
  }
}

/** What a server answers to a join. */
export function joinedFrame(join: Frame, more: Frame = {}): Frame {
  return {
    cmd: 'joined',
    id: join['id'],
    roomId: join['roomId'],
    self: { uid: join['uid'], name: join['name'] },
    roster: [],
    iceServers: [{ urls: ['stun:192.0.2.1:3478'] }],
    resume: 'ticket-1',
    resumed: false,
    limits: { chatBytes: 4096 },
    heartbeatSeconds: 25,
    ...more,
  };
}
