import { describe, expect, it } from 'vitest';
import type { CheckTextKey } from '../types';
import { judgeAgent, nameBrowser, type Agent } from './browser';

const agent = (userAgent: string, more: Partial<Agent> = {}): Agent => ({ userAgent, brands: [], platform: 'x', mobile: false, ...more });
const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';
const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const android = 'Mozilla/5.0 (Linux; Android 14; Pixel 8)';
const blink = (version: number) => `AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`;

const table: readonly [userAgent: string, name: string, version: number, verdict: CheckTextKey][] = [
  [`${windows} ${blink(156)}`, 'Chrome', 156, 'verdict.browser.ok'],
  [`${windows} AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36`, 'Chrome', 156, 'verdict.browser.ok'],
  [`${windows} ${blink(70)}`, 'Chrome', 70, 'verdict.browser.old'],
  [`${windows} ${blink(130)} Edg/130.0.0.0`, 'Edge', 130, 'verdict.browser.ok'],
  [`${android} ${blink(120)} SamsungBrowser/25.0 Mobile`, 'Samsung Internet', 25, 'verdict.browser.ok'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0', 'Firefox', 153, 'verdict.browser.ok'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:78.0) Gecko/20100101 Firefox/78.0', 'Firefox', 78, 'verdict.browser.old'],
  [`${iphone} Version/17.5 Mobile/15E148 Safari/604.1`, 'Safari', 17, 'verdict.browser.ok'],
  [`${iphone} CriOS/130.0.0.0 Mobile/15E148 Safari/604.1`, 'Chrome', 130, 'verdict.browser.ok'],
  [`${iphone.replace('17_5', '13_2')} CriOS/130.0.0.0 Mobile/15E148 Safari/604.1`, 'Chrome', 130, 'verdict.browser.old'],
];

describe('the browser', () => {
  it.each(table)('of %s', (userAgent, name, version, verdict) => {
    expect(nameBrowser(agent(userAgent))).toMatchObject({ name, version });
    expect(judgeAgent(agent(userAgent)).verdict.key).toBe(verdict);
  });

  it.each([
    [`${iphone} Mobile/15E148 MicroMessenger/8.0.49`, 'WeChat'],
    [`${android} AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36 DingTalk/7.5`, 'DingTalk'],
    [`${iphone} Mobile/15E148 [FBAN/FBIOS;FBAV/470.0]`, 'Facebook'],
    ['Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 Chrome/120.0.0.0', 'WebView'],
  ])('inside an app: %s', (userAgent, app) => {
    const found = judgeAgent(agent(userAgent));
    expect(found.status).toBe('warn');
    expect(found.verdict).toEqual({ key: 'verdict.browser.in-app', values: { app } });
  });

  it('without a name we know is told so', () => {
    expect(judgeAgent(agent('curl/8.0')).verdict.key).toBe('verdict.browser.unknown');
  });

  it('is known by its brands when it hides its name', () => {
    expect(nameBrowser(agent('Mozilla/5.0', { brands: [{ brand: 'Chromium', version: '150' }] }))).toMatchObject({ name: 'Chromium', version: 150 });
  });
});
