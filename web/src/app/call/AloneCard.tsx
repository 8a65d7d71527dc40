/** Nobody else is here yet: the link, and how to get it to them. */
import { Link, QrCode, Share2 } from 'lucide';
import { Button } from '../components/Button';
import { CopyButton } from '../components/CopyButton';
import type { CallView } from './call-view';
import { canShareLink, isLocalLink, roomLink, shareLink } from './room-link';
import { t } from '../texts';

export function AloneCard({ room, view }: { room: string; view: CallView }) {
  const link = roomLink(room);
  return (
    <section class="alone" data-testid="alone">
      <h2>{t('alone.title')}</h2>
      <p class="quiet">{t('alone.text')}</p>
      <p class="alone-link">{link.replace(/^https?:\/\//, '')}</p>
      {isLocalLink() && <p class="quiet small">{t('link.local')}</p>}
      <div class="alone-actions">
        <CopyButton text={link} label={t('link.copy')} done={t('link.copied')} icon={Link} kind="primary" testid="copy-link" />
        {canShareLink() && (
          <Button icon={Share2} onClick={() => shareLink(link)} testid="share-link">
            {t('link.share')}
          </Button>
        )}
        <Button icon={QrCode} onClick={() => view.openDialog('link')} testid="qr-open">
          {t('link.qr')}
        </Button>
      </div>
    </section>
  );
}
