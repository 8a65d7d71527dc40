/** What is open on the call page, and what its buttons and keys do. One place, so that both do the same. */
import { computed, signal } from '@preact/signals';
import type { Call } from '../../lib/call';
import { recall, remember } from '../preferences';
import { ChatPreview } from './chat-preview';
import { Knocker } from './knocker';
import { t } from '../texts';

export type OpenDialog = 'link' | 'settings' | 'shortcuts' | 'end' | undefined;
export type Panel = 'chat' | 'people' | undefined;
/** `grid`: all of one size. `speaker`: one large, the others beside it. */
export type Layout = 'grid' | 'speaker';

/** A picture that one can choose to see large. */
export interface Pin {
  uid: string;
  source: 'camera' | 'screen';
}

/** Whom a host is about to take out, `ban` for good. */
export interface Removal {
  uid: string;
  name: string;
  ban: boolean;
}

/** More lines than anybody listens to. */
const SAID_MAX = 20;

export class CallView {
  readonly panel = signal<Panel>(undefined);
  readonly chatOpen = computed(() => this.panel.value === 'chat');
  readonly peopleOpen = computed(() => this.panel.value === 'people');
  readonly reactionsOpen = signal(false);
  readonly layout = signal<Layout>(recall('layout') === 'speaker' ? 'speaker' : 'grid');
  readonly pin = signal<Pin | undefined>(undefined);
  /** Whom the next message is for; undefined for everybody. */
  readonly chatTo = signal<string | undefined>(undefined);
  readonly statsOpen = signal(false);
  readonly moreOpen = signal(false);
  readonly dialog = signal<OpenDialog>(undefined);
  readonly removal = signal<Removal | undefined>(undefined);
  readonly selfHidden = signal(false);
  /** The browser holds the sound back until somebody presses something. */
  readonly soundBlocked = signal(false);
  /** Sentences for screen readers, the last ones. */
  readonly said = signal<readonly { key: number; text: string }[]>([]);
  /** Why the server did not do what a host wished, in words; until it is read or the next wish is made. */
  readonly refusal = signal('');
  /** Single letters are shortcuts. Those who speak to their computer, or press keys by accident, switch them off. */
  readonly letterKeys = signal(recall('letter-keys') !== 'off');
  /** A quiet sound tells that somebody wants to come in. */
  readonly knockSound = signal(recall('knock-sound') !== 'off');
  readonly preview = new ChatPreview(() => performance.now());
  readonly canShare = typeof navigator.mediaDevices?.getDisplayMedia === 'function';
  readonly canFullScreen = document.fullscreenEnabled === true;
  readonly canPictureInPicture = document.pictureInPictureEnabled === true;

  readonly #sounds = new Set<HTMLMediaElement>();
  readonly #knocker = new Knocker(() => performance.now());
  #saidKey = 1;

  constructor(readonly call: Call) {}

  readonly toggleMicrophone = (): void => {
    void this.call.media.setMicrophone(!this.call.media.state.peek().audio);
  };

  readonly toggleCamera = (): void => {
    void this.call.media.setCamera(!this.call.media.state.peek().video);
  };

  readonly toggleShare = (): void => {
    const { media } = this.call;
    if (media.screen.peek()) media.stopScreen();
    else if (this.canShare && this.call.mayShare.peek()) void media.shareScreen();
  };

  readonly toggleChat = (): void => this.#togglePanel('chat');

  readonly togglePeople = (): void => this.#togglePanel('people');

  readonly closePanel = (): void => {
    const panel = this.panel.peek();
    this.panel.value = undefined;
    if (panel) document.querySelector<HTMLElement>(`[data-testid="${panel}-open"]`)?.focus();
  };

  /** Opens the chat to write to one other. */
  readonly writeTo = (uid: string): void => {
    this.chatTo.value = uid;
    this.panel.value = 'chat';
  };

  readonly toggleHand = (): void => {
    const { meeting } = this.call;
    meeting.raiseHand(!meeting.hand.peek());
  };

  readonly toggleLayout = (): void => {
    this.layout.value = this.layout.peek() === 'grid' ? 'speaker' : 'grid';
    this.pin.value = undefined;
    remember('layout', this.layout.peek());
  };

  readonly togglePin = (uid: string, source: Pin['source'] = 'camera'): void => {
    this.pin.value = this.isPinned(uid, source) ? undefined : { uid, source };
  };

  isPinned(uid: string, source: Pin['source'] = 'camera'): boolean {
    const pin = this.pin.value;
    return pin?.uid === uid && pin.source === source;
  }

  /** Whether whoever watches the room without being in it is shown this picture by order of a host. */
  isShown(uid: string, source: Pin['source']): boolean {
    const { stream, shown } = this.call.meeting.room.value;
    return stream !== 'off' && shown?.uid === uid && shown.source === source;
  }

  readonly toggleStats = (): void => {
    this.statsOpen.value = !this.statsOpen.peek();
  };

  readonly toggleFullScreen = (): void => {
    if (!this.canFullScreen) return;
    if (document.fullscreenElement) void document.exitFullscreen();
    else void document.documentElement.requestFullscreen().catch(() => undefined);
  };

  readonly togglePictureInPicture = (): void => {
    if (document.pictureInPictureElement) {
      void document.exitPictureInPicture();
      return;
    }
    const picture = document.querySelector<HTMLVideoElement>('[data-stage-picture] video');
    void picture?.requestPictureInPicture().catch(() => undefined);
  };

  readonly toggleSelf = (): void => {
    this.selfHidden.value = !this.selfHidden.peek();
  };

  readonly openDialog = (dialog: OpenDialog): void => {
    this.moreOpen.value = false;
    this.dialog.value = dialog;
  };

  readonly askToRemove = (removal: Removal | undefined): void => {
    this.removal.value = removal;
  };

  readonly toggleKnockSound = (): void => {
    this.knockSound.value = !this.knockSound.peek();
    remember('knock-sound', this.knockSound.peek() ? null : 'off');
  };

  /** Somebody is at the door, whom we may let in. */
  hearKnock(): void {
    if (this.knockSound.peek()) this.#knocker.knock();
  }

  readonly toggleLetterKeys = (): void => {
    this.letterKeys.value = !this.letterKeys.peek();
    remember('letter-keys', this.letterKeys.peek() ? null : 'off');
  };

  say(text: string): void {
    this.said.value = [...this.said.peek(), { key: this.#saidKey++, text }].slice(-SAID_MAX);
  }

  /** Says what a host's wish has come to, in the words given or in those of the refusal. */
  moderate(done: Promise<void>, words: string): void {
    this.refusal.value = '';
    done.then(
      () => {
        if (words) this.say(words);
      },
      (error: unknown) => {
        this.refusal.value = t('refused.wish', { reason: error instanceof Error ? error.message : String(error) });
        this.say(this.refusal.peek());
      },
    );
  }

  readonly forgetRefusal = (): void => {
    this.refusal.value = '';
  };

  readonly hangUp = (): void => {
    this.call.hangUp();
  };

  /** Plays the sound of an element, or remembers that it needs a press. */
  play(element: HTMLMediaElement): void {
    this.#sounds.add(element);
    element.play().then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof Error && error.name === 'NotAllowedError') this.soundBlocked.value = true;
      },
    );
  }

  #togglePanel(panel: Panel): void {
    this.panel.value = this.panel.peek() === panel ? undefined : panel;
  }

  forgetSound(element: HTMLMediaElement): void {
    this.#sounds.delete(element);
  }

  readonly playAll = (): void => {
    this.soundBlocked.value = false;
    for (const element of this.#sounds) this.play(element);
  };
}
