// The capability check page as a machine reads it.
import { expect } from '@playwright/test';

import type { Person } from './person.ts';

/** A whole run without a click. */
const AUTO_MS = 90_000;

export interface CheckFindings {
  /** `ready`, `limited` or `blocked`. */
  verdict: string;
  /** By check id: `pass`, `warn`, `fail`, `info` or `skipped`. */
  statuses: Record<string, string>;
  /** What each check measured. */
  details: Record<string, Record<string, unknown>>;
  /** The report as a person would send it. */
  text: string;
}

/** Opens the page and waits for its verdict. */
export async function checks(person: Person, origin: string): Promise<CheckFindings> {
  await person.page.goto(`${origin}/check?auto=1`);
  await expect(person.control('check-overall')).toHaveAttribute('data-verdict', /^(ready|limited|blocked)$/, { timeout: AUTO_MS });
  const text = (await person.control('check-report').textContent()) ?? '';
  const report = JSON.parse(text) as { overall: { verdict: string }; checks: { id: string; status: string; details: Record<string, unknown> }[] };
  const statuses = Object.fromEntries(report.checks.map(({ id, status }) => [id, status]));
  for (const [id, status] of Object.entries(statuses)) {
    await expect(person.control(`check-${id}`), 'list and report agree').toHaveAttribute('data-status', status);
  }
  return { verdict: report.overall.verdict, statuses, details: Object.fromEntries(report.checks.map(({ id, details }) => [id, details])), text };
}
