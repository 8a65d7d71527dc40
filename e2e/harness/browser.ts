// Debian's Chromium with a made-up camera and microphone.
import { fileURLToPath } from 'node:url';

import { type Browser, chromium } from '@playwright/test';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const IN_NAMESPACE = fileURLToPath(new URL('../lab/chromium-in-netns', import.meta.url));

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
  '--use-fake-ui-for-media-stream',
];

/** A browser on this machine's loopback, which it uses for calls too. */
export function launchOnLoopback(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, '--allow-loopback-in-peer-connection'] });
}

/** A browser on a host of the network lab. */
export function launchIn(netns: string): Promise<Browser> {
  return chromium.launch({
    executablePath: IN_NAMESPACE,
    args: FLAGS,
    env: { ...(process.env as Record<string, string>), NETNS: netns, CHROMIUM },
  });
}
