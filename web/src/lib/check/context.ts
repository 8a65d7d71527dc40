/** What a check may use: the page's abilities, and the two benches whose costly findings several checks share. */
import type { MediaBench } from './media/bench';
import type { NetworkBench } from './net/bench';
import type { CheckGroup, CheckId, Outcome } from './types';

/** One picture as the eye of the check sees it. */
export interface Frame {
  readonly atMs: number;
  /** Mean brightness 0..255 over the whole picture. */
  readonly luma: number;
  /** Hash of a patch at full resolution: sensor noise alone changes it from picture to picture. */
  readonly hash: number;
}

/** What only a page can do; given by the page, so that nothing here draws or plays. */
export interface Surroundings {
  /** Shows the track to a hidden eye for `durationMs` and returns every picture that came. */
  readonly watch: (track: MediaStreamTrack, durationMs: number, signal: AbortSignal) => Promise<readonly Frame[]>;
  /** Plays a quiet tone to the output (`""` is the default one). */
  readonly playTone: (sinkId: string, durationMs: number, signal: AbortSignal) => Promise<void>;
  /** Asks the person whether they heard it. */
  readonly askHeard: (signal: AbortSignal) => Promise<boolean>;
  /** The output the person picked for the tone. */
  readonly sinkId: () => string;
  /** Whether an element may start by itself, muted or with sound. */
  readonly mayAutoplay: (muted: boolean) => Promise<boolean>;
}

export interface CheckContext {
  /** Aborted when the check's time is up: close what you opened. */
  readonly signal: AbortSignal;
  /** A person is at the page and clicked for this very check. */
  readonly gesture: boolean;
  readonly surroundings: Surroundings;
  readonly media: MediaBench;
  readonly network: NetworkBench;
  /** Tells how far the check is, 0 to 1. */
  readonly progress: (share: number) => void;
}

export interface Check {
  readonly id: CheckId;
  readonly group: CheckGroup;
  /** Hard limit; past it the check is aborted and says so. */
  readonly timeoutMs: number;
  /** Needs a click of its own: skipped in a full run unless `precheck` can tell already. */
  readonly gesture?: boolean;
  /** Measures the network, so that nothing else may use it meanwhile. */
  readonly alone?: boolean;
  /** Checks that rest on this one: repeated with it, because they may have found its door shut. */
  readonly unlocks?: readonly CheckId[];
  /** What can be told without the click; `null` when only the click can tell. */
  readonly precheck?: (context: CheckContext) => Outcome | null;
  readonly run: (context: CheckContext) => Promise<Outcome> | Outcome;
}
