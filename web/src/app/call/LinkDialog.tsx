/** The link to copy, to share, and as a QR code for the phone beside you. */
import { useMemo } from 'preact/hooks';
import { encode } from 'uqr';
import { Link, Share2 } from 'lucide';
import { Button } from '../components/Button';
import { CopyButton } from '../components/CopyButton';
import { Dialog } from '../components/Dialog';
import { canShareLink, isLocalLink, roomLink, shareLink } from './room-link';
import { t } from '../texts';

/** Empty modules around the code; readers need four (ISO/IEC 18004). */
const QUIET_ZONE = 4;

export function LinkDialog({ room, onClose }: { room: string; onClose: () => void }) {
  const link = roomLink(room);
  return (
    <Dialog title={t('link.title')} onClose={onClose} testid="link-dialog">
      <p class="quiet">{t(isLocalLink() ? 'link.local' : 'link.text')}</p>
      <QrCodePicture text={link} />
      <p class="alone-link" data-testid="room-link">
        {link}
      </p>
      <div class="alone-actions">
        <CopyButton text={link} label={t('link.copy')} done={t('link.copied')} icon={Link} kind="primary" testid="copy-link" />
        {canShareLink() && (
          <Button icon={Share2} onClick={() => shareLink(link)} testid="share-link">
            {t('link.share')}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

function QrCodePicture({ text }: { text: string }) {
  const { path, size } = useMemo(() => {
    const code = encode(text, { border: QUIET_ZONE, ecc: 'M' });
    const path = code.data.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join('')).join('');
    return { path, size: code.size };
  }, [text]);
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={t('link.qr.label')} shape-rendering="crispEdges" data-testid="qr">
      <rect width={size} height={size} fill="white" />
      <path d={path} fill="black" />
    </svg>
  );
}
