/** The addresses of a stream, for people and for players. */
import type { LiveInfo } from '../../lib/live/api';
import { addressesOf, shownName, type StreamName } from '../../lib/live/stream-name';
import { Dialog } from '../components/Dialog';
import { CopyField } from './CopyField';
import { t } from './texts';

export interface ShareDialogProps {
  name: StreamName;
  info: LiveInfo | undefined;
  onClose: () => void;
}

export function ShareDialog({ name, info, onClose }: ShareDialogProps) {
  const { page, whep, hls, flv, rtmp } = addressesOf(name, { origin: location.origin, rtmpPort: info?.rtmpPort ?? null });
  return (
    <Dialog title={t('share.title', { name: shownName(name) })} onClose={onClose} testid="share-dialog">
      <CopyField label={t('share.page')} text={page} testid="share-page" />
      {info?.embed && <CopyField label={t('share.embed')} text={`<iframe src="${page}?embed=1" width="640" height="360" style="border:0" allow="autoplay; fullscreen; picture-in-picture" title="${escapeAttribute(shownName(name))}"></iframe>`} testid="share-embed" />}
      <h3>{t('share.players')}</h3>
      <CopyField label={t('share.whep')} text={whep} testid="share-whep" />
      <CopyField label={t('share.hls')} text={hls} testid="share-hls" />
      {rtmp && <CopyField label={t('share.rtmp')} text={rtmp} testid="share-rtmp" />}
      <CopyField label={t('share.flv')} text={flv} testid="share-flv" />
      {info?.play === 'token' && <p class="small quiet">{t('share.token')}</p>}
    </Dialog>
  );
}

/** A text that may stand in an attribute of HTML. */
function escapeAttribute(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}
