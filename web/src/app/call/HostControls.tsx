/** What hosts can do to the room as a whole. */
import { Hand, Lock, LockOpen, MicOff, PhoneOff } from 'lucide';
import { Button } from '../components/Button';
import type { CallView } from './call-view';
import { watchPath } from './room-link';
import { t } from '../texts';

export function HostControls({ room, view }: { room: string; view: CallView }) {
  const { meeting, participants } = view.call;
  const { locked, lobby, stream } = meeting.room.value;
  const refusal = view.refusal.value;
  const ask = (done: Promise<void>, words: string) => view.moderate(done, words);
  const raised = participants.value.some((participant) => participant.hand.value !== undefined);
  return (
    <>
      <Button icon={MicOff} onClick={() => ask(meeting.mute(undefined, 'microphone'), t('done.mute.all'))} testid="mute-all">
        {t('host.mute')}
      </Button>
      {raised && (
        <Button icon={Hand} onClick={() => ask(meeting.lowerHand(), t('done.lower.all'))} testid="lower-all">
          {t('host.lower')}
        </Button>
      )}
      <Button icon={locked ? LockOpen : Lock} pressed={locked} onClick={() => ask(meeting.lock(!locked), t(locked ? 'said.unlocked' : 'said.locked'))} testid="lock">
        {t(locked ? 'host.unlock' : 'host.lock')}
      </Button>
      <label class="host-lobby" title={t('host.lobby.text')}>
        <input type="checkbox" checked={lobby} onChange={(event) => ask(meeting.setLobby(event.currentTarget.checked), t(event.currentTarget.checked ? 'done.lobby.on' : 'done.lobby.off'))} data-testid="lobby" />
        {t('host.lobby')}
      </label>
      <label class="host-lobby" title={t('host.stream.text')}>
        <input type="checkbox" checked={stream !== 'off'} onChange={(event) => ask(meeting.setStream(event.currentTarget.checked ? 'open' : 'off'), t(event.currentTarget.checked ? 'done.stream.on' : 'done.stream.off'))} data-testid="stream" />
        {t('host.stream')}
      </label>
      {stream !== 'off' && (
        <a class="small" href={watchPath(room)} target="_blank" rel="noopener" data-testid="watch-link">
          {t('host.stream.link')}
        </a>
      )}
      <div class="host-end">
        <Button kind="quiet" icon={PhoneOff} onClick={() => view.openDialog('end')} testid="end-for-all">
          {t('host.end')}
        </Button>
      </div>
      {refusal && (
        <p class="host-refusal small" data-testid="refusal">
          {refusal}
        </p>
      )}
    </>
  );
}
