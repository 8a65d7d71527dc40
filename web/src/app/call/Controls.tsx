/** The bottom bar: fixed order, leaving apart and red. */
import { Ellipsis, Hand, Link, MessageSquare, Mic, MicOff, MonitorOff, MonitorUp, PhoneOff, UsersRound, Video, VideoOff } from 'lucide';
import { Toggle } from '../components/Toggle';
import type { CallView } from './call-view';
import { MoreMenu } from './MoreMenu';
import { Reactions } from './Reactions';
import { t } from '../texts';

export function Controls({ view }: { view: CallView }) {
  const { media, chat, meeting } = view.call;
  const { audio, video, screen } = media.state.value;
  const allowed = media.allowed.value;
  const microphone = allowed.audio
    ? { label: t(audio ? 'mic.mute' : 'mic.unmute'), caption: t(audio ? 'mic.short' : 'mic.short.off') }
    : { label: t('mic.forbidden'), caption: t('device.microphone'), disabled: true };
  const camera = allowed.video
    ? { label: t(video ? 'camera.stop' : 'camera.start'), caption: t(video ? 'camera.short' : 'camera.short.off') }
    : { label: t('camera.forbidden'), caption: t('camera.short.off'), disabled: true };
  const raised = meeting.hand.value;
  const knocks = meeting.mayAdmit.value ? meeting.room.value.waiting.length : 0;
  const hands = view.peopleOpen.value ? 0 : view.call.participants.value.filter((participant) => participant.hand.value !== undefined).length;
  const people = knocks > 0 ? t('people.knocks', { n: knocks }) : hands > 0 ? t('people.hands', { n: hands }) : t(view.peopleOpen.value ? 'people.close' : 'people.open');
  const key = (shortcut: string) => (view.letterKeys.value ? { shortcut } : {});
  const unread = view.chatOpen.value ? 0 : chat.unread.value;
  return (
    <div class="controls" role="toolbar" aria-label={t('controls')}>
      <div class="controls-main">
        <Toggle icon={audio ? Mic : MicOff} look={audio ? 'plain' : 'off'} pressed={!audio} {...microphone} {...key('M')} onClick={view.toggleMicrophone} testid="mic" />
        <Toggle icon={video ? Video : VideoOff} look={video ? 'plain' : 'off'} pressed={!video} {...camera} {...key('C')} onClick={view.toggleCamera} testid="camera" />
        {view.canShare && view.call.mayShare.value && (
          <Toggle icon={screen ? MonitorOff : MonitorUp} look={screen ? 'active' : 'plain'} pressed={screen} label={t(screen ? 'share.stop' : 'share.start')} caption={t(screen ? 'share.short.stop' : 'share.short')} {...key('S')} onClick={view.toggleShare} testid="share" />
        )}
        <span class="controls-wide">
          <Toggle icon={Hand} look={raised ? 'active' : 'plain'} pressed={raised} label={t(raised ? 'hand.lower' : 'hand.raise')} caption={t('hand.short')} {...key('H')} onClick={view.toggleHand} testid="hand" />
          <Reactions view={view} />
        </span>
        <Toggle icon={MessageSquare} look={view.chatOpen.value ? 'active' : 'plain'} expanded={view.chatOpen.value} badge={unread} label={unread > 0 ? t('chat.unread', { n: unread }) : t(view.chatOpen.value ? 'chat.close' : 'chat.open')} caption={t('chat.short')} {...key('T')} onClick={view.toggleChat} testid="chat-open" />
        <span class="controls-wide">
          <Toggle icon={UsersRound} look={view.peopleOpen.value ? 'active' : 'plain'} expanded={view.peopleOpen.value} badge={knocks + hands} label={people} caption={t('people.short')} {...key('P')} onClick={view.togglePeople} testid="people-open" />
        </span>
        <span class="controls-widest">
          <Toggle icon={Link} label={t('link.open')} caption={t('link.short')} onClick={() => view.openDialog('link')} testid="link-open" />
        </span>
        <div class="more">
          <Toggle icon={Ellipsis} look={view.moreOpen.value ? 'active' : 'plain'} expanded={view.moreOpen.value} label={t('more.open')} caption={t('more.short')} onClick={() => (view.moreOpen.value = !view.moreOpen.peek())} testid="more" />
          {view.moreOpen.value && <MoreMenu view={view} />}
        </div>
      </div>
      <Toggle icon={PhoneOff} look="leave" label={t('leave')} caption={t('leave.short')} {...key('Shift+Q')} onClick={view.hangUp} testid="hangup" />
    </div>
  );
}
