/** Why a call fails: one verdict in a sentence, then the list of checks. */
import { PageShell } from '../components/PageShell';
import { t } from '../texts';

export function CheckPage() {
  return (
    <PageShell>
      <h1>{t('check.link')}</h1>
    </PageShell>
  );
}
