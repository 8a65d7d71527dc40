// Makes docs/screenshots: every page and designed state of the client, against a running server.
//   node e2e/screenshots.mjs http://localhost:8080 "$(parlor admin)" [folder [scene…]]
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

import { live as liveScenes } from './screenshots/live.mjs';
import { recordings as recordingScenes } from './screenshots/recordings.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const given = process.argv[2];
const operator = process.argv[3];
const folder = process.argv[4] ?? join(here, '..', 'docs', 'screenshots');
if (!given || !operator) {
  console.error('usage: node e2e/screenshots.mjs SERVER_URL ADMIN_LINK [FOLDER [SCENE…]]');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

// A server on this machine is drawn under a name, as others see it: a link to localhost is of use to nobody else.
const HOST = 'call.example.org';
const address = new URL(given);
const local = ['localhost', '127.0.0.1'].includes(address.hostname);
if (local) address.hostname = HOST;
const base = address.origin;

const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const PHONE_SIDEWAYS = { viewport: { width: 844, height: 390 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const WAIT_MS = 20_000;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--allow-loopback-in-peer-connection',
    '--autoplay-policy=no-user-gesture-required',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    ...(local ? [`--host-resolver-rules=MAP ${HOST} ${new URL(given).hostname}`, `--unsafely-treat-insecure-origin-as-secure=${base}`] : []),
  ],
});
let made = 0;
let rooms = 0;
const run = Date.now().toString(26).replace(/\d/g, (digit) => 'klmnpqrstu'[Number(digit)]);

/** A browser window of one person. `look` is who the camera shows. */
async function person({ look = 'ana', name = 'Ana Torres', theme = 'dark', language = 'en-GB', device = DESK, blocked = false, trouble = {} } = {}) {
  const context = await browser.newContext({ ...device, locale: language, ignoreHTTPSErrors: true, permissions: ['camera', 'microphone'] });
  await context.addInitScript(
    ([given, shown, who, hidden, wrong]) => {
      globalThis.parlorLook = given;
      globalThis.parlorBlocked = hidden;
      globalThis.parlorTrouble = wrong;
      localStorage.setItem('parlor.theme', shown);
      if (who) localStorage.setItem('parlor.name', who);
    },
    [look, theme, name, blocked, trouble],
  );
  await context.addInitScript({ path: join(here, 'screenshots', 'people.js') });
  await context.addInitScript({ path: join(here, 'screenshots', 'trouble.js') });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.on('pageerror', (error) => console.error(`page error: ${error.message}`));
  return page;
}

const bo = (more = {}) => person({ look: 'bo', name: 'Bo Chen', ...more });

const cleo = (more = {}) => person({ look: 'cleo', name: 'Cleo Diaz', ...more });

/** A room nobody was in before, with a name that reads well. */
function freshRoom() {
  const tail = `${run}${'abcdefghij'[rooms++ % 10]}${'kmnpqrstuv'[Math.floor(rooms / 10) % 10]}`;
  return `sun-rise-${tail.slice(-5)}`;
}

async function shot(page, name) {
  // The pointer rests where it shows no tooltip and keeps the bars from fading.
  if (!page.isClosed()) await page.mouse.move(640 + (made % 2), 300);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(250);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  made++;
  console.log(`${name}.png`);
}

async function enter(page, room, query = '') {
  await page.goto(`${base}/r/${room}${query}`);
  await page.getByTestId('local-video').waitFor();
  await page.getByTestId('join').click();
}

const stateIs = (page, state) => page.locator(`[data-testid=connection-state][data-state=${state}]`).waitFor({ state: 'attached' });
const pictureRuns = (page, testid = 'remote-video') =>
  page.waitForFunction((id) => [...document.querySelectorAll(`[data-testid=${id}]`)].some((video) => video.videoWidth > 0 && video.currentTime > 0), testid);
const picturesRun = (page, count) =>
  page.waitForFunction((wanted) => [...document.querySelectorAll('[data-testid=remote-video]')].filter((video) => video.videoWidth > 0 && video.currentTime > 0).length === wanted, count);
const throughTheServer = (page) => page.locator('[data-testid=topology][data-mode=sfu]').waitFor();
/** As if the person had chosen this theme. */
const wears = (page, theme) => page.evaluate((chosen) => { document.documentElement.dataset.theme = chosen; }, theme);
const leave = (...pages) => Promise.all(pages.map((page) => page.context().close()));

async function couple(one = {}, other = {}, query = '') {
  const room = freshRoom();
  const [first, second] = [await person(one), await bo(other)];
  await enter(first, room, query);
  await first.getByTestId('alone').waitFor();
  await enter(second, room, query);
  return { room, first, second };
}

async function connectedCouple(one, other, query) {
  const made = await couple(one, other, query);
  await Promise.all([stateIs(made.first, 'connected'), stateIs(made.second, 'connected')]);
  await Promise.all([pictureRuns(made.first), pictureRuns(made.second)]);
  return made;
}

async function pages() {
  for (const theme of ['dark', 'light', 'contrast']) {
    const page = await person({ theme });
    await page.goto(base);
    await page.evaluate(() => localStorage.setItem('parlor.rooms', JSON.stringify([{ room: 'sun-rise-today', at: Date.now() - 3_600_000 }, { room: 'team-monday', at: Date.now() - 90_000_000 }])));
    await page.reload();
    await page.getByTestId('new-call').waitFor();
    await shot(page, `home-${theme}`);
    await page.goto(`${base}/r/${freshRoom()}`);
    await page.getByTestId('local-video').waitFor();
    await page.locator('[data-testid=preflight]:not([data-kind=running])').waitFor();
    await shot(page, `lobby-${theme}`);
    await leave(page);
  }
}

const MEDIA_CHECKS = ['media-udp', 'media-tcp', 'quality', 'bandwidth'];

/** With the browser's own camera and by the server's own address: the page measures both. */
async function checks() {
  const context = await browser.newContext({ ...DESK, locale: 'en-GB', permissions: ['camera', 'microphone'] });
  const check = await context.newPage();
  await check.goto(`${given}/check?auto=1`);
  await check.locator(['ready', 'limited', 'blocked'].map((verdict) => `[data-testid=check-overall][data-verdict=${verdict}]`).join()).waitFor({ timeout: 60_000 });
  await shot(check, 'check');
  for (const id of MEDIA_CHECKS) await check.getByTestId(`check-${id}`).locator('summary').click();
  await check.getByTestId(`check-${MEDIA_CHECKS[0]}`).evaluate((row) => row.scrollIntoView());
  await shot(check, 'check-media-server');
  await leave(check);
}

async function lobbyTrouble() {
  const blocked = await person({ blocked: true });
  await blocked.goto(`${base}/r/${freshRoom()}`);
  await blocked.getByTestId('problem-both').waitFor();
  await shot(blocked, 'lobby-blocked');
  await blocked.getByTestId('join').click();
  await blocked.getByTestId('notice-devices').waitFor();
  await shot(blocked, 'call-blocked');
  await leave(blocked);
}

async function ordinaryCall() {
  const room = freshRoom();
  const first = await person();
  await enter(first, room);
  await first.getByTestId('alone').waitFor();
  await shot(first, 'alone');
  await first.getByTestId('link-open').click();
  await first.getByTestId('qr').waitFor();
  await shot(first, 'link');
  await first.keyboard.press('Escape');
  const second = await bo({ theme: 'light' });
  await enter(second, room);
  await Promise.all([stateIs(first, 'connected'), pictureRuns(first), pictureRuns(second)]);
  await shot(first, 'call');
  await shot(second, 'call-light');
  await first.keyboard.press('i');
  await first.waitForTimeout(6000);
  await shot(first, 'statistics');
  await first.keyboard.press('i');
  await first.keyboard.press('?');
  await first.getByTestId('shortcuts-dialog').waitFor();
  await shot(first, 'shortcuts');
  await first.keyboard.press('Escape');
  await first.getByTestId('more').click();
  await shot(first, 'more');
  await first.getByTestId('settings-open').click();
  await shot(first, 'settings');
  await first.keyboard.press('Escape');
  await chatAndShare(first, second);
  const third = await cleo({ trouble: { full: true } });
  await enter(third, room);
  await third.getByTestId('room-full').waitFor();
  await shot(third, 'room-full');
  await leave(third);
  await second.getByTestId('hangup').click();
  await second.getByTestId('rejoin').waitFor();
  await shot(second, 'left');
  await leave(first, second);
}

async function chatAndShare(first, second) {
  await second.getByTestId('chat-open').click();
  for (const text of ['Good morning', 'The numbers are at https://example.org/visits']) {
    await second.getByTestId('chat-input').fill(text);
    await second.getByTestId('chat-send').click();
  }
  await first.locator('.toggle-badge').waitFor();
  await shot(first, 'chat-unread');
  await first.getByTestId('chat-open').click();
  await first.getByTestId('chat-input').fill('Thank you, I see them');
  await first.keyboard.press('Enter');
  await shot(first, 'chat');
  await first.getByTestId('chat-close').click();
  await second.getByTestId('chat-close').click();
  await second.getByTestId('share').click();
  await pictureRuns(first, 'remote-screen');
  await shot(first, 'share-seen');
  await shot(second, 'share-own');
  await second.getByTestId('share-stop').click();
  await second.getByTestId('mic').click();
  await second.getByTestId('camera').click();
  await first.getByTestId('peer-camera-off').waitFor();
  await shot(first, 'camera-off-and-muted');
  await second.getByTestId('mic').click();
  await second.getByTestId('camera').click();
}

async function callTrouble() {
  const blocked = await couple({ trouble: { noPath: true } }, { trouble: { noPath: true } });
  await stateIs(blocked.first, 'connecting');
  await shot(blocked.first, 'connecting');
  await stateIs(blocked.first, 'failed').catch(() => undefined);
  await blocked.first.getByTestId('notice-failed').waitFor({ timeout: 40_000 });
  await shot(blocked.first, 'failed');
  await leave(blocked.first, blocked.second);

  const cut = await connectedCouple();
  await cut.second.evaluate(() => globalThis.parlorCut());
  await cut.second.getByTestId('notice-server').waitFor();
  await cut.first.getByTestId('tile-reconnecting').waitFor();
  await shot(cut.second, 'reconnecting');
  await shot(cut.first, 'peer-reconnecting');
  await leave(cut.first, cut.second);

  const slow = await connectedCouple({ trouble: { slow: true } });
  await slow.first.getByTestId('notice-weak').waitFor();
  await shot(slow.first, 'weak-network');
  await leave(slow.first, slow.second);

  const held = await connectedCouple({ trouble: { soundHeld: true } }, { trouble: { silent: true } });
  await held.first.getByTestId('notice-sound').waitFor();
  await shot(held.first, 'sound-held-back');
  await held.second.getByTestId('notice-silent').waitFor();
  await shot(held.second, 'not-heard');
  await leave(held.first, held.second);
}

/** Three in a room, through the media server; the first is the host. */
async function meeting() {
  const room = freshRoom();
  const first = await person();
  await enter(first, room);
  await first.getByTestId('alone').waitFor();
  const second = await bo({ theme: 'light' });
  await enter(second, room);
  const third = await cleo({ theme: 'contrast', device: PHONE });
  await enter(third, room);
  const fourth = await person({ look: 'dario', name: 'Dario Rossi' });
  await enter(fourth, room);
  const all = [first, second, third, fourth];
  await Promise.all(all.map(throughTheServer));
  await Promise.all(all.map((page) => picturesRun(page, 3)));
  await first.waitForTimeout(4000); // The pictures get sharp.
  await shot(first, 'meeting');
  await shot(second, 'meeting-light');
  await shot(third, 'phone-meeting');
  await first.keyboard.press('g');
  await shot(first, 'meeting-speaker');
  await first.keyboard.press('g');
  await third.getByTestId('more').click();
  await shot(third, 'phone-meeting-more');
  await third.getByTestId('more-hand').click();
  await second.getByTestId('react').click();
  await shot(second, 'meeting-react');
  await second.getByTestId('react-heart').click();
  await first.getByTestId('reaction').waitFor();
  await first.getByTestId('peer-hand').waitFor();
  await first.getByTestId('people-open').click();
  await first.getByTestId('people-panel').waitFor();
  await shot(first, 'meeting-people');
  await first.getByTestId('person-more').first().click();
  await shot(first, 'meeting-person');
  await first.keyboard.press('Escape');
  await wears(first, 'contrast');
  await shot(first, 'meeting-people-contrast');
  await wears(first, 'dark');
  await first.getByTestId('people-close').click();
  await second.keyboard.press('Escape');
  await meetingScreen(first, second, third);
  await meetingDoor(first, room);
  await fourth.getByTestId('hangup').click();
  await operators(room);
  await leave(...all);
}

/** What the operator sees of the meeting. */
async function operators(room) {
  const door = await person();
  await door.goto(`${base}/admin`);
  await door.getByTestId('admin-sign-in').waitFor();
  await shot(door, 'admin-sign-in');
  await leave(door);
  const page = await person();
  await page.goto(base + operator.slice(new URL(operator).origin.length));
  await page.getByTestId('admin-room').filter({ hasText: room }).waitFor();
  await page.waitForTimeout(30_000); // The charts fill.
  await shot(page, 'admin');
  await wears(page, 'light');
  await page.getByTestId('admin-room').filter({ hasText: room }).click();
  await page.getByTestId('admin-member').first().waitFor();
  await page.waitForTimeout(30_000);
  await shot(page, 'admin-room-light');
  await page.getByTestId('admin-member').first().evaluate((section) => section.scrollIntoView());
  await wears(page, 'contrast');
  await shot(page, 'admin-member-contrast');
  await leave(page);
}

async function meetingScreen(first, second, third) {
  await second.getByTestId('share').click();
  await Promise.all([pictureRuns(first, 'remote-screen'), pictureRuns(third, 'remote-screen')]);
  await shot(first, 'meeting-share');
  await shot(third, 'phone-meeting-share');
  await second.getByTestId('share-stop').click();
  await first.getByTestId('chat-open').click();
  await first.getByTestId('chat-to').selectOption({ index: 1 });
  await first.getByTestId('chat-input').fill('Can you take notes?');
  await first.keyboard.press('Enter');
  await shot(first, 'meeting-chat');
  await first.getByTestId('chat-close').click();
  await first.keyboard.press('i');
  await first.waitForTimeout(6000);
  await shot(first, 'meeting-statistics');
  await first.keyboard.press('i');
}

async function meetingDoor(host, room) {
  await host.getByTestId('people-open').click();
  await host.getByTestId('lobby').check();
  await host.getByTestId('people-close').click();
  const guest = await person({ look: 'bo', name: 'Noor Haddad' });
  await enter(guest, room);
  await guest.getByTestId('waiting').waitFor();
  await shot(guest, 'waiting');
  await host.getByTestId('notice-knock').waitFor();
  await shot(host, 'meeting-knock');
  await host.getByTestId('people-open').click();
  await host.getByTestId('deny').click();
  await guest.getByTestId('door-denied').waitFor();
  await shot(guest, 'denied');
  await leave(guest);
}

async function phones() {
  const room = freshRoom();
  const first = await person({ device: PHONE });
  await first.goto(base);
  await shot(first, 'phone-home');
  await first.goto(`${base}/r/${room}`);
  await first.getByTestId('local-video').waitFor();
  await shot(first, 'phone-lobby');
  await first.getByTestId('join').click();
  await first.getByTestId('alone').waitFor();
  await shot(first, 'phone-alone');
  const second = await bo({ device: PHONE_SIDEWAYS, theme: 'contrast' });
  await enter(second, room);
  await Promise.all([stateIs(first, 'connected'), pictureRuns(first), pictureRuns(second)]);
  await shot(first, 'phone-call');
  await shot(second, 'phone-sideways');
  await first.getByTestId('chat-open').click();
  await first.getByTestId('chat-input').fill('Can you hear me?');
  await first.getByTestId('chat-send').click();
  await shot(first, 'phone-chat');
  await first.getByTestId('chat-close').click();
  await first.getByTestId('more').click();
  await shot(first, 'phone-more');
  await leave(first, second);
}

async function chinese() {
  const chinesePage = { language: 'zh-CN', name: '林小雨' };
  const home = await person(chinesePage);
  await home.goto(base);
  await shot(home, 'home-zh');
  await leave(home);
  const { first, second } = await connectedCouple(chinesePage, { language: 'zh-CN', name: '陈博', device: PHONE });
  await shot(first, 'call-zh');
  await second.getByTestId('camera').click();
  await first.getByTestId('peer-camera-off').waitFor();
  await shot(first, 'camera-off-zh');
  await shot(second, 'phone-call-zh');
  await second.getByTestId('camera').click();
  const third = await cleo({ language: 'zh-CN', name: '周晴' });
  await enter(third, new URL(first.url()).pathname.split('/').at(-1));
  await Promise.all([first, second, third].map(throughTheServer));
  await Promise.all([first, second, third].map((page) => picturesRun(page, 2)));
  await first.getByTestId('people-open').click();
  await first.getByTestId('people-panel').waitFor();
  await shot(first, 'meeting-people-zh');
  await second.getByTestId('more').click();
  await shot(second, 'phone-meeting-more-zh');
  await leave(first, second, third);
}

const shared = { given, base, operator, person, shot, leave, wears, PHONE };
const live = () => liveScenes(shared);
const recordings = () => recordingScenes(shared);

try {
  const scenes = { pages, checks, lobbyTrouble, ordinaryCall, callTrouble, meeting, phones, live, recordings, chinese };
  const wanted = process.argv.slice(5);
  const unknown = wanted.filter((name) => !(name in scenes));
  if (unknown.length > 0) throw new Error(`no such scene: ${unknown.join(', ')}; there are ${Object.keys(scenes).join(', ')}`);
  for (const [name, scene] of Object.entries(scenes)) if (wanted.length === 0 || wanted.includes(name)) await scene();
  console.log(`${made} pictures in ${folder}`);
} finally {
  await browser.close();
}
