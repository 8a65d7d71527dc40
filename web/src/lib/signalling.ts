/**
 * The connection to the server: joins a room, answers requests, and comes back by itself when it is lost.
 * Speaks v2 of docs/signalling.md.
 */
import { signal } from '@preact/signals-core';
import { backoffMs } from './backoff';
import { ChannelError, type Channel, type ChannelEvent, type ChannelState, type Outgoing } from './channel';
import { CLOSE_RESUMED_ELSEWHERE, ErrorCode, parseServerMessage, type ErrorReply, type Joined, type MediaState, type ServerMessage } from './message';
import { newClaim, newUid } from './random';

/** A request that is not answered within this time has failed. */
const REQUEST_TIMEOUT_MS = 10_000;
/** A connection on which a probe is not answered within this time is dead. */
const PROBE_TIMEOUT_MS = 3000;
/** A socket that does not open, or is not let into the room, within this time is given up. */
const JOIN_TIMEOUT_MS = 10_000;
/** A uid that is in use for longer than the server keeps the seat of a lost connection (30 s) is no ghost of ours. */
export const UID_IN_USE_MS_MAX = 35_000;
/** Messages kept while the connection is lost; an ICE restart with all its candidates fits several times. */
export const OUTBOX_MAX = 128;

/** The part of a WebSocket that is used. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** The resumption of this seat cannot be told to members who speak the course's dialect alone. */
const DIALECT_A = 1;

/** A place in a room that an earlier page of this tab may still hold. */
export interface Seat {
  uid: string;
  resume: string;
}

export interface SignallingOptions {
  url: string;
  roomId: string;
  name: string;
  token?: string | undefined;
  /** Taken again, so that a reloaded page keeps its place and is not locked out by its own ghost. */
  seat?: Seat | undefined;
  /** What this member sends at the moment; asked for at every join. */
  mediaState: () => MediaState;
  openSocket: (url: string) => Socket;
  /** In [0, 1). */
  random?: () => number;
}

interface Pending {
  resolve: (message: ServerMessage) => void;
  reject: (error: ChannelError) => void;
  timer: ReturnType<typeof setTimeout>;
}

const lost = () => new ChannelError(0, 'connection-lost', 'The connection to the server is lost.');

export class Signalling implements Channel {
  readonly state = signal<ChannelState>('idle');
  onEvent: (event: ChannelEvent) => void = () => {};

  /** The place to come back to: set by every `joined`. */
  seat: Seat | undefined;

  readonly #options: SignallingOptions;
  readonly #random: () => number;
  #uid: string;
  /** Shown until the first `joined`, so that a seat whose `joined` was lost is taken again instead of shutting us out. */
  #claim = newClaim();
  /** What {@link SignallingOptions.seat} names, until it is taken again or given back. */
  #left: Seat | undefined;
  /** Settles {@link open}; kept over every lost connection until then. */
  #first: ((event: ChannelEvent) => void) | undefined;
  #socket: Socket | undefined;
  #joinedBefore = false;
  #attempt = 0;
  /** How long we have waited since our uid was first said to be in use. */
  #uidInUseMs = 0;
  #nextId = 1;
  #heartbeatMs = 25_000;
  readonly #pending = new Map<string, Pending>();
  #outbox: Outgoing[] = [];
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #probing = false;
  /** A host is asked; settled by `joined`, a refusal, or the loss of the connection. */
  #admission: { resolve: (joined: Joined) => void; reject: (error: ChannelError) => void } | undefined;
  #retryAfterMs: number | undefined;

  constructor(options: SignallingOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#left = options.seat;
    this.#uid = options.seat?.uid ?? newUid();
  }

  open(): Promise<Joined> {
    this.state.value = 'connecting';
    return new Promise((resolve, reject) => {
      this.#first = (event) => {
        if (event.kind === 'joined') resolve(event.joined);
        if (event.kind === 'refused') reject(event.error);
      };
      this.#connect();
    });
  }

  async request(message: Outgoing): Promise<void> {
    if (this.state.peek() !== 'open') throw lost();
    await this.#ask({ ...message, ...this.#address(message) }, REQUEST_TIMEOUT_MS);
  }

  send(message: Outgoing): void {
    if (this.state.peek() === 'closed') return;
    if (this.state.peek() === 'open') this.#write({ ...message, ...this.#address(message) });
    else if (this.#outbox.length < OUTBOX_MAX) this.#outbox.push(message);
  }

  probe(): void {
    if (this.state.peek() === 'reconnecting') this.#retryNow();
    else if (this.state.peek() === 'open') void this.#checkAlive();
  }

  renew(): void {
    if (this.state.peek() === 'open' && this.#socket) this.#lose(this.#socket);
  }

  close(): void {
    if (this.state.peek() === 'closed') return;
    // A join that is not answered yet may already have given us a seat, which would be kept for us.
    if (this.state.peek() === 'open' || this.state.peek() === 'waiting' || this.#pending.size > 0) this.#write({ cmd: 'leave', roomId: this.#options.roomId, uid: this.#uid });
    this.#stop();
  }

  part(): void {
    if (this.state.peek() === 'open') this.#write({ cmd: 'leave', roomId: this.#options.roomId, uid: this.#uid, resume: true });
    else if (this.state.peek() !== 'reconnecting') {
      this.close();
      return;
    }
    this.#stop();
  }

  #stop(): void {
    this.state.value = 'closed';
    this.seat = undefined;
    clearTimeout(this.#retryTimer);
    const socket = this.#socket;
    this.#detach();
    socket?.close(1000);
  }

  #connect(): void {
    const socket = this.#options.openSocket(this.#options.url);
    this.#socket = socket;
    const givenUp = setTimeout(() => this.#lose(socket), JOIN_TIMEOUT_MS);
    const waits = () => {
      clearTimeout(givenUp);
      if (this.#socket !== socket) return;
      this.state.value = 'waiting';
      this.onEvent({ kind: 'waiting' });
      this.#rest();
    };
    socket.onopen = () => {
      void this.#enter(waits).then(
        (joined) => {
          clearTimeout(givenUp);
          if (this.#socket === socket) this.#entered(joined);
        },
        (error: ChannelError) => {
          clearTimeout(givenUp);
          if (this.#socket === socket) this.#refused(error, socket);
        },
      );
    };
    socket.onmessage = (event) => {
      if (this.#socket === socket && typeof event.data === 'string') this.#receive(event.data);
    };
    socket.onclose = (event) => {
      clearTimeout(givenUp);
      if (event.code === CLOSE_RESUMED_ELSEWHERE) this.#end(new ChannelError(event.code, 'resumed-elsewhere', 'The member resumed on another connection.'));
      else this.#lose(socket);
    };
  }

  /**
   * Joins on the fresh socket. A seat left by an earlier page is taken again. Where somebody speaks dialect A, which has no word
   * for that, it is given back and taken anew, as a newcomer.
   */
  async #enter(waits: () => void): Promise<Joined> {
    const left = this.#left;
    if (left) {
      const found = await this.#join(left.resume, waits).catch((error: ChannelError) => error);
      if (!(found instanceof ChannelError)) {
        if (!found.resumed || found.roster.every((entry) => entry.v > DIALECT_A)) return found;
        await this.#ask({ cmd: 'leave', roomId: this.#options.roomId }, REQUEST_TIMEOUT_MS).catch((error: ChannelError) => {
          if (passes(error)) throw error;
        });
      } else {
        if (passes(found)) throw found;
        this.#uid = newUid();
      }
      this.#left = undefined;
    }
    return this.#join(this.seat?.resume ?? this.#claim, waits);
  }

  /** @param waits called when a host has to let us in, which may take any time */
  async #join(resume: string, waits: () => void): Promise<Joined> {
    const { roomId, name, token, mediaState } = this.#options;
    const message = await this.#ask(
      { cmd: 'join', v: 2, roomId, uid: this.#uid, name, caps: ['chat', 'peer-state', 'media'], state: mediaState(), resume, ...(token && { token }) },
      JOIN_TIMEOUT_MS,
    );
    if (message.cmd === 'waiting') {
      const admission = new Promise<Joined>((resolve, reject) => (this.#admission = { resolve, reject }));
      waits();
      return admission;
    }
    if (message.cmd !== 'joined') throw new ChannelError(0, 'unexpected', 'The server answered with something else than “joined”.');
    return message;
  }

  #entered(joined: Joined): void {
    const again = this.#joinedBefore;
    this.#joinedBefore = true;
    this.#left = undefined;
    this.#attempt = 0;
    this.#uidInUseMs = 0;
    this.#uid = joined.self.uid;
    this.seat = joined.resume ? { uid: joined.self.uid, resume: joined.resume } : undefined;
    this.#heartbeatMs = joined.heartbeatSeconds * 1000;
    this.state.value = 'open';
    this.#report({ kind: 'joined', joined, again });
    const kept = this.#outbox;
    this.#outbox = [];
    if (joined.resumed) for (const message of kept) this.send(message);
    this.#rest();
  }

  #refused(error: ChannelError, socket: Socket): void {
    if (passes(error)) {
      this.#lose(socket);
      return;
    }
    if (error.code === ErrorCode.UidInUse && this.#uidInUseMs < UID_IN_USE_MS_MAX) {
      // Our own ghost, or somebody with the same luck: come back under another id. A token may hold us to the one that is taken.
      this.#uid = newUid();
      this.#claim = newClaim();
      this.seat = undefined;
      this.#uidInUseMs += this.#lose(socket);
      return;
    }
    this.#end(error);
  }

  #end(error: ChannelError): void {
    this.#stop();
    this.#report({ kind: 'refused', error });
  }

  /** The outcome of a join. */
  #report(event: ChannelEvent): void {
    this.onEvent(event);
    const first = this.#first;
    this.#first = undefined;
    first?.(event);
  }

  #receive(frame: string): void {
    this.#rest();
    const message = parseServerMessage(frame);
    if (!message) return;
    if ('id' in message && message.id !== undefined) {
      const pending = this.#pending.get(message.id);
      if (!pending) return;
      this.#pending.delete(message.id);
      clearTimeout(pending.timer);
      if (message.cmd === 'error') pending.reject(asError(message));
      else pending.resolve(message);
      return;
    }
    const admission = this.#admission;
    if (admission && (message.cmd === 'joined' || message.cmd === 'error')) {
      this.#admission = undefined;
      if (message.cmd === 'joined') admission.resolve(message);
      else admission.reject(asError(message));
      return;
    }
    if (message.cmd === 'joined' || message.cmd === 'pong' || message.cmd === 'ok') return;
    if (message.cmd === 'closing') this.#retryAfterMs = message.retryAfterMs;
    this.onEvent({ kind: 'message', message });
  }

  /** Gives up the socket and comes back on another one, after the wait that is returned. */
  #lose(socket: Socket): number {
    if (this.#socket !== socket) return 0;
    this.#detach();
    socket.close();
    this.state.value = this.#joinedBefore ? 'reconnecting' : 'connecting';
    const wait = backoffMs(this.#attempt++, this.#random()) + (this.#retryAfterMs ?? 0);
    this.#retryAfterMs = undefined;
    this.#retryTimer = setTimeout(() => this.#connect(), wait);
    return wait;
  }

  #detach(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    clearTimeout(this.#idleTimer);
    this.#probing = false;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const entry of pending) {
      clearTimeout(entry.timer);
      entry.reject(lost());
    }
    this.#admission?.reject(lost());
    this.#admission = undefined;
  }

  #retryNow(): void {
    if (this.#socket) return;
    clearTimeout(this.#retryTimer);
    this.#connect();
  }

  /** Waits for the next silence; whatever arrives shows that the connection lives. */
  #rest(): void {
    clearTimeout(this.#idleTimer);
    const state = this.state.peek();
    if (state === 'open' || state === 'waiting') this.#idleTimer = setTimeout(() => void this.#checkAlive(), this.#heartbeatMs);
  }

  async #checkAlive(): Promise<void> {
    const socket = this.#socket;
    if (!socket || this.#probing) return;
    this.#probing = true;
    const alive = await this.#ask({ cmd: 'ping' }, PROBE_TIMEOUT_MS).then(
      () => true,
      (error: ChannelError) => error.code !== 0,
    );
    if (this.#socket !== socket) return;
    this.#probing = false;
    if (!alive) this.#lose(socket);
  }

  #ask(message: object, timeoutMs: number): Promise<ServerMessage> {
    return new Promise((resolve, reject) => {
      const id = String(this.#nextId++);
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new ChannelError(0, 'timeout', 'The server did not answer in time.'));
      }, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      this.#write({ ...message, id });
    });
  }

  #address(message: Outgoing): object {
    const forwarded = message.cmd === 'offer' || message.cmd === 'answer' || message.cmd === 'candidate' || message.cmd === 'hangup';
    return forwarded ? { roomId: this.#options.roomId, uid: this.#uid } : { roomId: this.#options.roomId };
  }

  #write(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }
}

/** Nothing that the server decided about us: the same request may succeed in a moment. */
function passes(error: ChannelError): boolean {
  return error.code === 0 || error.code === ErrorCode.RateLimited;
}

function asError(reply: ErrorReply): ChannelError {
  return new ChannelError(reply.code, reply.reason, reply.message);
}
