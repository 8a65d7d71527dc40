// Debian's Firefox with a made-up camera and microphone, driven by WebDriver BiDi: Playwright drives only a Firefox of its own.
import { networkInterfaces } from 'node:os';

import { expect } from '@playwright/test';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';

import { voicesHeard } from './meeting.ts';
import { keepConnections } from './observer.ts';

const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

const PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  // There is no mDNS in the networks of the tests.
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  // Nothing is fetched from anywhere.
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

const PATIENCE_MS = 30_000;
/** Pictures that must be shown, one after the other. */
const PICTURES_MIN = 8;
/** Of a picture that is neither black nor blank. */
const BRIGHTNESS_MIN = 8;
const DEVIATION_MIN = 4;

/** An address of this machine beside the loopback's: over a loopback Firefox makes no call, whatever its preferences say. */
export function outwardAddress(): string {
  const address = Object.values(networkInterfaces()).flat().find((one) => one && !one.internal && one.family === 'IPv4');
  if (!address) throw new Error('Firefox needs an interface with a default route beside the loopback (e2e/README.md)');
  return address.address;
}

/** A person with Firefox; does in a meeting what a Person with Chromium does. */
export class FirefoxPerson {
  private constructor(
    readonly name: string,
    private readonly browser: Browser,
    private readonly page: Page,
  ) {}

  static async arrives(name: string): Promise<FirefoxPerson> {
    const browser = await puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX, headless: true, extraPrefsFirefox: PREFERENCES });
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(keepConnections);
    return new FirefoxPerson(name, browser, page);
  }

  async opensAndJoins(url: string): Promise<void> {
    await this.page.goto(url);
    const field = await this.page.waitForSelector('[data-testid=name]', { visible: true, timeout: PATIENCE_MS });
    await field?.type(this.name);
    await this.page.click('[data-testid=join]');
    await this.page.waitForSelector('[data-testid=hangup]', { visible: true, timeout: PATIENCE_MS });
  }

  /** From this moment on moving pictures of somebody are shown, neither black nor blank. */
  async sees(name: string): Promise<void> {
    const before = (await this.picture(name)).shown;
    await expect(async () => {
      const { shown, mean, deviation } = await this.picture(name);
      expect(shown, `${this.name} sees ${name}: pictures shown`).toBeGreaterThanOrEqual(before + PICTURES_MIN);
      expect(mean, `${this.name} sees ${name}: brightness`).toBeGreaterThan(BRIGHTNESS_MIN);
      expect(deviation, `${this.name} sees ${name}: contrast`).toBeGreaterThan(DEVIATION_MIN);
    }).toPass({ timeout: PATIENCE_MS });
  }

  /** So many voices are played and not silent. */
  async hears(voices: number): Promise<void> {
    await expect.poll(() => voicesHeard(this.page), { message: `${this.name} hears ${voices}`, timeout: PATIENCE_MS }).toBe(voices);
  }

  async leaves(): Promise<void> {
    await this.browser.close();
  }

  private picture(name: string): Promise<{ shown: number; mean: number; deviation: number }> {
    return this.page.evaluate((who) => {
      const nothing = { shown: 0, mean: 0, deviation: 0 };
      const tiles = [...document.querySelectorAll('[data-testid=remote-tile]')];
      const video = tiles.find((tile) => tile.getAttribute('aria-label') === who)?.querySelector<HTMLVideoElement>('video:not(.video-next)');
      const size = 64;
      const brush = new OffscreenCanvas(size, size).getContext('2d', { willReadFrequently: true });
      if (!video?.videoWidth || !brush) return nothing;
      brush.drawImage(video, 0, 0, size, size);
      const pixels = brush.getImageData(0, 0, size, size).data;
      const bright: number[] = [];
      for (let i = 0; i < pixels.length; i += 4) bright.push(((pixels[i] ?? 0) + (pixels[i + 1] ?? 0) + (pixels[i + 2] ?? 0)) / 3);
      const mean = bright.reduce((sum, value) => sum + value, 0) / bright.length;
      const deviation = Math.sqrt(bright.reduce((sum, value) => sum + (value - mean) ** 2, 0) / bright.length);
      // The standard's counter stays at zero for a live stream.
      const { mozPaintedFrames: shown } = video as HTMLVideoElement & { mozPaintedFrames: number };
      return { shown, mean, deviation };
    }, name);
  }
}
