/** For an address that leads nowhere. */
import { MessagePage } from './components/MessagePage';
import { Button } from './components/Button';
import { navigate } from './router';
import { t } from './texts';

export function UnknownPage() {
  return (
    <MessagePage title={t('unknown.title')} text={t('unknown.text')}>
      <Button kind="primary" onClick={() => navigate('/')}>
        {t('home.back')}
      </Button>
    </MessagePage>
  );
}
