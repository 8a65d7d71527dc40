/** States of the call that need a sentence and an action. They stay until the state is over. */
import { useState } from 'preact/hooks';
import { AudioLines, CircleAlert, MicOff, RefreshCw, TriangleAlert, Volume2, X, type IconNode } from 'lucide';
import { Button } from '../components/Button';
import { Icon } from '../components/Icon';
import { IconButton } from '../components/IconButton';
import type { CallView } from './call-view';
import { t } from '../texts';

interface Notice {
  id: 'sound' | 'server' | 'failed' | 'silent' | 'weak' | 'devices';
  icon: IconNode;
  text: string;
  action: string;
  act: () => void;
  /** May be put away: the state is a judgement, not a fact. */
  dismissible?: boolean;
}

export function Notices({ view }: { view: CallView }) {
  const [dismissed, dismiss] = useState<readonly string[]>([]);
  const notice = notices(view).find((candidate) => !dismissed.includes(candidate.id));
  if (!notice) return null;
  return (
    <div class="notice" role="status" data-testid={`notice-${notice.id}`}>
      <Icon icon={notice.icon} />
      <p>{notice.text}</p>
      <Button onClick={notice.act} testid={`notice-${notice.id}-action`}>
        {notice.action}
      </Button>
      {notice.dismissible && <IconButton icon={X} label={t('close')} onClick={() => dismiss([...dismissed, notice.id])} />}
    </div>
  );
}

/** The most urgent first; one is shown at a time. */
function notices(view: CallView): Notice[] {
  const { call } = view;
  const found: Notice[] = [];
  const quality = call.pulse.quality.value;
  if (view.soundBlocked.value) found.push({ id: 'sound', icon: Volume2, text: t('notice.sound'), action: t('notice.sound.action'), act: view.playAll });
  if (call.channel.state.value === 'reconnecting') {
    found.push({ id: 'server', icon: RefreshCw, text: t('notice.server'), action: t('notice.server.action'), act: () => call.retry() });
  }
  if (call.connection.value === 'failed') {
    found.push({ id: 'failed', icon: CircleAlert, text: t('notice.failed'), action: t('notice.failed.action'), act: () => void open('/check', '_blank', 'noopener') });
  }
  if (Object.keys(call.media.problem.value).length > 0) {
    found.push({ id: 'devices', icon: MicOff, text: t('notice.devices'), action: t('notice.devices.action'), act: () => view.openDialog('settings'), dismissible: true });
  }
  if (call.pulse.silent.value) {
    found.push({ id: 'silent', icon: AudioLines, text: t('notice.silent'), action: t('notice.silent.action'), act: () => view.openDialog('settings'), dismissible: true });
  }
  if (quality.level <= 2 && quality.reason && call.connection.value === 'connected') {
    const camera = call.media.state.value.video;
    found.push({
      id: 'weak',
      icon: TriangleAlert,
      text: `${t('notice.weak')} ${t(`quality.reason.${quality.reason}`)}`,
      action: t(camera ? 'camera.stop' : 'notice.weak.figures'),
      act: camera ? view.toggleCamera : view.toggleStats,
      dismissible: true,
    });
  }
  return found;
}
