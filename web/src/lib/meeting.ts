/** What the members of a room do beside talking: roles, hands, reactions, the door, and what hosts may do. */
import { computed, signal } from '@preact/signals-core';
import type { Channel } from './channel';
import type { ModeratedMessage, ModerationAction, RoomStatus, Shot, Source, StreamPolicy } from './meeting-message';
import type { Joined, MediaState, ServerMessage } from './message';

/** What can be shown over one's own picture for a moment. */
export const REACTIONS = ['thumbs-up', 'heart', 'laugh', 'celebrate', 'thumbs-down'] as const;
export type Reaction = (typeof REACTIONS)[number];
/** How long a reaction is seen. */
export const REACTION_SHOWN_MS = 5000;
/** More at once are not told apart. */
const REACTIONS_MAX = 50;

export interface ShownReaction {
  key: number;
  /** Undefined for our own. */
  uid: string | undefined;
  reaction: Reaction;
}

/** A host did something to us. */
export interface Intervention {
  /** `held`: we tried to end a mute that only a host may end. */
  action: 'mute' | 'held' | 'unmute' | 'lower-hand' | 'role';
  source: Source | undefined;
  /** Who did it. */
  uid: string;
}

/** Why we are out of the room, said by a host. */
export type Dismissal = 'removed' | 'ended';

export interface MeetingOptions {
  channel: Channel;
  /** A host switched something of ours off. */
  silence: (source: Source) => void;
  dismissed: (how: Dismissal) => void;
}

/** What a member says of itself, by what it sends. */
const SAID_AS = { microphone: 'audio', camera: 'video', screen: 'screen' } as const;

const CLOSED_DOOR: RoomStatus = { locked: false, lobby: false, recording: undefined, stream: 'off', viewers: 0, shown: undefined, waiting: [] };

export class Meeting {
  readonly role = signal('member');
  /** Undefined where the server does not say. */
  readonly grants = signal<readonly string[] | undefined>(undefined);
  readonly room = signal<RoomStatus>(CLOSED_DOOR);
  readonly hand = signal(false);
  readonly reactions = signal<readonly ShownReaction[]>([]);
  /** The last thing that a host did to us. */
  readonly intervention = signal<Intervention | undefined>(undefined);
  readonly mayModerate = computed(() => this.grants.value?.includes('moderate') ?? false);
  readonly mayRecord = computed(() => this.mayModerate.value || (this.grants.value?.includes('record') ?? false));
  readonly mayAdmit = computed(() => this.mayModerate.value || (this.grants.value?.includes('admit') ?? false));

  readonly #options: MeetingOptions;
  #uid = '';
  /** What hosts have muted, and who did. */
  readonly #muted = new Map<Source, string>();
  /** The page was loaded again, and has not heard what was muted before: it may be any of what it wants to send. */
  #unaware = false;
  #entered = false;
  #nextKey = 1;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(options: MeetingOptions) {
    this.#options = options;
  }

  enter(joined: Joined): void {
    this.#uid = joined.self.uid;
    if (!this.#entered) this.#unaware = joined.resumed;
    this.#entered = true;
    this.role.value = joined.self.role || 'member';
    this.grants.value = joined.grants;
    this.room.value = joined.room;
  }

  /** Takes what is about the meeting and us; false for everything else. */
  receive(message: ServerMessage): boolean {
    switch (message.cmd) {
      case 'room':
        this.room.value = { locked: message.locked, lobby: message.lobby, recording: message.recording, stream: message.stream, viewers: message.viewers, shown: message.shown, waiting: message.waiting };
        return true;
      case 'react':
        if (message.uid !== this.#uid) this.#show(message.uid, message.reaction);
        return true;
      case 'moderated':
        this.#suffer(message);
        return true;
      case 'role':
        if (message.remoteUid !== this.#uid) return false;
        this.role.value = message.role;
        if (message.grants) this.grants.value = message.grants;
        return true;
      default:
        return false;
    }
  }

  raiseHand(up: boolean): void {
    this.hand.value = up;
  }

  react(reaction: Reaction): void {
    this.#options.channel.send({ cmd: 'react', reaction });
    this.#show(undefined, reaction);
  }

  /** Everybody but the hosts without a uid. */
  mute(uid: string | undefined, source: Source): Promise<void> {
    return this.#moderate('mute', { source, ...(uid !== undefined && { remoteUid: uid }) });
  }

  /** For an encoder, which sends again at once; people begin again by themselves. */
  unmute(uid: string, source: Source): Promise<void> {
    return this.#moderate('unmute', { source, remoteUid: uid });
  }

  /** What viewers of the room see; without a picture that of who speaks. */
  show(shot?: Shot): Promise<void> {
    return this.#moderate('show', shot ? { remoteUid: shot.uid, source: shot.source } : {});
  }

  lowerHand(uid?: string): Promise<void> {
    return this.#moderate('lower-hand', uid === undefined ? {} : { remoteUid: uid });
  }

  remove(uid: string, ban: boolean): Promise<void> {
    return this.#moderate('remove', { remoteUid: uid, ban });
  }

  lock(on: boolean): Promise<void> {
    return this.#moderate(on ? 'lock' : 'unlock', {});
  }

  setLobby(on: boolean): Promise<void> {
    return this.#moderate('lobby', { on });
  }

  /** Lets others watch without being in the room. */
  setStream(stream: StreamPolicy): Promise<void> {
    return this.#moderate('stream', { stream });
  }

  /** Begins to record the room, or ends that. */
  record(on: boolean): Promise<void> {
    return this.#options.channel.request({ cmd: 'record', on });
  }

  /** Agrees to be recorded, or not any more. */
  consent(on: boolean): Promise<void> {
    return this.#options.channel.request({ cmd: 'consent', on });
  }

  /** Lets in one who waits, or all of them. */
  admit(uid?: string): Promise<void> {
    return this.#moderate('admit', uid === undefined ? {} : { remoteUid: uid });
  }

  deny(uid: string): Promise<void> {
    return this.#moderate('deny', { remoteUid: uid });
  }

  setRole(uid: string, role: 'host' | 'member'): Promise<void> {
    return this.#moderate('role', { remoteUid: uid, role });
  }

  /** Everybody is told that it is over; whoever ended it knows. */
  async endForAll(): Promise<void> {
    await this.#moderate('end', {});
    this.#options.dismissed('ended');
  }

  /** The server did not let us end a mute by ourselves, and does not say which: all that is muted goes off again. */
  holdToSilence(state: MediaState): void {
    const wanted = (['microphone', 'camera', 'screen'] as const).filter((source) => state[SAID_AS[source]]);
    const muted = this.#unaware && this.#muted.size === 0 ? new Map(wanted.map((source) => [source, ''])) : this.#muted;
    for (const [source, uid] of muted) {
      this.#options.silence(source);
      this.intervention.value = { action: 'held', source, uid };
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.reactions.value = [];
    this.hand.value = false;
  }

  /** @throws ChannelError when the server refuses */
  #moderate(action: ModerationAction, more: { remoteUid?: string; source?: Source; ban?: boolean; on?: boolean; role?: string; stream?: StreamPolicy }): Promise<void> {
    return this.#options.channel.request({ cmd: 'moderate', action, ...more });
  }

  #suffer({ action, source, uid }: ModeratedMessage): void {
    if (action === 'remove') this.#options.dismissed('removed');
    else if (action === 'end') this.#options.dismissed('ended');
    else if (action === 'mute') {
      if (source) {
        this.#muted.set(source, uid);
        this.#options.silence(source);
      }
      this.intervention.value = { action, source, uid };
    } else if (action === 'lower-hand') {
      this.hand.value = false;
      this.intervention.value = { action, source: undefined, uid };
    } else if (action === 'unmute') {
      if (source) this.#muted.delete(source);
      this.intervention.value = { action, source, uid };
    } else if (action === 'role') this.intervention.value = { action, source: undefined, uid };
  }

  #show(uid: string | undefined, name: string): void {
    const reaction = REACTIONS.find((known) => known === name);
    if (!reaction) return;
    const key = this.#nextKey++;
    this.reactions.value = [...this.reactions.peek(), { key, uid, reaction }].slice(-REACTIONS_MAX);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.reactions.value = this.reactions.peek().filter((shown) => shown.key !== key);
    }, REACTION_SHOWN_MS);
    this.#timers.add(timer);
  }
}
