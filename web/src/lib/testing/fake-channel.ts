/** A channel whose server is the test. */
import { signal } from '@preact/signals-core';
import type { Channel, ChannelError, ChannelEvent, ChannelState, Outgoing } from '../channel';
import type { Mode, RoomStatus } from '../meeting-message';
import type { Chat, Joined, RosterEntry, ServerMessage } from '../message';

export class FakeChannel implements Channel {
  readonly state = signal<ChannelState>('idle');
  onEvent: (event: ChannelEvent) => void = () => {};
  readonly sent: Outgoing[] = [];
  probes = 0;
  renewals = 0;
  refuseWith: ChannelError | undefined;
  #open: ((joined: Joined) => void) | undefined;
  #refuse: ((error: ChannelError) => void) | undefined;

  open(): Promise<Joined> {
    return new Promise((resolve, reject) => {
      this.#open = resolve;
      this.#refuse = reject;
    });
  }

  async request(message: Outgoing): Promise<void> {
    if (this.refuseWith) throw this.refuseWith;
    this.sent.push(message);
  }

  send(message: Outgoing): void {
    this.sent.push(message);
  }

  probe(): void {
    this.probes++;
  }

  renew(): void {
    this.renewals++;
  }

  close(): void {
    this.state.value = 'closed';
  }

  part(): void {
    this.close();
  }

  /** The server lets us in. */
  letIn(roster: RosterEntry[] = [], how: { again?: boolean; resumed?: boolean; grants?: string[]; iceServers?: RTCIceServer[]; mode?: Mode; role?: string; room?: RoomStatus; history?: Chat[]; elapsedMs?: number } = {}): Joined {
    const joined: Joined = {
      cmd: 'joined',
      id: '1',
      roomId: 'room',
      self: { uid: 'me', name: 'Ana', role: how.role ?? 'member' },
      grants: how.grants,
      roster,
      iceServers: how.iceServers ?? [],
      resume: 'ticket',
      resumed: how.resumed ?? false,
      chatBytesMax: 4096,
      heartbeatSeconds: 25,
      mode: how.mode ?? 'p2p',
      room: how.room ?? { locked: false, lobby: false, recording: undefined, stream: 'off', viewers: 0, shown: undefined, waiting: [] },
      elapsedMs: how.elapsedMs,
      history: how.history ?? [],
    };
    this.state.value = 'open';
    this.onEvent({ kind: 'joined', joined, again: how.again ?? false });
    this.#open?.(joined);
    return joined;
  }

  refuse(error: ChannelError): void {
    this.state.value = 'closed';
    this.onEvent({ kind: 'refused', error });
    this.#refuse?.(error);
  }

  say(message: Exclude<ServerMessage, Joined>): void {
    this.onEvent({ kind: 'message', message });
  }

  messages(cmd: Outgoing['cmd']): Outgoing[] {
    return this.sent.filter((message) => message.cmd === cmd);
  }
}
