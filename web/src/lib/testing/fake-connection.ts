/**
 * An RTCPeerConnection that negotiates like one and carries nothing: signalling states with implicit rollback, transceivers,
 * `negotiationneeded` after the queue of tasks, candidates that need a description. Only what {@link ../peer-link} uses.
 */

export interface FakeTrack {
  kind: 'audio' | 'video';
  id: string;
  onmute: (() => void) | null;
  onunmute: (() => void) | null;
}

interface FakeSender {
  track: unknown;
  replaceTrack: (track: unknown) => Promise<void>;
  setStreams: () => void;
  getParameters: () => RTCRtpSendParameters;
  setParameters: (parameters: RTCRtpSendParameters) => Promise<void>;
}

export class FakeTransceiver {
  direction: RTCRtpTransceiverDirection;
  readonly receiver: { track: FakeTrack };
  /** Given by the first description that names it. */
  mid: string | null = null;
  readonly sender: FakeSender;

  constructor(
    readonly kind: 'audio' | 'video',
    direction: RTCRtpTransceiverDirection,
    track: unknown,
    encodings: RTCRtpEncodingParameters[] = [{}],
  ) {
    this.direction = direction;
    this.receiver = { track: fakeTrack(kind) };
    let parameters = { encodings: encodings.map((encoding) => ({ active: true, ...encoding })) } as RTCRtpSendParameters;
    this.sender = {
      track,
      getParameters: () => structuredClone(parameters),
      setParameters: async (next) => {
        parameters = structuredClone(next);
      },
      replaceTrack: async (next) => {
        this.sender.track = next;
      },
      setStreams: () => {},
    };
  }
}

let tracks = 0;
let made = 0;

export function fakeTrack(kind: 'audio' | 'video'): FakeTrack {
  return { kind, id: `${kind}-${++tracks}`, onmute: null, onunmute: null };
}

/** A data channel whose other end is the test. */
export class FakeDataChannel {
  readyState: RTCDataChannelState = 'connecting';
  bufferedAmount = 0;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  binaryType: BinaryType = 'blob';
  readonly sent: (string | Uint8Array)[] = [];

  constructor(
    readonly label: string,
    readonly init: RTCDataChannelInit,
  ) {}

  send(message: string | Uint8Array): void {
    this.sent.push(message);
  }

  hear(data: unknown): void {
    this.onmessage?.({ data });
  }
}

interface Session {
  kinds: ('audio' | 'video')[];
  ice: number;
}

export class FakeConnection {
  signalingState: RTCSignalingState = 'stable';
  connectionState: RTCPeerConnectionState = 'new';
  localDescription: RTCSessionDescriptionInit | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: unknown) => void) | null = null;
  ontrack: ((event: unknown) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  readonly candidates: RTCIceCandidateInit[] = [];
  readonly configurations: RTCConfiguration[] = [];
  /** Another one for each connection, as with a browser. */
  certificate = `sha-256 ${++made}`;
  relayed = false;
  /** What the browser has decoded, by mid. */
  readonly decoded = new Map<string, { framesDecoded: number; keyFramesDecoded?: number }>();
  restarts = 0;
  closed = false;
  readonly channels: FakeDataChannel[] = [];
  #transceivers: FakeTransceiver[] = [];
  #negotiated = 0;
  #ice = 1;
  #remote: Session | undefined;
  #needed = false;

  getTransceivers(): FakeTransceiver[] {
    return this.#transceivers;
  }

  /** Nobody speaks. */
  getReceivers(): { track: FakeTrack; getSynchronizationSources: () => { audioLevel?: number }[] }[] {
    return this.#transceivers.map(({ receiver }) => ({ track: receiver.track, getSynchronizationSources: () => [] }));
  }

  /** Nothing is measured but how the packets leave. */
  async getStats(): Promise<ReadonlyMap<string, unknown>> {
    const candidate = (candidateType: string) => ({ type: 'candidate', candidateType });
    return new Map<string, unknown>([
      ['T', { type: 'transport', selectedCandidatePairId: 'P' }],
      ['P', { type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'R' }],
      ['L', candidate(this.relayed ? 'relay' : 'host')],
      ['R', candidate('relay')],
      ...[...this.decoded].map(([mid, counts]) => [`V${mid}`, { type: 'inbound-rtp', kind: 'video', mid, ...counts }] as const),
    ]);
  }

  addTransceiver(what: 'audio' | 'video' | FakeTrack, init: RTCRtpTransceiverInit & { direction: RTCRtpTransceiverDirection }): FakeTransceiver {
    const track = typeof what === 'string' ? null : what;
    const transceiver = new FakeTransceiver(typeof what === 'string' ? what : what.kind, init.direction, track, init.sendEncodings);
    this.#transceivers.push(transceiver);
    this.#need();
    return transceiver;
  }

  createDataChannel(label: string, init: RTCDataChannelInit): FakeDataChannel {
    const channel = new FakeDataChannel(label, init);
    this.channels.push(channel);
    if (this.channels.length === 1) this.#need();
    return channel;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configurations.push(configuration);
  }

  restartIce(): void {
    this.restarts++;
    this.#ice++;
    this.#need();
  }

  async setLocalDescription(description?: { type: 'rollback' }): Promise<void> {
    if (description?.type === 'rollback') {
      // What was offered is still to be negotiated: a browser says so again.
      if (this.signalingState === 'have-local-offer') this.#needed = true;
      this.signalingState = 'stable';
      this.localDescription = null;
      this.#settle();
      for (const transceiver of this.#transceivers.slice(this.#negotiated)) transceiver.mid = null;
      return;
    }
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    if (type === 'offer') this.#needed = false;
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
    const kinds = type === 'answer' && this.#remote ? this.#remote.kinds : this.#transceivers.map((transceiver) => transceiver.kind);
    this.#transceivers.forEach((transceiver, index) => (transceiver.mid ??= String(index)));
    this.localDescription = { type, sdp: `s=${JSON.stringify({ kinds, ice: this.#ice } satisfies Session)}\r\na=fingerprint:${this.certificate}` };
    if (type === 'answer') this.#settle();
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    const session = JSON.parse(description.sdp?.slice(2).split('\r\n')[0] ?? '') as Session;
    if (description.type === 'answer') {
      if (this.signalingState !== 'have-local-offer') throw new Error('an answer without an offer');
      this.signalingState = 'stable';
      this.#remote = session;
      this.#negotiated = this.#transceivers.length;
      this.#settle();
      return;
    }
    if (this.signalingState === 'have-local-offer') this.#needed = true;
    this.signalingState = 'have-remote-offer';
    this.#remote = session;
    // Transceivers of our own that were not negotiated yet do not take the place of offered ones.
    const own = this.#transceivers.splice(this.#negotiated);
    while (this.#transceivers.length < session.kinds.length) {
      const transceiver = new FakeTransceiver(session.kinds[this.#transceivers.length] ?? 'audio', 'recvonly', null);
      this.#transceivers.push(transceiver);
      this.ontrack?.({ transceiver, track: transceiver.receiver.track });
    }
    this.#negotiated = this.#transceivers.length;
    this.#transceivers.push(...own);
  }

  async addIceCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (!this.#remote) throw new Error('a candidate before its description');
    this.candidates.push(candidate);
  }

  close(): void {
    this.closed = true;
  }

  /** The test moves the connection. */
  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  #need(): void {
    this.#needed = true;
    this.#settle();
  }

  #settle(): void {
    if (!this.#needed || this.signalingState !== 'stable') return;
    setTimeout(() => {
      if (this.#needed && this.signalingState === 'stable' && !this.closed) this.onnegotiationneeded?.();
    }, 0);
  }
}
