/** A room: who is in it, what flows to and from each, and what can be done about it. */
import { useEffect, useMemo } from 'preact/hooks';
import { useSignal, type Signal } from '@preact/signals';
import { ArrowLeft, MicOff, OctagonX } from 'lucide';
import type { AdminApi, ApiProblem } from '../../lib/admin/api';
import type { RoomStats } from '../../lib/admin/report';
import { Watch } from '../../lib/admin/watch';
import { Button } from '../components/Button';
import { adminPath, navigate } from '../router';
import { Confirm, type Deed } from './Confirm';
import { Figures } from './Figures';
import { MemberSection } from './MemberSection';
import { Pages } from './Pages';
import { Trouble } from './Trouble';
import { span } from './format';
import { useWatch } from './use-watch';
import { t } from './texts';

/** So many members are drawn without being asked for. */
const OPEN_MAX = 4;

export interface RoomViewProps {
  api: AdminApi;
  room: string;
  onRefused: (problem: ApiProblem) => void;
}

export function RoomView({ api, room, onRefused }: RoomViewProps) {
  const starts = useSignal<readonly string[]>([]);
  const deed = useSignal<Deed | undefined>(undefined);
  const after = starts.value.at(-1) ?? null;
  const watch = useWatch(useMemo(() => new Watch((signal) => api.room(room, after, signal)), [api, room, after]));
  const problem = watch.problem.value;
  useEffect(() => {
    if (problem?.isAboutToken) onRefused(problem);
  }, [problem]);
  const latest = watch.latest.value;
  const home = () => navigate(adminPath(null));
  const isGone = problem?.code === 'no-room';
  return (
    <>
      <header class="admin-head">
        <div>
          <Button icon={ArrowLeft} kind="quiet" onClick={home} testid="admin-back">
            {t('title')}
          </Button>
          <h1>{latest?.name || room}</h1>
        </div>
        {latest && !isGone && <RoomActions api={api} room={room} deed={deed} onEnded={home} />}
      </header>
      <Trouble problem={problem} />
      {latest && !isGone && <RoomNumbers latest={latest} />}
      {latest && !isGone && latest.members.map((member) => <MemberSection key={member.uid} member={member} latest={latest} history={watch.history.value} isOpen={latest.members.length <= OPEN_MAX} deed={deed} api={api} />)}
      <Pages starts={starts} next={latest?.next ?? null} />
      {deed.value && <Confirm deed={deed.value} onClose={() => (deed.value = undefined)} onDone={() => watch.again()} />}
    </>
  );
}

function RoomActions({ api, room, deed, onEnded }: { api: AdminApi; room: string; deed: Signal<Deed | undefined>; onEnded: () => void }) {
  const muteAll = () => {
    deed.value = { title: t('mute-all'), text: t('mute-all.text'), confirm: t('mute-all'), act: () => api.mute(room, 'microphone') };
  };
  const end = () => {
    deed.value = { title: t('end.title'), text: t('end.text'), confirm: t('end'), danger: true, act: () => api.end(room).then(onEnded) };
  };
  return (
    <div class="admin-actions">
      <Button icon={MicOff} onClick={muteAll} testid="admin-mute-all">
        {t('mute-all')}
      </Button>
      <Button icon={OctagonX} kind="danger" onClick={end} testid="admin-end">
        {t('end')}
      </Button>
    </div>
  );
}

function RoomNumbers({ latest }: { latest: RoomStats }) {
  const figures = [
    { name: t('members'), value: String(latest.memberCount), testid: 'admin-room-members' },
    { name: t('waiting'), value: String(latest.waiting) },
    { name: t('room.way'), value: t(latest.mode), testid: 'admin-room-mode' },
    { name: t('room.since'), value: span(latest.at - latest.startedAt) },
  ];
  return (
    <>
      <Figures figures={figures} />
      {latest.lateWorkers.length > 0 && <p role="status">{t('room.late', { workers: latest.lateWorkers.join(', ') })}</p>}
      {latest.mode === 'p2p' && <p class="quiet">{t('room.p2p')}</p>}
    </>
  );
}
