/** What was lost or not wanted since the server started, the most frequent cause first. */
import type { ServerStats } from '../../lib/admin/report';
import { t, word } from './texts';

export function Drops({ latest }: { latest: ServerStats }) {
  const causes = Object.entries(latest.drops).filter(([, count]) => count > 0);
  causes.sort(([, one], [, other]) => other - one);
  return (
    <section class="admin-section" aria-labelledby="admin-drops">
      <h2 id="admin-drops">{t('drops')}</h2>
      {causes.length === 0 && <p class="quiet">{t('drops.none')}</p>}
      <ul class="admin-drops">
        {causes.map(([cause, count]) => (
          <li key={cause}>
            <span>{word('drop', cause)}</span>
            <span class="admin-number">{count}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
