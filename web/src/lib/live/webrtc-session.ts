/** A connection to the server by WHIP or WHEP: opened once, kept over changes of the network, ended by either side. */
import { signal } from '@preact/signals-core';
import { LiveProblem } from './problem';
import { SessionResource, withIceEnd } from './session-resource';

export type ConnectionPhase = 'connecting' | 'connected' | 'interrupted' | 'over';

/** How long the first connection may take, with the offer. */
export const CONNECT_MS_MAX = 10_000;
/** An interruption that lasts as long is answered with a new beginning of ICE. */
export const PATIENCE_MS = 2_500;
/** After so long nothing is expected of ICE any more. */
export const RESTARTS_MS_MAX = 15_000;

export class WebRtcSession {
  readonly phase = signal<ConnectionPhase>('connecting');
  readonly #resource: SessionResource;
  readonly #abort = new AbortController();
  #answer = '';
  #restart: ReturnType<typeof setTimeout> | undefined;
  #giveUp: ReturnType<typeof setTimeout> | undefined;
  #restarting = false;

  constructor(
    readonly connection: RTCPeerConnection,
    resource: SessionResource,
  ) {
    this.#resource = resource;
    connection.onconnectionstatechange = () => this.#follow();
  }

  /**
   * Offers what the connection has, and waits until it stands.
   * @throws LiveProblem when the server refuses; its code is `no-connection` when no way leads there.
   */
  async open(): Promise<void> {
    await this.connection.setLocalDescription();
    const answer = await this.#resource.open(this.connection.localDescription?.sdp ?? '', this.#abort.signal);
    this.#abort.signal.throwIfAborted();
    this.#answer = answer;
    await this.connection.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  /** The network may be another one: ICE looks for a way at once. */
  networkChanged(): void {
    if (this.phase.peek() === 'connected' || this.phase.peek() === 'interrupted') void this.#beginAnew();
  }

  close(): void {
    if (this.phase.peek() === 'over') return;
    this.phase.value = 'over';
    clearTimeout(this.#restart);
    clearTimeout(this.#giveUp);
    this.#abort.abort();
    this.connection.onconnectionstatechange = null;
    this.connection.close();
    this.#resource.close();
  }

  #follow(): void {
    const state = this.connection.connectionState;
    if (state === 'connected') {
      clearTimeout(this.#restart);
      clearTimeout(this.#giveUp);
      [this.#restart, this.#giveUp] = [undefined, undefined];
      this.phase.value = 'connected';
    } else if (state === 'closed') {
      this.close();
    } else if (state === 'failed' && this.phase.peek() === 'connecting') {
      this.close();
    } else if (state === 'disconnected' || state === 'failed') {
      this.phase.value = 'interrupted';
      this.#giveUp ??= setTimeout(() => this.close(), RESTARTS_MS_MAX);
      clearTimeout(this.#restart);
      this.#restart = setTimeout(() => void this.#beginAnew(), state === 'failed' ? 0 : PATIENCE_MS);
    }
  }

  async #beginAnew(): Promise<void> {
    if (this.#restarting || this.phase.peek() === 'over') return;
    this.#restarting = true;
    try {
      await this.connection.setLocalDescription(await this.connection.createOffer({ iceRestart: true }));
      const end = await this.#resource.restart(this.connection.localDescription?.sdp ?? '', this.#abort.signal);
      this.#answer = withIceEnd(this.#answer, end);
      await this.connection.setRemoteDescription({ type: 'answer', sdp: this.#answer });
    } catch (error) {
      await this.#notRestarted(error);
    } finally {
      this.#restarting = false;
    }
  }

  /** While the network is away the question is asked again. A server that does not know the session has others to ask for. */
  async #notRestarted(error: unknown): Promise<void> {
    const isAway = error instanceof LiveProblem && error.code === 'no-answer';
    if (!isAway || this.connection.signalingState !== 'have-local-offer') {
      this.close();
      return;
    }
    await this.connection.setLocalDescription({ type: 'rollback' });
    this.#giveUp ??= setTimeout(() => this.close(), RESTARTS_MS_MAX);
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => void this.#beginAnew(), PATIENCE_MS);
  }
}
