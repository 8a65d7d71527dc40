/** The report: what a person sends to whoever helps them, and what a machine reads. No secret, and addresses only masked unless asked. */
import { overall } from './overall';
import type { CheckState, CheckText, Detail, Figure } from './types';

export interface ReportSource {
  readonly states: readonly CheckState[];
  readonly userAgent: string;
  readonly origin: string;
  readonly serverVersion: string | null;
  readonly language: string;
  readonly auto: boolean;
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  /** Puts a sentence into the reader's language. */
  readonly say: (text: CheckText) => string;
}

/** Version of the report's form; raised when a key changes its meaning. */
const REPORT_VERSION = 1;

/** Keys that never leave the page, whatever a check put there. */
const SECRET_KEY = /credential|password|secret|token|username/i;
const IPV4 = /\b(\d{1,3}\.\d{1,3})\.\d{1,3}\.\d{1,3}\b/g;
/** At least two colons: a candidate for an IPv6 address, sorted out by `maskIpv6`. Also catches mapped forms with a dotted tail. */
const IPV6_CANDIDATE = /(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}(?![\w:])/gi;

/** Keeps the network, hides the machine: `203.0.113.9` becomes `203.0.x.x`, `2001:db8:1:2::9` becomes `2001:db8:x:x`. */
export function maskAddresses(text: string): string {
  return text.replace(IPV6_CANDIDATE, maskIpv6).replace(IPV4, '$1.x.x');
}

function maskIpv6(candidate: string): string {
  const groups = candidate.split(':');
  const compressed = candidate.includes('::');
  // A time of day such as 12:34:56 has neither eight groups nor a double colon.
  if (!compressed && groups.length !== 8 && !candidate.includes('.')) return candidate;
  if (candidate === '::' || candidate === '::1') return candidate;
  const network = groups.slice(0, 2).filter(Boolean);
  return network.length > 0 ? `${network.join(':')}:x:x` : '::x';
}

/** A copy without secrets and, unless `showAddresses`, with masked addresses. */
export function redact(value: Detail, showAddresses: boolean): Detail {
  if (typeof value === 'string') return showAddresses ? value : maskAddresses(value);
  if (Array.isArray(value)) return value.map((item: Detail) => redact(item, showAddresses));
  if (value !== null && typeof value === 'object') {
    const kept = Object.entries(value as Record<string, Detail>).filter(([name]) => !SECRET_KEY.test(name));
    return Object.fromEntries(kept.map(([name, item]) => [name, redact(item, showAddresses)]));
  }
  return value;
}

function checkEntry(state: CheckState, say: ReportSource['say'], showAddresses: boolean): Detail {
  const { outcome } = state;
  // The browser's version looks like an IPv4 address and is none.
  const open = showAddresses || state.id === 'browser';
  return {
    id: state.id,
    group: state.group,
    status: state.status,
    verdict: outcome ? outcome.verdict.key : null,
    text: outcome ? redact(say(outcome.verdict), open) : null,
    advice: outcome?.advice ? redact(say(outcome.advice), open) : null,
    durationMs: state.durationMs,
    details: outcome ? redact(outcome.details, open) : {},
    ...(outcome?.chart && { chart: figure(outcome.chart) }),
  };
}

/** Without the words of the page. */
function figure({ title, unit, seconds, lines }: Figure): Detail {
  return { title, unit, seconds, lines: lines.map(({ label, values }) => ({ label: label ?? title, values })) };
}

/** The report as a value; `JSON.stringify` it. */
export function report(source: ReportSource, showAddresses = false): { readonly [name: string]: Detail } {
  const { verdict, because } = overall(source.states);
  return {
    version: REPORT_VERSION,
    origin: showAddresses ? source.origin : maskAddresses(source.origin),
    serverVersion: source.serverVersion,
    userAgent: source.userAgent,
    language: source.language,
    auto: source.auto,
    startedAt: source.startedAt,
    durationMs: source.durationMs,
    addresses: showAddresses ? 'shown' : 'masked',
    overall: { verdict, because: because.map(({ id }) => id) },
    checks: source.states.map((state) => checkEntry(state, source.say, showAddresses)),
  };
}
