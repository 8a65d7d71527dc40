/** A table that scrolls by itself where the page is narrow. The first cell of a row names it. */
import type { ComponentChildren } from 'preact';

export interface TableRow {
  key: string | number;
  cells: readonly ComponentChildren[];
  testid?: string;
  /** For tests and styles. */
  state?: string;
}

export function Table({ label, head, rows }: { label: string; head: readonly string[]; rows: readonly TableRow[] }) {
  return (
    <div class="admin-table" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells, testid, state }) => (
            <tr key={key} data-testid={testid} data-state={state}>
              {cells.map((cell, place) => (place === 0 ? <th key={place} scope="row">{cell}</th> : <td key={place}>{cell}</td>))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
