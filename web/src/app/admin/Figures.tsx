/** A row of numbers with what they count. */
export interface Figure {
  name: string;
  value: string;
  testid?: string;
}

export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl class="admin-figures">
      {figures.map(({ name, value, testid }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd data-testid={testid}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
