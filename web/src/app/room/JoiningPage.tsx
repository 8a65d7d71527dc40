/** Between "Join" and the room: usually a blink, else the reason why it takes longer. */
import { useEffect, useState } from 'preact/hooks';
import { MessagePage } from '../components/MessagePage';
import { Button } from '../components/Button';
import type { Call } from '../../lib/call';
import { t } from '../texts';

/** Nobody needs to read that we are joining when it takes no longer than this. */
const PATIENCE_MS = 600;
/** After this long something is wrong. */
const TROUBLE_MS = 5000;

export function JoiningPage({ call, onCancel }: { call: Call; onCancel: () => void }) {
  const [wait, setWait] = useState<'short' | 'long' | 'trouble'>('short');
  useEffect(() => {
    const timers = [setTimeout(() => setWait('long'), PATIENCE_MS), setTimeout(() => setWait('trouble'), TROUBLE_MS)];
    return () => timers.forEach(clearTimeout);
  }, [call]);
  if (wait === 'short') return null;
  const trouble = wait === 'trouble';
  return (
    <MessagePage title={t(trouble ? 'joining.trouble' : 'joining.title')} text={t(trouble ? 'joining.trouble.text' : 'joining.text')} testid="joining">
      <Button
        onClick={() => {
          call.hangUp();
          onCancel();
        }}
      >
        {t('cancel')}
      </Button>
    </MessagePage>
  );
}
