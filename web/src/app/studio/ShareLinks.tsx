/** Where others watch. */
import { addressesOf, type StreamName } from '../../lib/live/stream-name';
import { CopyField } from '../live/CopyField';
import { t } from './texts';

export function ShareLinks({ name, rtmpPort }: { name: StreamName; rtmpPort: number | null }) {
  const { page, whep, hls, rtmp } = addressesOf(name, { origin: location.origin, rtmpPort });
  return (
    <details class="studio-share" open>
      <summary>{t('share')}</summary>
      <CopyField label={t('share.page')} text={page} testid="share-page" />
      <CopyField label={t('share.whep')} text={whep} testid="share-whep" />
      <CopyField label={t('share.hls')} text={hls} testid="share-hls" />
      {rtmp && <CopyField label={t('share.rtmp')} text={rtmp} testid="share-rtmp" />}
    </details>
  );
}
