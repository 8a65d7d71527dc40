/**
 * The connection to one other member: offers, answers, candidates and repairs.
 *
 * Perfect negotiation: the older member makes the first offer and wins when both offer at once; the joiner gives way.
 * Should both believe to be the older, or neither (a message was lost), the random marks of the two offers decide.
 * A member of dialect A gets offers only where it can answer them, and never a third m-line: its screen share
 * replaces the camera.
 */
import { signal } from '@preact/signals-core';
import { decodeCandidate, encodeCandidate } from './candidate';
import { newMark } from './random';
import { Renewal } from './renewal';
import { certificates, incomingSdp, outgoingSdp, type SdpWishes } from './sdp';
import { isRelayed } from './stats';

/** Candidates that arrive before their description wait here; no browser gathers nearly as many. */
export const EARLY_CANDIDATES_MAX = 256;
/** ICE often recovers by itself from a short gap; after this long it is restarted. */
const DISCONNECTED_GRACE_MS = 2000;
/** The joiner leaves the older member this much time to restart first. */
const POLITE_DELAY_MS = 1500;
/** An ICE restart that has not connected after this time is tried again. */
const RESTART_AGAIN_MS = 6000;
/** A restarted ICE that is busy checking is left alone for this long. */
const CHECKING_PATIENCE_MS = 15_000;
/** An offer that is not answered within this time was perhaps lost with a connection to the server. */
const ANSWER_PATIENCE_MS = 5000;
/** Not connected for this long: the page says so, while attempts go on. */
const FAILED_AFTER_MS = 20_000;

export type LinkState = 'connecting' | 'connected' | 'reconnecting' | 'failed' | 'closed';

/** How to connect, and for how long that is good. */
export interface IceLease {
  configuration: RTCConfiguration;
  /** When to have fresh credentials; not positive: overdue; `Infinity`: never. */
  renewInMs: number;
}

/** The description comes from another connection than those before, or needs one of its own: a new link must take its place. */
export class AnotherSession extends Error {}

export interface LinkOptions {
  /** This side makes the first offer. */
  offerer: boolean;
  /** We were in the room before the other. */
  older: boolean;
  /** 1 for dialect A, 2 for our own. */
  dialect: number;
  lease: IceLease;
  wishes: SdpWishes;
  createConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  send: (cmd: 'offer' | 'answer' | 'candidate', msg: string) => void;
  /** Fresh credentials for a restart; the old ones when there are none. */
  freshLease: () => Promise<IceLease>;
  /** Something does not arrive: the connection to the server may be dead too. */
  troubled: () => void;
}

/** What is sent; `null` for nothing. */
export interface OutgoingMedia {
  audio: MediaStreamTrack | null;
  video: MediaStreamTrack | null;
  screen: MediaStream | null;
}

export class PeerLink {
  readonly state = signal<LinkState>('connecting');
  /** Camera and microphone of the other. */
  readonly media = signal<readonly MediaStreamTrack[]>([]);
  /** The screen of the other, with its sound. */
  readonly screen = signal<readonly MediaStreamTrack[]>([]);
  readonly connection: RTCPeerConnection;

  readonly #options: LinkOptions;
  readonly #stream = new MediaStream();
  #sent: OutgoingMedia = { audio: null, video: null, screen: null };
  #shareSenders: RTCRtpTransceiver[] = [];
  #makingOffer = false;
  /** Which of our offers is out, and which of theirs we answer; clients of dialect A have none. */
  #offerMark = '';
  #answeredMark: string | undefined;
  /** The certificates of the connection at the other end. */
  #certificates: string | undefined;
  #described = false;
  #everConnected = false;
  #restarted = false;
  #early: RTCIceCandidateInit[] = [];
  #work: Promise<void> = Promise.resolve();
  #release: () => void = () => {};
  /** Resolves with {@link close}. */
  readonly #closed = new Promise<void>((resolve) => (this.#release = resolve));
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #failTimer: ReturnType<typeof setTimeout> | undefined;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #renewal = new Renewal(() => void this.#enqueue(() => this.#renew()));

  constructor(options: LinkOptions) {
    this.#options = options;
    const connection = options.createConnection(options.lease.configuration);
    this.connection = connection;
    connection.onnegotiationneeded = () => void this.#offer();
    connection.onicecandidate = (event) => {
      const msg = encodeCandidate(event.candidate);
      if (msg) options.send('candidate', msg);
    };
    connection.ontrack = (event) => this.#receive(event);
    connection.onconnectionstatechange = () => this.#watch();
    this.#failTimer = setTimeout(() => this.#giveUp(), FAILED_AFTER_MS);
    this.#renewal.in(options.lease.renewInMs);
    if (options.offerer) {
      for (const kind of ['audio', 'video'] as const) connection.addTransceiver(kind, { direction: 'sendrecv', streams: [this.#stream] });
    }
  }

  /** Replaces what is sent. Nothing is negotiated for camera and microphone; a screen is, where the other side can. */
  async setMedia(media: OutgoingMedia): Promise<void> {
    this.#sent = media;
    await this.#attach();
  }

  /**
   * An `offer` or `answer` of the other: JSON of a session description.
   * @throws AnotherSession when only a new link can take it
   */
  description(msg: string): Promise<void> {
    return this.#enqueue(async () => {
      const description = parseDescription(msg);
      if (description) await this.#applyDescription(description);
    });
  }

  /** A `candidate` of the other, in either shape. */
  candidate(msg: string): Promise<void> {
    return this.#enqueue(async () => {
      const candidate = decodeCandidate(msg);
      if (!candidate) return;
      if (this.#described) await this.#addCandidate(candidate);
      else if (this.#early.length < EARLY_CANDIDATES_MAX) this.#early.push(candidate);
    });
  }

  /** To be called when signalling is back: says again what may have been lost, and repairs what is broken. */
  recover(): Promise<void> {
    return this.#enqueue(async () => {
      const { signalingState, localDescription } = this.connection;
      const answered = !this.#everConnected && localDescription?.type === 'answer';
      if (signalingState === 'have-local-offer' || answered) this.#sendDescription();
      else if (this.state.peek() !== 'connected') await this.#restart();
    });
  }

  /** To be called when the network changed: finds a new path without waiting for the old one to be missed. */
  restart(): Promise<void> {
    return this.#enqueue(() => this.#restart());
  }

  close(): void {
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#failTimer);
    clearTimeout(this.#answerTimer);
    this.#renewal.stop();
    this.state.value = 'closed';
    this.connection.onnegotiationneeded = this.connection.onicecandidate = null;
    this.connection.ontrack = this.connection.onconnectionstatechange = null;
    this.connection.close();
    this.#release();
    this.media.value = [];
    this.screen.value = [];
  }

  /**
   * One step after the other: a candidate never overtakes its description. What a browser has begun when the connection is
   * closed it never ends; whoever waits for it is let go.
   */
  #enqueue(step: () => Promise<void>): Promise<void> {
    const done = this.#work.then(() => (this.#isOpen() ? Promise.race([step(), this.#closed]) : undefined));
    // A step that failed has been reported to its caller; it must not stop the following ones.
    this.#work = done.catch(() => undefined);
    return done;
  }

  #isOpen(): boolean {
    return this.state.peek() !== 'closed';
  }

  async #offer(): Promise<void> {
    if (!this.#isOpen()) return;
    try {
      this.#makingOffer = true;
      this.#offerMark = `${this.#options.older ? 1 : 0}${newMark()}`;
      await this.connection.setLocalDescription();
      if (this.#isOpen()) this.#sendDescription();
    } catch {
      // The state changed under way (an offer of the other came first): `negotiationneeded` comes again when it is stable.
    } finally {
      this.#makingOffer = false;
    }
  }

  async #applyDescription(description: Description): Promise<void> {
    const connection = this.connection;
    const offer = description.type === 'offer';
    const collision = offer && (this.#makingOffer || connection.signalingState !== 'stable');
    if (collision && this.#wins(description.offer)) return;
    if (!offer && !this.#isAwaited(description)) return;
    const named = certificates(description.sdp);
    // Lines that we offered and nobody answered would stand in the way of theirs.
    if (collision && !this.#described) throw new AnotherSession();
    if (this.#certificates !== undefined && named !== undefined && named !== this.#certificates) throw new AnotherSession();
    await connection.setRemoteDescription({ type: description.type, sdp: incomingSdp(description.sdp, this.#options.wishes) });
    clearTimeout(this.#answerTimer);
    this.#certificates = named;
    this.#described = true;
    const early = this.#early;
    this.#early = [];
    for (const candidate of early) await this.#addCandidate(candidate);
    if (offer) {
      this.#answeredMark = description.offer;
      this.#acceptMedia();
      await this.#attach();
      await connection.setLocalDescription();
      this.#sendDescription();
    } else {
      await this.#attach();
    }
    await this.#limitBitrates();
  }

  /** Whether our offer stands when the other offers at the same time. Both sides must come to the same decision. */
  #wins(theirs: string | undefined): boolean {
    return theirs === undefined ? this.#options.older : this.#offerMark > theirs;
  }

  /** An answer to an offer that was taken back describes what does not exist any more. */
  #isAwaited({ offer }: Description): boolean {
    return this.connection.signalingState === 'have-local-offer' && (offer === undefined || offer === this.#offerMark);
  }

  async #addCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    try {
      await this.connection.addIceCandidate(candidate);
    } catch {
      // Belongs to an offer that was passed over, or names something this browser cannot use: the other candidates remain.
    }
  }

  #sendDescription(): void {
    const description = this.connection.localDescription;
    if (!description || (description.type !== 'offer' && description.type !== 'answer')) return;
    const { send, dialect, wishes } = this.#options;
    const mark = description.type === 'offer' ? this.#offerMark : this.#answeredMark;
    send(description.type, JSON.stringify({ type: description.type, sdp: outgoingSdp(description.sdp, wishes), ...(dialect > 1 && { offer: mark }) }));
    clearTimeout(this.#answerTimer);
    if (description.type === 'offer') this.#answerTimer = setTimeout(() => this.#remind(), ANSWER_PATIENCE_MS);
  }

  /** The offer, or its answer, is lost: says it again with all candidates so far, unless a restart is about to do better. */
  #remind(): void {
    this.#options.troubled();
    if (this.connection.signalingState === 'have-local-offer' && this.#restartTimer === undefined) this.#sendDescription();
  }

  /** The first transceiver of a kind carries microphone or camera; later ones belong to a screen share. */
  #main(kind: 'audio' | 'video'): RTCRtpTransceiver | undefined {
    return this.connection.getTransceivers().find((transceiver) => transceiver.receiver.track.kind === kind);
  }

  /** Opens our side of what the other offered, so that camera and microphone can be sent at any time. */
  #acceptMedia(): void {
    for (const kind of ['audio', 'video'] as const) {
      const transceiver = this.#main(kind);
      if (!transceiver || transceiver.direction !== 'recvonly' || this.#shareSenders.includes(transceiver)) continue;
      transceiver.direction = 'sendrecv';
      transceiver.sender.setStreams?.(this.#stream);
    }
  }

  async #attach(): Promise<void> {
    if (!this.#isOpen()) return;
    const { audio, video, screen } = this.#sent;
    const alone = this.#options.dialect < 2;
    const picture = alone && screen ? (screen.getVideoTracks()[0] ?? video) : video;
    await Promise.all([this.#replace('audio', audio), this.#replace('video', picture)]);
    if (!alone && this.#main('video')) this.#shareScreen(screen);
  }

  async #replace(kind: 'audio' | 'video', track: MediaStreamTrack | null): Promise<void> {
    const transceiver = this.#main(kind);
    if (!transceiver || transceiver.sender.track === track) return;
    if (!this.#options.offerer && !this.#described) return;
    await transceiver.sender.replaceTrack(track).catch(() => undefined);
  }

  /** Senders take parameters only once they are negotiated. */
  async #limitBitrates(): Promise<void> {
    const { audioSendKbps, videoSendKbps } = this.#options.wishes;
    const limits = { audio: audioSendKbps, video: videoSendKbps };
    for (const kind of ['audio', 'video'] as const) {
      const limit = limits[kind];
      const sender = this.#main(kind)?.sender;
      if (sender && limit !== undefined) await limitBitrate(sender, limit);
    }
  }

  #shareScreen(screen: MediaStream | null): void {
    const wanted = screen?.getTracks() ?? [];
    for (const transceiver of this.#shareSenders) {
      const track = wanted.find((candidate) => candidate.kind === transceiver.receiver.track.kind) ?? null;
      if (transceiver.sender.track === track) continue;
      void transceiver.sender.replaceTrack(track).catch(() => undefined);
      transceiver.direction = track ? 'sendonly' : 'inactive';
    }
    const missing = wanted.filter((track) => !this.#shareSenders.some((transceiver) => transceiver.receiver.track.kind === track.kind));
    for (const track of missing) {
      this.#shareSenders.push(this.connection.addTransceiver(track, { direction: 'sendonly', ...(screen && { streams: [screen] }) }));
    }
  }

  #receive(event: RTCTrackEvent): void {
    const main = event.transceiver === this.#main('audio') || event.transceiver === this.#main('video');
    const tracks = main ? this.media : this.screen;
    const track = event.track;
    if (!tracks.peek().includes(track)) tracks.value = [...tracks.peek(), track];
    if (main) return;
    // A share that ended stays as a muted track; it is shown again when it is taken up again.
    track.onmute = () => {
      this.screen.value = this.screen.peek().filter((shown) => shown !== track);
    };
    track.onunmute = () => {
      if (!this.screen.peek().includes(track)) this.screen.value = [...this.screen.peek(), track];
    };
  }

  #watch(): void {
    const now = this.connection.connectionState;
    this.#restartIn(undefined);
    if (now === 'connected') {
      clearTimeout(this.#failTimer);
      this.#failTimer = undefined;
      this.#everConnected = true;
      this.#restarted = false;
      this.state.value = 'connected';
      return;
    }
    if (now === 'connecting' && this.#restarted) this.#restartIn(this.connection.signalingState === 'stable' ? CHECKING_PATIENCE_MS : RESTART_AGAIN_MS);
    if (now !== 'disconnected' && now !== 'failed') return;
    this.#options.troubled();
    if (this.state.peek() !== 'failed') this.state.value = this.#everConnected ? 'reconnecting' : 'connecting';
    this.#failTimer ??= setTimeout(() => this.#giveUp(), FAILED_AFTER_MS);
    const wait = now === 'failed' ? 0 : DISCONNECTED_GRACE_MS;
    this.#restartIn(this.#options.older ? wait : wait + POLITE_DELAY_MS);
  }

  #restartIn(delayMs: number | undefined): void {
    clearTimeout(this.#restartTimer);
    this.#restartTimer = undefined;
    if (delayMs === undefined) return;
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = undefined;
      void this.restart();
    }, delayMs);
  }

  async #restart(): Promise<void> {
    const connection = this.connection;
    if (!this.#described && !this.#options.offerer) return;
    const lease = await this.#options.freshLease();
    if (!this.#isOpen()) return;
    configure(connection, lease);
    this.#renewal.in(lease.renewInMs);
    // An offer whose answer was lost would hold back the new one.
    if (connection.signalingState === 'have-local-offer') await connection.setLocalDescription({ type: 'rollback' });
    connection.restartIce();
    this.#restarted = true;
    if (connection.connectionState !== 'connected') this.#restartIn(RESTART_AGAIN_MS);
  }

  /** A relay goes on only for as long as the credentials that it was asked for with: the path moves to one with fresh ones. */
  async #renew(): Promise<void> {
    const lease = await this.#options.freshLease();
    if (!this.#isOpen()) return;
    this.#renewal.in(lease.renewInMs);
    if (lease.renewInMs <= 0) return;
    configure(this.connection, lease);
    if (await isRelayed(this.connection)) await this.#restart();
  }

  #giveUp(): void {
    this.#failTimer = undefined;
    if (this.connection.connectionState !== 'connected') this.state.value = 'failed';
  }
}

/** Firefox before 119 cannot change the servers of a connection: ICE is restarted with those that it has. */
function configure(connection: RTCPeerConnection, lease: IceLease): void {
  (connection as Partial<Pick<RTCPeerConnection, 'setConfiguration'>>).setConfiguration?.(lease.configuration);
}

async function limitBitrate(sender: RTCRtpSender, kbps: number): Promise<void> {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.maxBitrate = kbps * 1000;
  await sender.setParameters(parameters).catch(() => undefined);
}

/** A description on the wire. `offer` is the mark of the offer that it is, or answers. */
interface Description {
  type: 'offer' | 'answer';
  sdp: string;
  offer: string | undefined;
}

function parseDescription(msg: string): Description | undefined {
  try {
    const { type, sdp, offer } = JSON.parse(msg) as Record<string, unknown>;
    if ((type === 'offer' || type === 'answer') && typeof sdp === 'string') return { type, sdp, offer: typeof offer === 'string' ? offer : undefined };
  } catch {
    // Not JSON: nothing to apply.
  }
  return undefined;
}
