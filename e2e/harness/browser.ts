// Debian's Chromium with a made-up camera and microphone.
import { fileURLToPath } from 'node:url';

import { type Browser, chromium } from '@playwright/test';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const IN_NAMESPACE = fileURLToPath(new URL('../lab/chromium-in-netns', import.meta.url));

/** A made-up user, who chooses a made-up screen. */
const MADE_UP_ANSWERS = '--use-fake-ui-for-media-stream';

/** With the last two, camera, microphone and screen are made up and every question for permission is granted. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-renderer-backgrounding',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--ignore-certificate-errors', // The server's certificate is its own; a context's option does not reach TURN over TLS.
  '--use-fake-device-for-media-stream',
  MADE_UP_ANSWERS,
];

/** A browser on this machine's loopback, which it uses for calls too. */
export function launchOnLoopback(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, '--allow-loopback-in-peer-connection'] });
}

/** A browser on this machine's loopback, whose user shares the tab of that title with its sound; camera and microphone are granted by a context's permissions. */
export function launchSharing(title: string): Promise<Browser> {
  const flags = FLAGS.filter((flag) => flag !== MADE_UP_ANSWERS);
  const own = [`--auto-select-tab-capture-source-by-title=${title}`, '--autoplay-policy=no-user-gesture-required'];
  const args = [...flags, ...own, '--allow-loopback-in-peer-connection'];
  // Of a browser without sound its tabs have none to share.
  return chromium.launch({ executablePath: CHROMIUM, args, ignoreDefaultArgs: ['--mute-audio'] });
}

/** A browser on a host of the network lab. */
export function launchIn(netns: string): Promise<Browser> {
  return chromium.launch({
    executablePath: IN_NAMESPACE,
    args: FLAGS,
    env: { ...(process.env as Record<string, string>), NETNS: netns, CHROMIUM },
  });
}
