/** Who is here, who waits at the door, and, for hosts, what can be done about it. */
import './people.css';
import { UserPlus, X } from 'lucide';
import { Button } from '../components/Button';
import { IconButton } from '../components/IconButton';
import type { Participant } from '../../lib/participant';
import type { CallView } from './call-view';
import { HostControls } from './HostControls';
import { OwnRow, PersonRow } from './PersonRow';
import { WaitingList } from './WaitingList';
import { t } from '../texts';

export function PeoplePanel({ view }: { view: CallView }) {
  const { call } = view;
  const others = call.participants.value;
  const raised = others.filter((participant) => participant.hand.value !== undefined).sort((one, other) => since(one) - since(other));
  const rest = others.filter((participant) => participant.hand.value === undefined);
  return (
    <aside
      class="panel people"
      aria-label={t('people.title')}
      data-testid="people-panel"
      onKeyDown={(event) => {
        if (event.key === 'Escape') view.closePanel();
      }}
    >
      <header class="panel-head">
        <h2>
          {t('people.title')} <span class="quiet">{others.length + 1}</span>
        </h2>
        <IconButton icon={X} label={t('people.close')} onClick={view.closePanel} testid="people-close" />
      </header>
      <div class="people-body">
        {call.meeting.mayAdmit.value && <WaitingList view={view} />}
        <ul class="people-list" aria-label={t('people.title')}>
          <OwnRow view={view} />
          {raised.map((participant, index) => (
            <PersonRow key={participant.uid} view={view} participant={participant} turn={index + 1} />
          ))}
          {rest.map((participant) => (
            <PersonRow key={participant.uid} view={view} participant={participant} />
          ))}
        </ul>
      </div>
      <footer class="people-foot">
        <Button icon={UserPlus} onClick={() => view.openDialog('link')} title={t('link.open')} testid="people-invite">
          {t('people.invite')}
        </Button>
        {call.meeting.mayModerate.value && <HostControls view={view} />}
      </footer>
    </aside>
  );
}

function since(participant: Participant): number {
  return participant.hand.value ?? Infinity;
}
