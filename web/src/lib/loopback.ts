/**
 * `?debug=loopback`: a channel without a room. The other member is an echo in this very page, reached through the ICE
 * servers of this server like anybody else: it sends back the sound and the picture that it gets.
 */
import { effect, signal } from '@preact/signals-core';
import { ChannelError, type Channel, type ChannelEvent, type ChannelState, type Outgoing } from './channel';
import type { IceGrant } from './ice-servers';
import type { Joined } from './message';
import { PeerLink, type IceLease } from './peer-link';
import { filterIceServers, type UrlParameters } from './url-parameters';

const ECHO_UID = 'echo';
const SELF_UID = 'self';

export interface LoopbackOptions {
  roomId: string;
  echoName: string;
  parameters: UrlParameters;
  createConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  fetchIceServers: () => Promise<IceGrant>;
  now: () => number;
}

export class LoopbackChannel implements Channel {
  readonly state = signal<ChannelState>('idle');
  onEvent: (event: ChannelEvent) => void = () => {};
  readonly #options: LoopbackOptions;
  #echo: PeerLink | undefined;
  #stopEcho: (() => void) | undefined;

  constructor(options: LoopbackOptions) {
    this.#options = options;
  }

  async open(): Promise<Joined> {
    this.state.value = 'connecting';
    const grant = await this.#options.fetchIceServers().catch((error: unknown) => {
      const closed = this.state.peek() === 'closed';
      const refusal = new ChannelError(0, 'ice-servers', error instanceof Error ? error.message : 'The server gave no ICE servers.');
      this.state.value = 'closed';
      if (!closed) this.onEvent({ kind: 'refused', error: refusal });
      throw refusal;
    });
    if (this.state.peek() === 'closed') throw new ChannelError(0, 'closed', 'The call was left before it began.');
    const joined: Joined = {
      cmd: 'joined',
      id: undefined,
      roomId: this.#options.roomId,
      self: { uid: SELF_UID, name: '', role: 'member' },
      grants: undefined,
      roster: [],
      elapsedMs: undefined,
      iceServers: grant.servers,
      resume: undefined,
      resumed: false,
      chatBytesMax: 4096,
      heartbeatSeconds: 25,
      mode: 'p2p',
      room: { locked: false, lobby: false, recording: undefined, stream: 'off', viewers: 0, shown: undefined, waiting: [] },
      history: [],
    };
    this.state.value = 'open';
    this.onEvent({ kind: 'joined', joined, again: false });
    this.#startEcho(grant.servers);
    this.onEvent({
      kind: 'message',
      message: { cmd: 'new-peer', remoteUid: ECHO_UID, name: this.#options.echoName, v: 2, state: { audio: true, video: true, screen: false } },
    });
    return joined;
  }

  async request(message: Outgoing): Promise<void> {
    this.send(message);
  }

  send(message: Outgoing): void {
    const msg = message.msg ?? '';
    if (message.cmd === 'offer' || message.cmd === 'answer') void this.#echo?.description(msg);
    else if (message.cmd === 'candidate') void this.#echo?.candidate(msg);
    else if (message.cmd === 'state' && message.state) {
      this.onEvent({ kind: 'message', message: { cmd: 'peer-state', remoteUid: ECHO_UID, connection: 'online', state: { ...message.state, screen: false } } });
    } else if (message.cmd === 'chat' && message.text) {
      this.onEvent({ kind: 'message', message: { cmd: 'chat', uid: ECHO_UID, name: this.#options.echoName, text: message.text, private: false, at: this.#options.now() } });
    }
  }

  probe(): void {}

  renew(): void {}

  close(): void {
    this.state.value = 'closed';
    this.#stopEcho?.();
    this.#echo?.close();
    this.#echo = undefined;
  }

  part(): void {
    this.close();
  }

  #startEcho(servers: RTCIceServer[]): void {
    const { parameters, createConnection } = this.#options;
    const lease: IceLease = {
      configuration: {
        iceServers: filterIceServers(servers, parameters.turnTransport),
        iceTransportPolicy: parameters.relayOnly ? 'relay' : 'all',
        bundlePolicy: 'max-bundle',
      },
      renewInMs: Infinity,
    };
    const echo = new PeerLink({
      offerer: false,
      older: false,
      dialect: 2,
      lease,
      wishes: {},
      createConnection,
      send: (cmd, msg) => this.onEvent({ kind: 'message', message: { cmd, uid: ECHO_UID, msg } }),
      freshLease: () => Promise.resolve(lease),
      troubled: () => {},
    });
    this.#stopEcho = effect(() => {
      const tracks = echo.media.value;
      const of = (kind: string) => tracks.find((track) => track.kind === kind) ?? null;
      void echo.setMedia({ audio: of('audio'), video: of('video'), screen: null });
    });
    this.#echo = echo;
  }
}
