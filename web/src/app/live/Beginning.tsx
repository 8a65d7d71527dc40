/** How to begin a stream: from this browser, from OBS, from ffmpeg, with this server's own addresses. */
import { useSignal } from '@preact/signals';
import { Radio } from 'lucide';
import type { LiveInfo } from '../../lib/live/api';
import { NAME_BYTES_MAX, addressesOf, parseTypedName, shownName } from '../../lib/live/stream-name';
import { Button } from '../components/Button';
import { TextField } from '../components/TextField';
import { navigate } from '../router';
import { CopyField } from './CopyField';
import { t } from './texts';

const SUGGESTED = 'lesson';
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export function Beginning({ info }: { info: LiveInfo }) {
  const typed = useSignal(SUGGESTED);
  const named = parseTypedName(typed.value);
  if (info.publish === 'off') return <p class="quiet">{t('begin.off')}</p>;
  const name = named ?? { app: 'live', stream: SUGGESTED };
  const addresses = addressesOf(name, { origin: location.origin, rtmpPort: info.rtmpPort });
  return (
    <section class="beginning" data-testid="beginning">
      <h2>{t('begin.title')}</h2>
      <div class="beginning-name">
        <TextField label={t('begin.name')} value={typed.value} onInput={(value) => (typed.value = value)} maxLength={NAME_BYTES_MAX} {...(!named && { invalid: t('begin.name.wrong') })} testid="begin-name" />
      </div>
      {info.publish === 'token' && <p class="small">{t('begin.token', { room: `${name.app}/${name.stream}`, key: addresses.streamKey })}</p>}
      <div class="beginning-ways">
        <div class="beginning-way">
          <h3>{t('begin.browser')}</h3>
          <p class="small quiet">{t('begin.browser.text')}</p>
          <div>
            <Button icon={Radio} onClick={() => navigate(`/studio?stream=${encodeURIComponent(shownName(name))}`)} testid="begin-studio">
              {t('begin.browser.open')}
            </Button>
          </div>
        </div>
        <div class="beginning-way">
          <h3>{t('begin.obs')}</h3>
          <p class="small quiet">{t('begin.obs.text')}</p>
          <CopyField label={t('begin.obs.server')} text={addresses.whip} testid="begin-whip" />
        </div>
        {addresses.rtmpServer && (
          <div class="beginning-way">
            <h3>{t('begin.rtmp')}</h3>
            <p class="small quiet">{t('begin.rtmp.text')}</p>
            <CopyField label={t('begin.rtmp.server')} text={addresses.rtmpServer} testid="begin-rtmp" />
            <CopyField label={t('begin.rtmp.key')} text={addresses.streamKey} testid="begin-key" />
          </div>
        )}
        {addresses.rtmp && (
          <div class="beginning-way">
            <h3>{t('begin.ffmpeg')}</h3>
            <CopyField label={t('begin.ffmpeg.command')} text={`ffmpeg -re -i film.mp4 -c:v libx264 -bf 0 -g 50 -c:a aac -f flv ${addresses.rtmp}`} testid="begin-ffmpeg" />
          </div>
        )}
      </div>
      {LOCAL.test(location.hostname) && <p class="small quiet">{t('begin.local')}</p>}
    </section>
  );
}
