// Four projects, one worker: two browsers with camera, encoder and decoder fill two cores.
import { defineConfig } from '@playwright/test';

export default defineConfig({
  workers: 1,
  retries: 0, // A test that fails now and then has a cause; a second try hides it.
  forbidOnly: true,
  timeout: 90_000,
  globalTimeout: 25 * 60_000,
  expect: { timeout: 20_000 },
  outputDir: 'results',
  reporter: [['list']],
  use: { screenshot: 'only-on-failure' },
  projects: [
    { name: 'browser', testDir: 'browser' },
    { name: 'firefox', testDir: 'firefox' },
    { name: 'lab', testDir: 'lab' },
    { name: 'screenshots', testDir: 'screenshots', timeout: 10 * 60_000 },
  ],
});
