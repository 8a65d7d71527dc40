/**
 * The connection to the media server. This side makes every offer, one after the other; the server answers. What we send
 * is named by its source. What we receive comes in slots: places whose content changes without negotiation. More slots are
 * had by offering again.
 */
import { signal } from '@preact/signals-core';
import { ChannelError } from './channel';
import { slotCodecs } from './codecs';
import { cameraBitrate, cameraEncodings, cameraLayer, screenEncodings, startsActive } from './encodings';
import type { Source } from './meeting-message';
import { ErrorCode } from './message';
import type { IceLease, LinkState, OutgoingMedia } from './peer-link';
import { newMark } from './random';
import { Renewal } from './renewal';
import { certificates, incomingSdp, outgoingSdp, type SdpWishes } from './sdp';
import { isRelayed } from './stats';

/** The uid of the media server; nobody else can have it. */
export const MEDIA_UID = '@media';
/** No page shows more pictures at once. */
export const VIDEO_SLOTS_MAX = 49;
/** Nobody can follow more voices at once. */
export const AUDIO_SLOTS_MAX = 8;
/** ICE often recovers by itself from a short gap; after this long it is restarted. */
const DISCONNECTED_GRACE_MS = 2000;
/** A restart that has not connected by then has failed: the server does not know us any more. */
const RESTART_PATIENCE_MS = 8000;
/** An offer that is not answered within this time is made anew. */
const ANSWER_PATIENCE_MS = 5000;
/** The media server is busy or starting. */
const REFUSED_AGAIN_MS = 3000;
/** Not connected for this long: the page says so, while attempts go on. */
const FAILED_AFTER_MS = 20_000;

export interface MediaLinkOptions {
  lease: IceLease;
  wishes: SdpWishes;
  createConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  /** What the server lets us send; the rest is not even offered. */
  may: Readonly<Record<'audio' | 'video' | 'screen', boolean>>;
  /** How many slots of each kind to begin with. */
  slots: Readonly<Record<'audio' | 'video', number>>;
  /** Sends an offer to the server. Rejects with a {@link ChannelError} when it is refused. */
  offer: (msg: string) => Promise<void>;
  /** Fresh credentials for a restart; the old ones when there are none. */
  freshLease: () => Promise<IceLease>;
  /** Something does not arrive: the connection to the server may be dead too. */
  troubled: () => void;
  /** Only another connection can help. Not called after {@link MediaLink.close}. */
  broken: () => void;
}

/** A place into which the server puts a track of `kind`. */
export interface Slot {
  mid: string;
  kind: 'audio' | 'video';
  track: MediaStreamTrack;
}

export class MediaLink {
  readonly state = signal<LinkState>('connecting');
  /** The slots that the server has answered. */
  readonly slots = signal<readonly Slot[]>([]);
  /** Why the server refuses to talk about media with us. */
  readonly refusal = signal<ChannelError | undefined>(undefined);
  readonly connection: RTCPeerConnection;
  /** Tells this connection from others of ours, before and after it. */
  readonly name = newMark();

  readonly #options: MediaLinkOptions;
  readonly #stream = new MediaStream();
  readonly #senders = new Map<Source, RTCRtpTransceiver>();
  #receivers: RTCRtpTransceiver[] = [];
  /** Which encodings the server wants, by source and rid. */
  readonly #wanted = new Map<Source, ReadonlyMap<string, boolean>>();
  #certificates: string | undefined;
  #everConnected = false;
  #negotiating = false;
  /** The server will not take this offer however often it is made. Rolling it back makes the browser ask for it again. */
  #refused = false;
  #awaited: { mark: string; take: (sdp: string) => void } | undefined;
  /** Ends a wait before its time. */
  #wake: () => void = () => {};
  #parameters: Promise<void> = Promise.resolve();
  #release: () => void = () => {};
  readonly #closed = new Promise<void>((resolve) => (this.#release = resolve));
  readonly #renewal = new Renewal(() => void this.#renew());
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #failTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: MediaLinkOptions) {
    this.#options = options;
    const connection = options.createConnection(options.lease.configuration);
    this.connection = connection;
    connection.onnegotiationneeded = () => void this.#negotiate();
    connection.onconnectionstatechange = () => this.#watch();
    this.#failTimer = setTimeout(() => this.#giveUp(), FAILED_AFTER_MS);
    this.#renewal.in(options.lease.renewInMs);
    if (options.may.audio) this.#senders.set('microphone', connection.addTransceiver('audio', { direction: 'sendonly', streams: [this.#stream] }));
    if (options.may.video) {
      this.#senders.set('camera', connection.addTransceiver('video', { direction: 'sendonly', streams: [this.#stream], sendEncodings: cameraEncodings() }));
    }
    this.grow('audio', options.slots.audio);
    this.grow('video', options.slots.video);
  }

  /** Replaces what is sent. Nothing is negotiated for camera and microphone; the first screen is. */
  setMedia(media: OutgoingMedia): void {
    if (!this.#isOpen()) return;
    this.#replace('microphone', media.audio);
    this.#replace('camera', media.video);
    if (this.#options.may.screen) this.#shareScreen(media.screen);
  }

  /** Asks for slots until there are `count` of a kind. */
  grow(kind: 'audio' | 'video', count: number): void {
    if (!this.#isOpen()) return;
    const limit = Math.min(count, kind === 'audio' ? AUDIO_SLOTS_MAX : VIDEO_SLOTS_MAX);
    let present = this.#receivers.filter((transceiver) => transceiver.receiver.track.kind === kind).length;
    const codecs = kind === 'video' ? slotCodecs() : undefined;
    for (; present < limit; present++) {
      const slot = this.connection.addTransceiver(kind, { direction: 'recvonly' });
      if (codecs) slot.setCodecPreferences?.(codecs);
      this.#receivers.push(slot);
    }
  }

  /** An `answer` of the server. One to another offer than the last is passed over. */
  answer(msg: string): void {
    const answer = parseAnswer(msg);
    if (answer && this.#awaited?.mark === answer.offer) this.#awaited.take(answer.sdp);
  }

  /** What one of our own m-lines carries. */
  sourceOf(mid: string): Source | undefined {
    return [...this.#senders].find(([, transceiver]) => transceiver.mid === mid)?.[0];
  }

  /** Switches encodings on and off: nobody watches a layer that is off. */
  setLayers(source: Source, layers: readonly { rid: string; active: boolean }[]): void {
    this.#wanted.set(source, new Map([...(this.#wanted.get(source) ?? []), ...layers.map(({ rid, active }) => [rid, active] as const)]));
    this.#adjust(source);
  }

  /** To be called when signalling is back. */
  recover(): void {
    this.#wake();
    this.retry();
    if (this.#everConnected && this.connection.connectionState !== 'connected') void this.restart();
  }

  /** Makes an offer that was refused once more: the reason may be gone. Does nothing when none was refused. */
  retry(): void {
    if (!this.#refused) return;
    this.#refused = false;
    // The browser has asked already, and does not ask twice.
    void this.#negotiate();
  }

  /** Finds a new path without waiting for the old one to be missed. */
  async restart(): Promise<void> {
    const lease = await this.#options.freshLease();
    if (!this.#isOpen()) return;
    this.#configure(lease);
    this.connection.restartIce();
    this.#wake();
    this.retry();
    if (this.connection.connectionState !== 'connected') this.#after(RESTART_PATIENCE_MS, () => this.#broken());
  }

  close(): void {
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#failTimer);
    this.#renewal.stop();
    this.state.value = 'closed';
    this.connection.onnegotiationneeded = this.connection.onconnectionstatechange = null;
    this.connection.close();
    this.#release();
    this.slots.value = [];
  }

  #isOpen(): boolean {
    return this.state.peek() !== 'closed';
  }

  /** One offer at a time. What comes to be needed meanwhile is in the next: the browser asks again. */
  async #negotiate(): Promise<void> {
    if (this.#negotiating || this.#refused || !this.#isOpen()) return;
    this.#negotiating = true;
    try {
      while (this.#isOpen() && !(await this.#exchange())) {
        // Made anew: the answer was lost, or the server was not ready.
      }
    } catch {
      // The browser cannot take the answer of the server, or make an offer any more.
      this.#broken();
    } finally {
      this.#negotiating = false;
    }
  }

  /** An offer and its answer. False when it has to be done again. */
  async #exchange(): Promise<boolean> {
    const connection = this.connection;
    await connection.setLocalDescription();
    const local = connection.localDescription;
    if (!this.#isOpen() || local?.type !== 'offer') return true;
    const mark = newMark();
    let take: (sdp: string) => void = () => {};
    const answered = new Promise<string>((resolve) => (take = resolve));
    this.#awaited = { mark, take };
    const msg = JSON.stringify({ type: 'offer', sdp: outgoingSdp(local.sdp, this.#options.wishes), offer: mark, connection: this.name, tracks: this.#tracks() });
    const refused = await this.#options.offer(msg).then(
      () => undefined,
      (error: unknown) => (error instanceof ChannelError ? error : new ChannelError(0, 'unexpected', String(error))),
    );
    if (!this.#isOpen()) return true;
    if (refused) return this.#again(refused);
    const sdp = await Promise.race([answered, this.#pause(ANSWER_PATIENCE_MS)]);
    this.#awaited = undefined;
    if (!this.#isOpen()) return true;
    if (sdp === undefined) {
      this.#options.troubled();
      await connection.setLocalDescription({ type: 'rollback' });
      return false;
    }
    await this.#take(sdp);
    return true;
  }

  async #again(refused: ChannelError): Promise<boolean> {
    this.#awaited = undefined;
    await this.connection.setLocalDescription({ type: 'rollback' });
    const passes = refused.code === 0 || refused.code === ErrorCode.MediaUnavailable || refused.code === ErrorCode.RateLimited;
    this.refusal.value = refused.code === 0 ? undefined : refused;
    if (!passes) {
      this.#refused = true;
      this.state.value = 'failed';
      return true;
    }
    await this.#pause(REFUSED_AGAIN_MS);
    return false;
  }

  async #take(sdp: string): Promise<void> {
    const named = certificates(sdp);
    // Another server than before, which knows nothing of our keys.
    if (this.#certificates !== undefined && named !== this.#certificates) {
      this.#broken();
      return;
    }
    await this.connection.setRemoteDescription({ type: 'answer', sdp: incomingSdp(sdp, this.#options.wishes) });
    if (!this.#isOpen()) return;
    this.#certificates = named;
    this.refusal.value = undefined;
    if (this.connection.connectionState === 'connected') this.state.value = 'connected';
    this.slots.value = this.#receivers.flatMap(({ mid, receiver }) =>
      mid === null || mid === undefined ? [] : [{ mid, kind: receiver.track.kind as Slot['kind'], track: receiver.track }],
    );
    for (const source of this.#senders.keys()) this.#adjust(source);
  }

  #tracks(): { mid: string; source: Source }[] {
    const named: { mid: string; source: Source }[] = [];
    for (const [source, { mid, direction }] of this.#senders) if (mid !== null && direction === 'sendonly') named.push({ mid, source });
    return named;
  }

  /** Resolves with undefined after a time, or when somebody knows that it may go on, or when this is closed. */
  #pause(ms: number): Promise<undefined> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
      void this.#closed.then(done);
    });
  }

  #replace(source: Source, track: MediaStreamTrack | null): void {
    const transceiver = this.#senders.get(source);
    if (!transceiver || transceiver.sender.track === track) return;
    void transceiver.sender.replaceTrack(track).then(
      () => this.#adjust(source),
      () => undefined,
    );
  }

  #shareScreen(screen: MediaStream | null): void {
    const picture = screen?.getVideoTracks()[0] ?? null;
    const sound = screen?.getAudioTracks()[0] ?? null;
    for (const [source, track] of [['screen', picture], ['screen-audio', sound]] as const) {
      const present = this.#senders.get(source);
      if (present) {
        this.#replace(source, track);
        present.direction = track ? 'sendonly' : 'inactive';
      } else if (track && screen) {
        this.#senders.set(source, this.connection.addTransceiver(track, { direction: 'sendonly', streams: [screen], ...(source === 'screen' && { sendEncodings: screenEncodings() }) }));
      }
    }
  }

  /** Brings the encodings of a source to what the server wants and the picture needs. One change after the other. */
  #adjust(source: Source): void {
    const sender = this.#senders.get(source)?.sender;
    if (!sender) return;
    this.#parameters = this.#parameters.then(() => this.#setParameters(source, sender)).catch(() => undefined);
  }

  async #setParameters(source: Source, sender: RTCRtpSender): Promise<void> {
    if (!this.#isOpen()) return;
    const parameters = sender.getParameters();
    const wanted = this.#wanted.get(source);
    const { audioSendKbps, videoSendKbps } = this.#options.wishes;
    let changed = false;
    const size = sender.track?.getSettings?.() ?? {};
    for (const encoding of parameters.encodings) {
      // Where simulcast was not taken there is one encoding without a name.
      const rid = source === 'camera' ? encoding.rid : undefined;
      const layer = rid ? cameraLayer(rid, size) : { scale: encoding.scaleResolutionDownBy, used: true };
      const active = layer.used && (wanted?.get(encoding.rid ?? '') ?? (!rid || startsActive(rid)));
      const limit = source === 'camera' ? cameraBitrate(size, layer.scale ?? 1) : encoding.maxBitrate;
      const kbps = source === 'camera' ? videoSendKbps : source === 'microphone' ? audioSendKbps : undefined;
      const maxBitrate = kbps === undefined ? limit : Math.min(kbps * 1000, limit ?? Infinity);
      if (encoding.active !== active || encoding.maxBitrate !== maxBitrate || encoding.scaleResolutionDownBy !== layer.scale) changed = true;
      encoding.active = active;
      if (layer.scale !== undefined) encoding.scaleResolutionDownBy = layer.scale;
      if (maxBitrate !== undefined) encoding.maxBitrate = maxBitrate;
    }
    if (changed) await sender.setParameters(parameters);
  }

  #watch(): void {
    const now = this.connection.connectionState;
    this.#after(undefined);
    if (now === 'connected') {
      clearTimeout(this.#failTimer);
      this.#failTimer = undefined;
      this.#everConnected = true;
      this.state.value = 'connected';
      return;
    }
    if (now === 'connecting' && this.#everConnected) this.#after(RESTART_PATIENCE_MS, () => this.#broken());
    if (now !== 'disconnected' && now !== 'failed') return;
    this.#options.troubled();
    if (this.state.peek() !== 'failed') this.state.value = this.#everConnected ? 'reconnecting' : 'connecting';
    this.#failTimer ??= setTimeout(() => this.#giveUp(), FAILED_AFTER_MS);
    this.#after(now === 'failed' ? 0 : DISCONNECTED_GRACE_MS, () => void this.restart());
  }

  #after(delayMs: number | undefined, act: () => void = () => {}): void {
    clearTimeout(this.#restartTimer);
    this.#restartTimer = delayMs === undefined ? undefined : setTimeout(act, delayMs);
  }

  #broken(): void {
    if (this.#isOpen() && this.state.peek() !== 'failed') this.#options.broken();
    else if (this.#isOpen()) this.#after(RESTART_PATIENCE_MS, () => this.#options.broken());
  }

  #configure(lease: IceLease): void {
    // Firefox before 119 cannot: ICE is restarted with the servers that it has.
    (this.connection as Partial<Pick<RTCPeerConnection, 'setConfiguration'>>).setConfiguration?.(lease.configuration);
    this.#renewal.in(lease.renewInMs);
  }

  async #renew(): Promise<void> {
    const lease = await this.#options.freshLease();
    if (!this.#isOpen()) return;
    this.#configure(lease);
    if (lease.renewInMs > 0 && (await isRelayed(this.connection))) this.connection.restartIce();
  }

  #giveUp(): void {
    this.#failTimer = undefined;
    if (this.connection.connectionState !== 'connected') this.state.value = 'failed';
  }
}

function parseAnswer(msg: string): { sdp: string; offer: string } | undefined {
  try {
    const { type, sdp, offer } = JSON.parse(msg) as Record<string, unknown>;
    if (type === 'answer' && typeof sdp === 'string' && typeof offer === 'string') return { sdp, offer };
  } catch {
    // Not JSON: no answer.
  }
  return undefined;
}
