/**
 * A call: one room, the others in it, what is sent to them, and everything a page shows about it. Holds the channel, the
 * own media and the way to each member together; decides who offers, what survives a reconnection, and when to try again.
 */
import { batch, computed, effect, signal } from '@preact/signals-core';
import { Announcements } from './announcements';
import { ChannelError, type Channel, type ChannelEvent, type Outgoing } from './channel';
import { ChatLog } from './chat';
import { DataLanes } from './data-lanes';
import { DirectLinks } from './direct-links';
import { IceLeases } from './ice-leases';
import { grantOf, type IceGrant } from './ice-servers';
import type { LocalMedia } from './local-media';
import type { MediaSessionOptions } from './media-session';
import { MEDIA_UID } from './media-link';
import { Meeting, type Dismissal } from './meeting';
import type { MemberQuality, RoomStatus, Source, Track } from './meeting-message';
import { ErrorCode, type Joined, type MediaState, type MemberConnection, type ServerMessage } from './message';
import { Participant } from './participant';
import { Pulse } from './pulse';
import { Speech } from './speech';
import { Topology } from './topology';
import type { UrlParameters } from './url-parameters';

/** A member whom the server has forgotten (it was started anew) keeps their place this long; their media may still flow. */
const MISSING_GRACE_MS = 15_000;

/** `waiting`: a host has been asked to let us in. */
export type CallPhase = 'joining' | 'waiting' | 'joined' | 'left' | 'refused';
export type CallConnection = 'alone' | 'connecting' | 'connected' | 'reconnecting' | 'failed';

export interface CallOptions {
  channel: Channel;
  media: LocalMedia;
  parameters: UrlParameters;
  createConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  /** Fresh TURN credentials for a restart late in a call; may reject, the old ones are then used. */
  fetchIceServers: () => Promise<IceGrant>;
  /** Milliseconds since 1970. */
  now: () => number;
}

export class Call {
  readonly phase = signal<CallPhase>('joining');
  readonly refusal = signal<ChannelError | undefined>(undefined);
  readonly participants = signal<readonly Participant[]>([]);
  /** When the meeting began, by the clock of this browser; undefined before there was somebody else. */
  readonly startedAt = signal<number | undefined>(undefined);
  readonly chat = new ChatLog();
  /** What programs built on this call tell each other. */
  readonly data: DataLanes;
  readonly chatBytesMax = signal(4096);
  /** The server lets this member write, and show a screen. */
  readonly mayChat = signal(true);
  readonly mayShare = signal(true);
  readonly announcements = new Announcements();
  /** How well we are connected to the media server, by its own account. */
  readonly network = signal<MemberQuality | undefined>(undefined);
  readonly media: LocalMedia;
  readonly channel: Channel;
  readonly pulse: Pulse;
  readonly meeting: Meeting;
  readonly topology: Topology;
  readonly speech: Speech;
  /** Why a host ended our stay; undefined when we left by ourselves. */
  readonly dismissal = signal<Dismissal | undefined>(undefined);
  readonly connection = computed<CallConnection>(() => this.#connection());

  readonly #options: CallOptions;
  readonly #leases: IceLeases;
  readonly #links: DirectLinks;
  #uid = '';
  /** Whom the roster of the last resume brought: a `new-peer` that was kept for us says it again. */
  readonly #came = new Set<string>();
  #stopEffects: (() => void)[] = [];
  #missingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: CallOptions) {
    this.#options = options;
    this.channel = options.channel;
    this.data = new DataLanes(options.channel);
    this.media = options.media;
    this.pulse = new Pulse(this, options.now);
    this.meeting = new Meeting({
      channel: options.channel,
      silence: (source) => this.#silence(source),
      dismissed: (how) => {
        this.dismissal.value = how;
        this.hangUp();
      },
    });
    const { parameters, createConnection } = options;
    this.#leases = new IceLeases({ parameters, fetch: options.fetchIceServers, comeBack: () => this.channel.renew(), now: options.now });
    this.#links = new DirectLinks({
      channel: this.channel,
      leases: this.#leases,
      wishes: parameters.wishes,
      createConnection,
      find: (uid) => this.#find(uid),
      media: () => this.#outgoingMedia(),
      served: () => this.topology.mode.peek() === 'sfu',
    });
    this.topology = new Topology({
      session: this.#sessionOptions(),
      participants: () => this.participants.value,
      offer: (participant) => void this.#links.connect(participant, true),
      part: ({ uid }) => this.channel.send({ cmd: 'hangup', remoteUid: uid, msg: '' }),
    });
    this.speech = new Speech(this.participants);
    this.channel.onEvent = (event) => this.#handle(event);
  }

  /** Joins. Resolves when we are in the room or were refused; both show in {@link phase}. */
  async join(): Promise<void> {
    await this.channel.open().catch(() => undefined);
    if (this.phase.peek() !== 'joined') return;
    this.#stopEffects.push(
      effect(() => this.#publishState({ ...this.media.state.value, ...(this.meeting.hand.value && { hand: true }) })),
      effect(() => this.#sendMedia()),
      effect(() => this.#hearScreens()),
      effect(() => this.data.attach(this.topology.session.value?.link.value?.connection)),
    );
    this.pulse.start();
  }

  hangUp(): void {
    this.channel.close();
    this.#end('left');
  }

  /** The page goes, and may be loaded again in a moment. */
  part(): void {
    this.channel.part();
    this.#end('left');
  }

  /** Writes to everybody, or to one. */
  async say(text: string, to?: Participant): Promise<void> {
    const reader = to && { uid: to.uid, name: to.name.peek() };
    await this.#deliver(this.chat.compose(text, this.#options.now(), reader), text, reader?.uid);
  }

  async sayAgain(key: number): Promise<void> {
    const message = this.chat.messages.peek().find((candidate) => candidate.key === key);
    if (message) await this.#deliver(key, message.text, message.to?.uid);
  }

  /** The network changed: checks the server connection and looks for new paths at once. */
  networkChanged(): void {
    this.channel.probe();
    this.topology.session.peek()?.networkChanged();
    for (const participant of this.participants.peek()) void participant.link.peek()?.restart();
  }

  /** A person asks to try again. */
  retry(): void {
    this.networkChanged();
  }

  #connection(): CallConnection {
    const others = this.participants.value;
    if (this.channel.state.value === 'reconnecting') return 'reconnecting';
    if (others.length === 0) return 'alone';
    const states = others.map((participant) => participant.linkState.value);
    if (states.includes('failed')) return 'failed';
    if (states.includes('reconnecting') || others.some((participant) => participant.connection.value === 'reconnecting' || participant.missing.value)) return 'reconnecting';
    return states.includes('connected') ? 'connected' : 'connecting';
  }

  #handle(event: ChannelEvent): void {
    batch(() => {
      if (event.kind === 'joined') this.#entered(event.joined, event.again);
      else if (event.kind === 'message') this.#receive(event.message);
      else if (event.kind === 'waiting') this.phase.value = 'waiting';
      else {
        this.refusal.value = event.error;
        this.#end('refused');
      }
    });
  }

  #entered(joined: Joined, again: boolean): void {
    this.#leases.take(grantOf(joined.iceServers, this.#options.now()));
    this.chatBytesMax.value = joined.chatBytesMax;
    const may = (grant: string) => joined.grants?.includes(grant) ?? true;
    this.mayChat.value = may('chat');
    this.mayShare.value = may('pub.screen');
    this.media.allow({ audio: may('pub.audio'), video: may('pub.video') });
    this.#uid = joined.self.uid;
    this.meeting.enter(joined);
    if (this.chat.messages.peek().length === 0) this.chat.restore(joined.history, this.#uid);
    // A server that was started anew has forgotten how long we have been talking.
    if (joined.elapsedMs !== undefined) this.startedAt.value = Math.min(this.startedAt.peek() ?? Infinity, this.#options.now() - joined.elapsedMs);
    this.phase.value = 'joined';
    const present = new Set(joined.roster.map((entry) => entry.uid));
    if (again && !joined.resumed) this.#startOver();
    else for (const participant of this.participants.peek()) if (!present.has(participant.uid)) this.#remove(participant.uid);
    this.#came.clear();
    for (const entry of joined.roster) {
      const known = this.#find(entry.uid);
      const came = !known || known.missing.peek();
      const participant = this.#meet(entry.uid, entry.name, entry.v);
      this.#introduce(participant, entry);
      this.#learn(participant, entry.connection, entry.state);
      if (again && joined.resumed) this.#catchUp(participant, came);
      else participant.senior = true;
    }
    this.topology.enter(joined, again);
    // A page that was loaded again comes back to its seat: nobody hears of a newcomer, so the offers are ours.
    if (!again && joined.resumed && this.topology.mode.peek() === 'p2p') for (const participant of this.participants.peek()) this.#links.connect(participant, true);
    if (again) this.#publishState({ ...this.media.state.peek(), ...(this.meeting.hand.peek() && { hand: true }) });
  }

  /**
   * Somebody in the room after a resume. Who came while our connection was dying is a newcomer to us, whose `new-peer` is
   * lost. Somebody without a link waits for an offer that is lost, or makes one at this moment: it costs nothing to make one
   * too, but for a client of dialect A, which could not take both.
   */
  #catchUp(participant: Participant, came: boolean): void {
    if (came) {
      this.#came.add(participant.uid);
      participant.senior = false;
    }
    if (this.topology.mode.peek() === 'sfu') return;
    const link = participant.stale ? undefined : participant.link.peek();
    if (came || (!link && participant.dialect.peek() > 1)) this.#links.connect(participant, true);
    else void link?.recover();
  }

  /** The server has forgotten the room. Whoever comes back within the grace keeps their tile, and their picture meanwhile. */
  #startOver(): void {
    for (const participant of this.participants.peek()) {
      participant.missing.value = true;
      participant.stale = true;
    }
    clearTimeout(this.#missingTimer);
    this.#missingTimer = setTimeout(() => {
      for (const participant of this.participants.peek()) if (participant.missing.peek()) this.#remove(participant.uid);
    }, MISSING_GRACE_MS);
  }

  #receive(message: Exclude<ServerMessage, Joined>): void {
    if (this.topology.receive(message)) return;
    if (message.cmd === 'react') this.#announceReaction(message.uid, message.reaction);
    if (message.cmd === 'room') this.#announceDoor(message);
    if (this.meeting.receive(message)) return;
    switch (message.cmd) {
      case 'new-peer': {
        const participant = this.#meet(message.remoteUid, message.name, message.v);
        this.#introduce(participant, message);
        this.#learn(participant, 'online', message.state);
        this.topology.session.peek()?.fit();
        if (this.#came.delete(message.remoteUid)) break;
        participant.senior = false;
        if (this.topology.mode.peek() === 'p2p') this.#links.connect(participant, true);
        break;
      }
      case 'tracks':
        this.#introduce(this.#find(message.remoteUid), message);
        break;
      case 'role':
        this.#introduce(this.#find(message.remoteUid), message);
        break;
      case 'speakers':
        this.speech.hear(message.speakers);
        break;
      case 'quality':
        for (const member of message.members) {
          if (member.remoteUid === this.#uid) this.network.value = member;
          else {
            const participant = this.#find(member.remoteUid);
            if (participant) participant.network.value = member;
          }
        }
        break;
      case 'peer-leave':
        this.#came.delete(message.remoteUid);
        this.#remove(message.remoteUid);
        break;
      case 'peer-state': {
        const participant = this.#find(message.remoteUid);
        if (participant) this.#learn(participant, message.connection, message.state);
        break;
      }
      case 'offer':
      case 'answer':
      case 'candidate':
        this.#links.receive(message.cmd, message.uid, message.msg);
        break;
      case 'hangup':
        this.#hearHangup(this.#find(message.uid));
        break;
      case 'chat':
        this.chat.receive({ uid: message.uid, name: message.name || (this.#find(message.uid)?.name.peek() ?? '') }, message.text, message.at, message.private);
        this.announcements.say('chat', message.name, message.text);
        break;
      case 'data':
        this.data.receive(message);
        break;
      case 'ok':
      case 'pong':
      case 'error':
      case 'closing':
      case 'waiting':
      case 'mode':
      case 'slots':
      case 'layers':
      case 'react':
      case 'moderated':
      case 'room':
        // Answers belong to the channel; an error without id tells of a message that the peer will ask for again. The others
        // have been taken above.
        break;
    }
  }

  #find(uid: string): Participant | undefined {
    return this.participants.peek().find((participant) => participant.uid === uid);
  }

  #meet(uid: string, name: string, dialect: number): Participant {
    let participant = this.#find(uid);
    if (!participant) {
      participant = new Participant(uid, this.topology);
      this.participants.value = [...this.participants.peek(), participant];
      this.announcements.say('joined', name);
    }
    participant.name.value = name;
    participant.dialect.value = dialect;
    participant.missing.value = false;
    this.startedAt.value ??= this.#options.now();
    return participant;
  }

  #learn(participant: Participant, connection: MemberConnection, state: MediaState | undefined): void {
    participant.connection.value = connection;
    // A client of dialect A says nothing of itself; whatever stands in its place is not its word.
    if (!state || participant.dialect.peek() < 2) return;
    if (state.screen && !participant.said.peek()?.screen) this.announcements.say('screen', participant.name.peek());
    if (state.hand && participant.hand.peek() === undefined) this.announcements.say('hand', participant.name.peek());
    participant.hand.value = state.hand ? (state.handAt ?? participant.hand.peek() ?? this.#options.now()) : undefined;
    participant.said.value = state;
  }

  #introduce(participant: Participant | undefined, { role, encoder, tracks }: { role?: string; encoder?: true; tracks?: readonly Track[] }): void {
    if (!participant) return;
    if (encoder) participant.encoder.value = true;
    if (role !== undefined) participant.role.value = role;
    if (tracks !== undefined) participant.tracks.value = tracks;
  }

  /** In a room that turns to the server, our own picture of them may still come by the link: it goes with the turn. */
  #hearHangup(participant: Participant | undefined): void {
    if (participant && this.topology.mode.peek() === 'sfu') participant.parted.value = true;
    else participant?.dropLink();
  }

  #announceReaction(uid: string, reaction: string): void {
    const participant = this.#find(uid);
    if (participant) this.announcements.say('reaction', participant.name.peek(), reaction);
  }

  #announceDoor({ locked, waiting }: RoomStatus): void {
    const before = this.meeting.room.peek();
    const known = new Set(before.waiting.map((knock) => knock.uid));
    for (const knock of waiting) if (!known.has(knock.uid)) this.announcements.say('knock', knock.name);
    if (locked !== before.locked) this.announcements.say(locked ? 'locked' : 'unlocked', '');
  }

  #silence(source: Source): void {
    if (source === 'microphone') void this.media.setMicrophone(false);
    else if (source === 'camera') void this.media.setCamera(false);
    else this.media.stopScreen();
  }

  #remove(uid: string): void {
    const participant = this.#find(uid);
    if (!participant) return;
    participant.dropLink();
    const session = this.topology.session.peek();
    for (const source of ['camera', 'screen', 'screen-audio'] as const) session?.drop(uid, source);
    this.participants.value = this.participants.peek().filter((other) => other !== participant);
    this.announcements.say('left', participant.name.peek());
  }

  #outgoingMedia() {
    return { audio: this.media.microphone.peek(), video: this.media.camera.peek(), screen: this.media.screen.peek() };
  }

  #sessionOptions(): MediaSessionOptions {
    const { parameters, createConnection } = this.#options;
    return {
      wishes: parameters.wishes,
      createConnection,
      lease: () => this.#leases.forMedia(this.#leases.lease()),
      freshLease: async () => this.#leases.forMedia(await this.#leases.freshLease()),
      may: () => ({ ...this.media.allowed.peek(), screen: this.mayShare.peek() }),
      media: () => this.#outgoingMedia(),
      others: () => this.participants.peek().length,
      offer: (msg) => this.channel.request({ cmd: 'offer', remoteUid: MEDIA_UID, msg }),
      subscribe: (slots) => this.channel.request({ cmd: 'subscribe', slots }),
      troubled: () => this.channel.probe(),
    };
  }

  /** The sound of a shared screen goes with it, whoever looks. */
  #hearScreens(): void {
    const session = this.topology.session.value;
    for (const { uid, said, tracks } of this.participants.value) {
      const heard = said.value?.screen === true && tracks.value.some((track) => track.source === 'screen-audio');
      if (heard) session?.want({ uid, source: 'screen-audio', width: 0, height: 0, priority: 'normal', visible: true });
      else session?.drop(uid, 'screen-audio');
    }
  }

  #sendMedia(): void {
    const media = { audio: this.media.microphone.value, video: this.media.camera.value, screen: this.media.screen.value };
    this.topology.session.peek()?.setMedia(media);
    for (const participant of this.participants.peek()) void participant.link.peek()?.setMedia(media);
  }

  #publishState(state: MediaState): void {
    if (this.channel.state.peek() !== 'open') return;
    this.channel.request({ cmd: 'state', state } satisfies Outgoing).catch((error: unknown) => {
      // Where only a host may end a mute.
      if (error instanceof ChannelError && error.code === ErrorCode.Forbidden) this.meeting.holdToSilence(state);
    });
  }

  async #deliver(key: number, text: string, remoteUid?: string): Promise<void> {
    this.chat.mark(key, 'sending');
    const sent = await this.channel.request({ cmd: 'chat', text, ...(remoteUid !== undefined && { remoteUid }) }).then(
      () => true,
      () => false,
    );
    this.chat.mark(key, sent ? 'sent' : 'failed');
  }

  #end(phase: 'left' | 'refused'): void {
    clearTimeout(this.#missingTimer);
    this.pulse.stop();
    this.topology.close();
    this.speech.close();
    this.meeting.close();
    for (const stop of this.#stopEffects) stop();
    this.#stopEffects = [];
    for (const participant of this.participants.peek()) participant.dropLink();
    batch(() => {
      this.participants.value = [];
      this.startedAt.value = undefined;
      this.phase.value = phase;
    });
  }
}
