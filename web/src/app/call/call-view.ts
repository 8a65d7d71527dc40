/** What is open on the call page, and what its buttons and keys do. One place, so that both do the same. */
import { signal } from '@preact/signals';
import type { Call } from '../../lib/call';

export type OpenDialog = 'link' | 'settings' | 'shortcuts' | undefined;

export class CallView {
  readonly chatOpen = signal(false);
  readonly statsOpen = signal(false);
  readonly moreOpen = signal(false);
  readonly dialog = signal<OpenDialog>(undefined);
  readonly selfHidden = signal(false);
  /** The browser holds the sound back until somebody presses something. */
  readonly soundBlocked = signal(false);
  /** Sentences about what just happened to us, for screen readers. */
  readonly spoken = signal('');
  readonly canShare = typeof navigator.mediaDevices?.getDisplayMedia === 'function';
  readonly canFullScreen = document.fullscreenEnabled === true;
  readonly canPictureInPicture = document.pictureInPictureEnabled === true;

  readonly #sounds = new Set<HTMLMediaElement>();

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

  readonly toggleChat = (): void => {
    this.chatOpen.value = !this.chatOpen.peek();
  };

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

  forgetSound(element: HTMLMediaElement): void {
    this.#sounds.delete(element);
  }

  readonly playAll = (): void => {
    this.soundBlocked.value = false;
    for (const element of this.#sounds) this.play(element);
  };
}
