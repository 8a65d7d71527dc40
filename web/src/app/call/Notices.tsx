/** States of the call that need a sentence and an action. They stay until the state is over. */
import { useEffect, useState } from 'preact/hooks';
import { AudioLines, CircleAlert, DoorClosed, Hand, Mic, MicOff, RefreshCw, ShieldCheck, TriangleAlert, Volume2, X, type IconNode } from 'lucide';
import { Button } from '../components/Button';
import { Icon } from '../components/Icon';
import { IconButton } from '../components/IconButton';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { t } from '../texts';

interface Notice {
  id: 'sound' | 'server' | 'failed' | 'media' | 'knock' | 'silenced' | 'silent' | 'weak' | 'devices' | 'refused';
  icon: IconNode;
  text: string;
  action: string;
  act: () => void;
  /** The other answer, where there are two. */
  otherwise?: { text: string; act: () => void };
  /** May be put away: the state is a judgement, not a fact. */
  dismissible?: boolean;
  /** What putting it away does beside that; the next one of its kind is shown again. */
  decline?: () => void;
}

/** What the live region says by itself. */
const SAID_ELSEWHERE: readonly string[] = ['server', 'failed', 'knock', 'refused'];

export function Notices({ view }: { view: CallView }) {
  const [dismissed, dismiss] = useState<readonly string[]>([]);
  const notice = notices(view).find((candidate) => !dismissed.includes(candidate.id));
  const words = notice && !SAID_ELSEWHERE.includes(notice.id) ? notice.text : '';
  useEffect(() => {
    if (words) view.say(words);
  }, [words]);
  if (!notice) return null;
  return (
    <div class="notice" data-testid={`notice-${notice.id}`}>
      <Icon icon={notice.icon} />
      <p>{notice.text}</p>
      {notice.otherwise && (
        <Button kind="quiet" onClick={notice.otherwise.act} testid={`notice-${notice.id}-otherwise`}>
          {notice.otherwise.text}
        </Button>
      )}
      <Button onClick={notice.act} testid={`notice-${notice.id}-action`}>
        {notice.action}
      </Button>
      {notice.dismissible && <IconButton icon={X} label={t('close')} onClick={notice.decline ?? (() => dismiss([...dismissed, notice.id]))} testid={`notice-${notice.id}-close`} />}
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
  const refusal = call.topology.session.value?.link.value?.refusal.value;
  if (refusal) found.push({ id: 'media', icon: CircleAlert, text: `${t('notice.media')} ${refusal.message}`.trim(), action: t('retry'), act: () => call.retry() });
  // The list of people says it itself.
  if (view.refusal.value && !view.peopleOpen.value) {
    found.push({ id: 'refused', icon: CircleAlert, text: view.refusal.value, action: t('moderated.fine'), act: view.forgetRefusal });
  }
  found.push(...doorNotices(view), ...interventionNotices(view));
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

/** Somebody knocks. Where there are several, the panel shows them all. */
function doorNotices(view: CallView): Notice[] {
  const { meeting } = view.call;
  const [first, ...more] = meeting.room.value.waiting;
  if (!first || !meeting.mayAdmit.value || view.peopleOpen.value) return [];
  const name = displayName(first.name);
  if (more.length > 0) return [{ id: 'knock', icon: DoorClosed, text: t('knock.many', { name, n: more.length }), action: t('knock.look'), act: view.togglePeople }];
  const admit = () => view.moderate(meeting.admit(first.uid), t('done.admit', { name }));
  const deny = () => view.moderate(meeting.deny(first.uid), t('done.deny', { name }));
  return [{ id: 'knock', icon: DoorClosed, text: t('knock.one', { name }), action: t('knock.admit'), act: admit, otherwise: { text: t('knock.deny'), act: deny } }];
}

/** What a host did to us: said until one has read it. */
function interventionNotices(view: CallView): Notice[] {
  const { meeting, media, participants } = view.call;
  const what = meeting.intervention.value;
  if (!what) return [];
  const name = displayName(participants.value.find(({ uid }) => uid === what.uid)?.name.value ?? t('people.host'));
  const decline = () => (meeting.intervention.value = undefined);
  const settled = (act: () => void) => () => {
    decline();
    act();
  };
  const base = { id: 'silenced', dismissible: true, decline } as const;
  if (what.action === 'lower-hand') return [{ ...base, icon: Hand, text: t('moderated.hand', { name }), action: t('moderated.fine'), act: decline }];
  if (what.action === 'role') return [{ ...base, icon: ShieldCheck, text: t(meeting.mayModerate.value ? 'moderated.host' : 'moderated.member', { name }), action: t('moderated.fine'), act: decline }];
  if (what.action === 'held') return [{ ...base, icon: MicOff, text: t('moderated.held'), action: t('hand.raise'), act: settled(() => view.call.meeting.raiseHand(true)) }];
  if (what.action === 'unmute') return [{ ...base, icon: Mic, text: t('moderated.unmute', { name }), action: t('mic.short.off'), act: settled(() => void media.setMicrophone(true)) }];
  if (what.source === 'microphone') return [{ ...base, icon: MicOff, text: t('moderated.mute', { name }), action: t('mic.short.off'), act: settled(() => void media.setMicrophone(true)) }];
  return [{ ...base, icon: MicOff, text: t(what.source === 'camera' ? 'moderated.camera' : 'moderated.screen', { name }), action: t('moderated.fine'), act: decline }];
}
