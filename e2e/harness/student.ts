// A student of the course at the course page, or somebody at another page that is not ours and has the same controls.
import { type Browser, type BrowserContext, expect, type Page } from '@playwright/test';

import { look, type Media, measure, observeConnections } from './observer.ts';

const FRAMES_MIN = 10;
const BRIGHTNESS_MIN = 8;

export class Student {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens the page at `url` and waits until it says on its console that it is ready: the course page, that it has its socket. */
  static async at(browser: Browser, url: string, ready = 'websocket open'): Promise<Student> {
    const context: BrowserContext = await browser.newContext();
    await observeConnections(context);
    const page = await context.newPage();
    page.on('dialog', (dialog) => { throw new Error(dialog.message()); });
    const open = page.waitForEvent('console', (message) => message.text() === ready);
    await page.goto(url);
    await open;
    return new Student(page);
  }

  async joins(room: string): Promise<void> {
    await this.page.locator('#room').fill(room);
    await this.page.locator('#join').click();
    await expect.poll(() => this.page.locator('#localVideo').evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);
  }

  async leaves(): Promise<void> {
    await this.page.locator('#leave').click();
  }

  /** From this moment on frames are decoded and shown, and sound arrives. */
  async seesAndHears(): Promise<Media> {
    const before = await measure(this.page);
    await expect.poll(async () => (await measure(this.page)).framesDecoded, 'frames').toBeGreaterThan(before.framesDecoded + FRAMES_MIN);
    await expect.poll(async () => (await measure(this.page)).audioEnergy, 'sound').toBeGreaterThan(before.audioEnergy);
    expect((await look(this.page, '#remoteVideo')).mean, 'brightness').toBeGreaterThan(BRIGHTNESS_MIN);
    return measure(this.page);
  }

  /** The other one is gone: no picture, no connection. */
  async isAlone(): Promise<void> {
    await expect.poll(() => this.page.evaluate(() => (document.querySelector('#remoteVideo') as HTMLVideoElement).srcObject === null)).toBe(true);
  }

  /** The page met nothing that the contract does not have. */
  async understoodEverything(): Promise<void> {
    expect(await this.page.evaluate(() => (globalThis as unknown as { strange: string[] }).strange)).toEqual([]);
  }

  async closes(): Promise<void> {
    await this.page.context().close();
  }
}
