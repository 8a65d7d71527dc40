/** From twenty outcomes to the one sentence a person needs. */
import type { CheckId, CheckState, CheckTextKey } from './types';

export type Verdict = 'idle' | 'running' | 'ready' | 'limited' | 'blocked';

/** A check that decides the verdict, and what it means for the call: the end of "You can call, but …". */
export interface Reason {
  readonly id: CheckId;
  readonly clause: CheckTextKey;
}

export interface Overall {
  readonly verdict: Verdict;
  /** Worst first; several checks may have the same clause. */
  readonly because: readonly Reason[];
}

/** Fails without which no call comes about, in the order in which to mend them. */
const BLOCKING: Readonly<Partial<Record<CheckId, CheckTextKey>>> = {
  'secure-context': 'clause.secure-context',
  apis: 'clause.apis',
  'peer-connection': 'clause.peer-connection',
  codecs: 'clause.codecs',
  websocket: 'clause.websocket',
  stun: 'clause.stun',
};

/** Fails and warnings that a person notices in a call, in the order in which to mend them. */
const LIMITING: Readonly<Partial<Record<CheckId, CheckTextKey>>> = {
  permissions: 'clause.permissions',
  microphone: 'clause.microphone',
  camera: 'clause.camera',
  speaker: 'clause.speaker',
  devices: 'clause.devices',
  websocket: 'clause.slow',
  stun: 'clause.detour',
  quality: 'clause.quality',
  bandwidth: 'clause.bandwidth',
  'media-udp': 'clause.media-tcp',
  browser: 'clause.browser',
};

/**
 * Fails alone that a person may notice. A warning here does not count: one relay transport that is shut keeps nobody
 * from a good call while another works.
 */
const LIMITING_FAILED: Readonly<Partial<Record<CheckId, CheckTextKey>>> = {
  'media-udp': 'clause.media',
  'media-tcp': 'clause.media',
  'turn-udp': 'clause.turn',
  'turn-tcp': 'clause.turn',
  'turn-tls': 'clause.turn',
};

/** A check that could not be finished proves nothing, good or bad. */
const UNFINISHED: readonly CheckTextKey[] = ['verdict.timeout', 'verdict.broken', 'verdict.stopped', 'verdict.microphone.click'];

const UNSURE = 'clause.unsure';

function limit({ id, status, outcome }: CheckState): CheckTextKey | undefined {
  if (outcome && UNFINISHED.includes(outcome.verdict.key)) return UNSURE;
  if (status === 'fail') return LIMITING_FAILED[id] ?? LIMITING[id];
  return status === 'warn' ? LIMITING[id] : undefined;
}

export function overall(states: readonly CheckState[]): Overall {
  if (states.some(({ status }) => status === 'running')) return { verdict: 'running', because: [] };
  if (states.length === 0 || states.some(({ status }) => status === 'pending')) return { verdict: 'idle', because: [] };
  const ranked = (table: object, find: (state: CheckState) => CheckTextKey | undefined): readonly Reason[] => {
    const order = [...Object.keys(table)];
    const place = (id: CheckId) => (order.includes(id) ? order.indexOf(id) : order.length);
    return states
      .flatMap((state) => {
        const clause = find(state);
        return clause === undefined ? [] : [{ id: state.id, clause }];
      })
      .sort((a, b) => place(a.id) - place(b.id));
  };
  const blocking = ranked(BLOCKING, ({ id, status }) => (status === 'fail' ? BLOCKING[id] : undefined));
  const blocked = new Set(blocking.map(({ id }) => id));
  const limiting = ranked({ ...LIMITING, ...LIMITING_FAILED }, (state) => (blocked.has(state.id) ? undefined : limit(state)));
  if (blocking.length > 0) {
    // Without any way out it goes without saying that no relay answers.
    const besides = blocked.has('stun') ? limiting.filter(({ id }) => LIMITING_FAILED[id] === undefined) : limiting;
    return { verdict: 'blocked', because: [...blocking, ...besides] };
  }
  if (limiting.length > 0) return { verdict: 'limited', because: limiting };
  return { verdict: 'ready', because: [] };
}

/** No fault was found, but not everything was tested: neither "ready" nor "you can call" would be true. */
export function unsure({ verdict, because }: Overall): boolean {
  return verdict === 'limited' && because.every(({ clause }) => clause === UNSURE);
}

/** The clauses to say: each once, at most two, because a sentence with more is a list; only what blocks when something does. */
export function clauses({ verdict, because }: Overall): readonly CheckTextKey[] {
  const said = verdict === 'blocked' ? because.filter(({ id, clause }) => BLOCKING[id] === clause) : because;
  return [...new Set(said.map(({ clause }) => clause))].slice(0, 2);
}
