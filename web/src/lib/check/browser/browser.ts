/** Check 2: which browser this is. Only advice comes of it: whether a call works is decided by what the browser can do. */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';

export interface Agent {
  readonly userAgent: string;
  /** User-Agent Client Hints, where the browser has them. */
  readonly brands: readonly { readonly brand: string; readonly version: string }[];
  readonly platform: string;
  readonly mobile: boolean;
}

export interface BrowserName {
  readonly name: string;
  readonly version: number | null;
  readonly engine: 'Blink' | 'Gecko' | 'WebKit' | 'unknown';
  /** The app this page is shown in, when it is not a browser of its own. */
  readonly inApp: string | null;
}

/** Apps with a built-in browser that withholds camera, microphone or background sound. */
const IN_APP: readonly { readonly mark: RegExp; readonly name: string }[] = [
  { mark: /MicroMessenger\//, name: 'WeChat' },
  { mark: /DingTalk\//, name: 'DingTalk' },
  { mark: /\bLark\/|Feishu\//, name: 'Feishu' },
  { mark: /AlipayClient\//, name: 'Alipay' },
  { mark: /\bWeibo\b/, name: 'Weibo' },
  { mark: /\bQQ\/\d/, name: 'QQ' },
  { mark: /FBAN\/|FBAV\//, name: 'Facebook' },
  { mark: /Instagram /, name: 'Instagram' },
  { mark: /\bLine\/\d/, name: 'LINE' },
  { mark: /; wv\)/, name: 'WebView' },
];

const NAMES: readonly { readonly mark: RegExp; readonly name: string; readonly engine: BrowserName['engine'] }[] = [
  { mark: /\bFxiOS\/(\d+)/, name: 'Firefox', engine: 'WebKit' },
  { mark: /\bCriOS\/(\d+)/, name: 'Chrome', engine: 'WebKit' },
  { mark: /\bEdgiOS\/(\d+)/, name: 'Edge', engine: 'WebKit' },
  { mark: /\bFirefox\/(\d+)/, name: 'Firefox', engine: 'Gecko' },
  { mark: /\bEdg(?:A)?\/(\d+)/, name: 'Edge', engine: 'Blink' },
  { mark: /\bOPR\/(\d+)/, name: 'Opera', engine: 'Blink' },
  { mark: /\bSamsungBrowser\/(\d+)/, name: 'Samsung Internet', engine: 'Blink' },
  { mark: /\b(?:Headless)?Chrome\/(\d+)/, name: 'Chrome', engine: 'Blink' },
  { mark: /\bVersion\/(\d+)[\d.]* .*Safari\//, name: 'Safari', engine: 'WebKit' },
];

/** The engine version that has all a call uses (perfect negotiation, `replaceTrack`, unified plan); older ones are told to update. */
const OLDEST: Readonly<Record<BrowserName['engine'], number>> = { Blink: 94, Gecko: 100, WebKit: 16, unknown: 0 };

export function nameBrowser({ userAgent, brands }: Agent): BrowserName {
  const inApp = IN_APP.find(({ mark }) => mark.test(userAgent))?.name ?? null;
  for (const { mark, name, engine } of NAMES) {
    const found = mark.exec(userAgent);
    if (found) return { name, version: Number(found[1]), engine, inApp };
  }
  const chromium = brands.find(({ brand }) => brand === 'Chromium');
  if (chromium) return { name: 'Chromium', version: Number(chromium.version), engine: 'Blink', inApp };
  return { name: '?', version: null, engine: /AppleWebKit\//.test(userAgent) ? 'WebKit' : 'unknown', inApp };
}

/** The version of the engine, which on iOS is the system's and not the browser's. */
function engineVersion(userAgent: string, { engine, version }: BrowserName): number | null {
  const mark = { Blink: /\bChrome\/(\d+)/, Gecko: /\brv:(\d+)/, WebKit: /\bVersion\/(\d+)|\bOS (\d+)_\d+/, unknown: /$^/ }[engine];
  const found = mark.exec(userAgent);
  return found ? Number(found[1] ?? found[2]) : version;
}

export function judgeAgent(agent: Agent): Outcome {
  const browser = nameBrowser(agent);
  const { name, version, engine, inApp } = browser;
  const oldest = OLDEST[engine];
  const built = engineVersion(agent.userAgent, browser);
  const { platform, mobile } = agent;
  const details = { name, version, engine, engineVersion: built, platform, mobile, inApp };
  if (inApp !== null) {
    return outcome('warn', 'verdict.browser.in-app', { values: { app: inApp }, advice: 'advice.browser.in-app', details });
  }
  if (engine === 'unknown' || version === null) {
    return outcome('warn', 'verdict.browser.unknown', { advice: 'advice.browser.known', details });
  }
  const values = { name, version };
  if (built !== null && built < oldest) {
    return outcome('warn', 'verdict.browser.old', { values, advice: 'advice.browser.update', details });
  }
  return outcome('pass', 'verdict.browser.ok', { values, details });
}

/** Firefox uses no STUN or TURN server on the machine it runs on. */
export function ignoresLoopbackServers(userAgent: string): boolean {
  return nameBrowser({ userAgent, brands: [], platform: '', mobile: false }).engine === 'Gecko';
}

interface AgentData {
  readonly brands?: readonly { readonly brand: string; readonly version: string }[];
  readonly platform?: string;
  readonly mobile?: boolean;
}

export const browser: Check = {
  id: 'browser',
  group: 'browser',
  timeoutMs: 1_000,
  run: () => {
    const { userAgent } = navigator;
    const data = (navigator as { userAgentData?: AgentData }).userAgentData;
    return judgeAgent({
      userAgent,
      brands: data?.brands ?? [],
      platform: data?.platform ?? (/\((?:Linux; )?([^;)]+)/.exec(userAgent)?.[1] ?? '?'),
      mobile: data?.mobile ?? /\bMobi/.test(userAgent),
    });
  },
};
