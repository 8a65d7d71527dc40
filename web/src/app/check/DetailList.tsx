/** The numbers behind a verdict, under the names they have in the report. */
import type { Detail } from '../../lib/check/types';

/** A value on one line: lists with commas, objects as `name value`. */
export function inWords(value: Detail): string {
  if (value === null || value === '') return '–';
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(inWords).join(', ');
  if (typeof value === 'object') {
    return Object.entries(value as Record<string, Detail>)
      .map(([name, item]) => `${name} ${inWords(item)}`)
      .join(', ');
  }
  return String(value);
}

export function DetailList({ details }: { details: readonly (readonly [string, Detail])[] }) {
  return (
    <dl class="check-values">
      {details.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{inWords(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
