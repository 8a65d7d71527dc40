/** Tries the screen share: the browser asks what to share, and the page stops it at once. */
import { MonitorUp } from 'lucide';
import { Button } from '../components/Button';
import type { CheckSession } from './session';
import { t } from './texts';

export function ScreenControls({ session }: { session: CheckSession }) {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (!media || !('getDisplayMedia' in media)) return null;
  return (
    <div class="check-controls">
      <Button icon={MonitorUp} disabled={session.busy.value} onClick={() => void session.again('screen-share')} testid="check-share">
        {t('screen.try')}
      </Button>
    </div>
  );
}
