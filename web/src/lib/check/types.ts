/** What every capability check is made of. Nothing here knows the page: it may run in any script context. */
import type texts from '../../i18n/check.en.json';

/** A sentence of `check.*.json`; the compiler refuses a key that has no text. */
export type CheckTextKey = keyof typeof texts;

/** A sentence with its measured values, put into the user's language by the page. */
export interface CheckText {
  readonly key: CheckTextKey;
  readonly values?: Readonly<Record<string, string | number>>;
}

export type CheckStatus = 'pending' | 'running' | 'pass' | 'warn' | 'fail' | 'info' | 'skipped';

export const CHECK_GROUPS = ['browser', 'media', 'net'] as const;
export type CheckGroup = (typeof CHECK_GROUPS)[number];

/** Stable: support staff, scripts and `parlor doctor` refer to checks by these names. */
export const CHECK_IDS = [
  'secure-context',
  'browser',
  'peer-connection',
  'apis',
  'codecs',
  'simulcast',
  'transforms',
  'permissions',
  'devices',
  'camera',
  'microphone',
  'audio-processing',
  'speaker',
  'autoplay',
  'screen-share',
  'websocket',
  'stun',
  'nat-mapping',
  'turn-udp',
  'turn-tcp',
  'turn-tls',
  'direct',
  'media-udp',
  'media-tcp',
  'quality',
  'bandwidth',
] as const;
export type CheckId = (typeof CHECK_IDS)[number];

/** A measured value: what JSON can hold. */
export type Detail = string | number | boolean | null | readonly Detail[] | { readonly [name: string]: Detail };
export type Details = Readonly<Record<string, Detail>>;

/** What a check measured over time, to be drawn. */
export interface Figure {
  readonly title: CheckTextKey;
  readonly unit: string;
  /** From the first value to the last. */
  readonly seconds: number;
  /** Equally far apart; `null` where nothing came. Lines have a label when there are several. */
  readonly lines: readonly { readonly label?: CheckTextKey; readonly values: readonly (number | null)[] }[];
}

/** What a check found: one sentence, at most one piece of advice, and the numbers behind them. */
export interface Outcome {
  readonly status: 'pass' | 'warn' | 'fail' | 'info' | 'skipped';
  readonly verdict: CheckText;
  readonly advice?: CheckText;
  readonly details: Details;
  readonly chart?: Figure;
}

/** Where one check stands. */
export interface CheckState {
  readonly id: CheckId;
  readonly group: CheckGroup;
  readonly status: CheckStatus;
  readonly outcome: Outcome | null;
  readonly durationMs: number | null;
  /** How far a running check is, 0 to 1, where it can tell. */
  readonly progress?: number;
}

/** Builds an `Outcome`; `advice` is left out rather than undefined. */
export function outcome(
  status: Outcome['status'],
  verdict: CheckTextKey,
  rest: { values?: CheckText['values']; advice?: CheckTextKey; adviceValues?: CheckText['values']; details?: Details; chart?: Figure } = {},
): Outcome {
  const text = (key: CheckTextKey, values: CheckText['values']): CheckText => (values ? { key, values } : { key });
  return {
    status,
    verdict: text(verdict, rest.values),
    ...(rest.advice ? { advice: text(rest.advice, rest.adviceValues) } : {}),
    details: rest.details ?? {},
    ...(rest.chart ? { chart: rest.chart } : {}),
  };
}
