// Draws every page and state of the client into docs/screenshots, against a server of its own: `cargo xtask screenshots`.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from '../harness/test.ts';

test('every page and state is drawn', async ({ server }) => {
  const script = fileURLToPath(new URL('../screenshots.mjs', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, server.origin, await server.adminLink()]);
  expect(stderr).toBe('');
  expect(stdout).toContain('pictures in');
});
