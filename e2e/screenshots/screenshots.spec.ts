// Draws every page and state of the client into docs/screenshots, against a server of its own: `cargo xtask screenshots`.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from '../harness/test.ts';

const FOLDER = join(tmpdir(), `parlor-screenshots-${process.pid}`);

test.use({ settings: { 'recording.folder': FOLDER } });

test.afterAll(() => rm(FOLDER, { recursive: true, force: true }));

test('every page and state is drawn', async ({ server }) => {
  const script = fileURLToPath(new URL('../screenshots.mjs', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, server.origin, await server.adminLink()]);
  expect(stderr).toBe('');
  expect(stdout).toContain('pictures in');
});
