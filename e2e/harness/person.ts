// A person at a browser: what people do in a call, in their words. Controls are found by data-testid (web/README.md).
import { type Browser, type BrowserContextOptions, type Locator, type Page, expect } from '@playwright/test';

import { look, type Media, measure, observeConnections } from './observer.ts';

/** A phone held upright. */
export const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
/** As narrow as phones are. */
export const NARROW_PHONE: BrowserContextOptions = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true };
export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };

/** How long a call may take from "Join" to picture and sound, and to come back after trouble. */
const CALL_MS = 20_000;
const RECOVERY_MS = 40_000;

/** Pictures that must be decoded, one after the other, before we say "they see each other". */
const FRAMES_MIN = 10;
/** The mean brightness of a picture that is not black, and how much brightness varies in one that is not blank. */
const BRIGHTNESS_MIN = 8;
const DEVIATION_MIN = 4;

/** More stops than any page should have. */
const TAB_STOPS_MAX = 40;

export class Person {
  readonly name: string;
  readonly page: Page;

  private constructor(name: string, page: Page) {
    this.name = name;
    this.page = page;
  }

  static async at(browser: Browser, name: string, options: BrowserContextOptions = DESKTOP): Promise<Person> {
    const context = await browser.newContext({ locale: 'en-US', ignoreHTTPSErrors: true, ...options });
    await observeConnections(context);
    // Nobody listens to the page's own sounds here.
    await context.addInitScript(() => localStorage.setItem('parlor.knock-sound', 'off'));
    const page = await context.newPage();
    return new Person(name, page);
  }

  control(testId: string): Locator {
    return this.page.getByTestId(testId);
  }

  /** Opens a link to a room; the lobby shows. */
  async opens(url: string): Promise<void> {
    await this.page.goto(url);
    await expect(this.control('join')).toBeVisible();
  }

  /** Presses "Join" in the lobby, under the own name. */
  async joins(): Promise<void> {
    await this.control('name').fill(this.name);
    await this.control('join').click();
  }

  async opensAndJoins(url: string): Promise<void> {
    await this.opens(url);
    await this.joins();
  }

  /** The state that the call page itself tells. */
  async isToldThatTheCallIs(state: 'connecting' | 'connected' | 'reconnecting' | 'failed' | 'alone', within = RECOVERY_MS): Promise<void> {
    await expect(this.control('connection-state'), `${this.name} is told "${state}"`).toHaveAttribute('data-state', state, { timeout: within });
  }

  measures(): Promise<Media> {
    return measure(this.page);
  }

  /** From this moment on pictures are decoded, shown and not black, and sound arrives. */
  async seesAndHears(within = CALL_MS): Promise<Media> {
    const before = await this.measures();
    await expect.poll(async () => (await this.measures()).framesDecoded, { message: `${this.name} sees moving pictures`, timeout: within })
      .toBeGreaterThanOrEqual(before.framesDecoded + FRAMES_MIN);
    await expect.poll(async () => (await this.measures()).audioEnergy, { message: `${this.name} hears sound`, timeout: within })
      .toBeGreaterThan(before.audioEnergy);
    await this.seesAPicture();
    return this.measures();
  }

  /** The remote picture on the page is neither black nor blank. */
  async seesAPicture(): Promise<void> {
    await expect(async () => {
      const picture = await look(this.page, '[data-testid=remote-video]');
      expect(picture.width, `${this.name}: width of the picture`).toBeGreaterThan(0);
      expect(picture.mean, `${this.name}: brightness of the picture`).toBeGreaterThan(BRIGHTNESS_MIN);
      expect(picture.deviation, `${this.name}: contrast of the picture`).toBeGreaterThan(DEVIATION_MIN);
    }).toPass({ timeout: CALL_MS });
  }

  /** Writes a chat message. */
  async writes(text: string): Promise<void> {
    await this.opensChat();
    await this.control('chat-input').fill(text);
    await this.control('chat-send').click();
  }

  async opensChat(): Promise<void> {
    if (!(await this.control('chat-input').isVisible())) await this.control('chat-open').click();
    await expect(this.control('chat-input')).toBeVisible();
  }

  async reads(text: string): Promise<void> {
    await this.opensChat();
    await expect(this.control('chat-message').filter({ hasText: text }), `${this.name} reads the message`).toBeVisible();
  }

  async closesChat(): Promise<void> {
    if (await this.control('chat-input').isVisible()) await this.page.keyboard.press('Escape');
    await expect(this.control('chat-input')).toBeHidden();
  }

  /** Presses one of the call's controls. */
  async presses(testId: string): Promise<void> {
    await this.page.mouse.move(200, 200); // What has faded comes back.
    await this.control(testId).click();
  }

  /** Walks with the Tab key until a control has the focus. */
  async tabsTo(testId: string): Promise<void> {
    for (let stops = 0; stops < TAB_STOPS_MAX; stops += 1) {
      await this.page.keyboard.press('Tab');
      if (await this.control(testId).evaluate((element) => element === document.activeElement)) return;
    }
    throw new Error(`${TAB_STOPS_MAX} times Tab do not lead to ${testId}`);
  }

  /** Sound that arrives is silence, for as long as some packets take. */
  async hearsNothing(): Promise<void> {
    await expect(async () => {
      const before = await this.measures();
      await expect.poll(async () => (await this.measures()).audioSeconds).toBeGreaterThan(before.audioSeconds + 1);
      expect((await this.measures()).audioEnergy - before.audioEnergy, `${this.name} hears nothing`).toBeLessThan(1e-6);
    }).toPass({ timeout: CALL_MS });
  }
}

/** Both see and hear each other, at the same time. */
export async function seeAndHearEachOther(one: Person, other: Person, within = CALL_MS): Promise<[Media, Media]> {
  return Promise.all([one.seesAndHears(within), other.seesAndHears(within)]);
}

/** Both follow the link, one after the other; then they see and hear each other. */
export async function callByLink(one: Person, other: Person, link: string): Promise<[Media, Media]> {
  await one.opensAndJoins(link);
  await other.opensAndJoins(link);
  return seeAndHearEachOther(one, other);
}
