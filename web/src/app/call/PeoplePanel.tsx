/** Who is here, who waits at the door, and, for hosts, what can be done about it. */
import './people.css';
import { useState } from 'preact/hooks';
import { UserPlus, X } from 'lucide';
import { Button } from '../components/Button';
import { IconButton } from '../components/IconButton';
import type { Participant } from '../../lib/participant';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { HostControls } from './HostControls';
import { RecordButton } from './RecordButton';
import { nameMatches, SEARCH_FROM } from './people-search';
import { OwnRow, PersonRow } from './PersonRow';
import { WaitingList } from './WaitingList';
import { t } from '../texts';

export function PeoplePanel({ room, view }: { room: string; view: CallView }) {
  const { call } = view;
  const others = call.participants.value;
  const [wanted, want] = useState('');
  const turns = new Map(others.filter((other) => other.hand.value !== undefined).sort((one, other) => since(one) - since(other)).map((other, index) => [other, index + 1]));
  const byTurn = [...turns.keys(), ...others.filter((other) => !turns.has(other))];
  const searching = others.length >= SEARCH_FROM && wanted.trim() !== '';
  const shown = searching ? byTurn.filter((other) => nameMatches(displayName(other.name.value), wanted)) : byTurn;
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
        {others.length >= SEARCH_FROM && <Search wanted={wanted} found={searching ? shown.length : undefined} onInput={want} />}
        <ul class="people-list" aria-label={t('people.title')}>
          {!searching && <OwnRow view={view} />}
          {shown.map((participant) => (
            <PersonRow key={participant.uid} view={view} participant={participant} turn={turns.get(participant)} />
          ))}
        </ul>
      </div>
      <footer class="people-foot">
        <Button icon={UserPlus} onClick={() => view.openDialog('link')} title={t('link.open')} testid="people-invite">
          {t('people.invite')}
        </Button>
        {call.meeting.mayRecord.value && <RecordButton view={view} />}
        {call.meeting.mayModerate.value && <HostControls room={room} view={view} />}
      </footer>
    </aside>
  );
}

interface SearchProps {
  wanted: string;
  /** Undefined while nothing is searched for. */
  found: number | undefined;
  onInput: (wanted: string) => void;
}

function Search({ wanted, found, onInput }: SearchProps) {
  return (
    <div class="people-search" role="search">
      <input
        class="input"
        type="search"
        value={wanted}
        placeholder={t('people.search')}
        aria-label={t('people.search')}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          // Escape empties the field first, and closes the panel when it is empty.
          if (event.key !== 'Escape' || wanted === '') return;
          event.stopPropagation();
          onInput('');
        }}
        data-testid="people-search"
      />
      <p class="quiet small" role="status" data-testid="people-found">
        {found === undefined ? '' : found === 0 ? t('people.search.none') : t('people.search.found', { n: found })}
      </p>
    </div>
  );
}

function since(participant: Participant): number {
  return participant.hand.value ?? Infinity;
}
