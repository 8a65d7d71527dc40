// Fails when the script of the first load (the entry and what it imports statically) exceeds the budget.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 60_000;
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const entries = [...html.matchAll(/<(?:script|link)[^>]+(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((match) => match[1]);
if (entries.length === 0) throw new Error('dist/index.html names no script: run `npm run build` first');

const seen = new Map();
const visit = (file) => {
  if (seen.has(file)) return;
  const source = readFileSync(file);
  seen.set(file, gzipSync(source, { level: 9 }).length);
  for (const match of source.toString('utf8').matchAll(/(?:^|[;\s}])import(?:[^"'();]*?from)?\s*["'](\.\/[^"']+\.js)["']/g)) {
    visit(resolve(dirname(file), match[1]));
  }
};
for (const entry of entries) visit(join(dist, entry));

let total = 0;
for (const [file, bytes] of seen) {
  total += bytes;
  console.log(`${String(bytes).padStart(7)} B gzip  ${file.slice(dist.length + 1)}`);
}
console.log(`${String(total).padStart(7)} B gzip  first load (budget ${BUDGET_BYTES} B)`);
if (total > BUDGET_BYTES) {
  console.error(`The first load is ${total - BUDGET_BYTES} bytes over the budget: load something later.`);
  process.exit(1);
}
