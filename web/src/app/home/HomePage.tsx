/** Start or join. */
import { PageShell } from '../components/PageShell';
import { Button } from '../components/Button';
import { navigate } from '../router';
import { t } from '../texts';

export function HomePage() {
  return (
    <PageShell>
      <h1>{t('home.title')}</h1>
      <Button onClick={() => navigate('/check')}>{t('check.link')}</Button>
    </PageShell>
  );
}
