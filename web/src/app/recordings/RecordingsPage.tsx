/** What was recorded: to play, to keep, to delete. */
import '../live/live.css';
import './recordings.css';
import { useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { Download, Film, Play, Trash2 } from 'lucide';
import { LiveProblem } from '../../lib/live/problem';
import { RecordingsApi, together, type RecordingReport, type Take } from '../../lib/live/recordings';
import { shownName } from '../../lib/live/stream-name';
import { takeFromAddress as takeOperator, token as operator } from '../admin/token';
import { Button } from '../components/Button';
import { Dialog } from '../components/Dialog';
import { Icon } from '../components/Icon';
import { PageShell } from '../components/PageShell';
import { TokenForm } from '../live/TokenForm';
import { span } from '../live/texts';
import { takeFromAddress, token } from '../live/token';
import { useSeen } from '../live/use-seen';
import { useTitle } from '../live/use-title';
import { dateLocale } from '../preferences';
import { RecordingTable } from './recording-list';
import { t } from './texts';

export function RecordingsPage() {
  useMemo(() => {
    takeFromAddress();
    takeOperator();
  }, []);
  useTitle(t('title'));
  const given = token.value ?? operator.value ?? undefined;
  const table = useMemo(() => new RecordingTable(new RecordingsApi(given)), [given]);
  useSeen(table);
  const [rows, problem] = [table.rows.value, table.problem.value];
  return (
    <PageShell>
      <div class="wide">
        <h1>{t('title')}</h1>
        <p class="visually-hidden" role="status">
          {rows && t('status', { n: rows.length })}
        </p>
        {problem && <Trouble problem={problem} />}
        {rows?.length === 0 && (
          <div class="live-nothing" data-testid="recordings-empty">
            <Icon icon={Film} size={28} />
            <div>
              <h2>{t('empty')}</h2>
              <p class="quiet">{t('empty.text')}</p>
            </div>
          </div>
        )}
        {rows && rows.length > 0 && (
          <ul class="recordings" data-testid="recordings">
            {together(rows).map((place) =>
              'parts' in place ? <RoomTake key={`take-${place.id}`} take={place} table={table} /> : <Recording key={place.id} row={place} table={table} />,
            )}
          </ul>
        )}
        {table.next.value !== null && (
          <div>
            <Button onClick={() => void table.more()} testid="recordings-more">
              {t('more')}
            </Button>
          </div>
        )}
      </div>
    </PageShell>
  );
}

function Trouble({ problem }: { problem: LiveProblem }) {
  if (problem.isAboutAccess || problem.code === 'no-keys') return <TokenForm problem={problem.code} text={t('token.text')} />;
  return (
    <p class="live-away" role="alert" data-testid="recordings-trouble" data-problem={problem.code}>
      {t(problem.code === 'recording-off' ? 'off' : 'away')}
    </p>
  );
}

function RoomTake({ take, table }: { take: Take; table: RecordingTable }) {
  const date = new Date(take.startedAt).toLocaleString(dateLocale(), { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <li class="recording-take" data-testid="recording-take">
      <h2>{t('take', { room: take.room })}</h2>
      <p class="small quiet">{[date, span(take.durationMs)].join(' · ')}</p>
      <ul>
        {take.parts.map((row) => (
          <Recording key={row.id} row={row} table={table} />
        ))}
      </ul>
    </li>
  );
}

function nameOf(row: RecordingReport): string {
  if (!row.part) return shownName(row);
  const name = row.part.name || row.part.uid;
  return row.part.source === 'screen' ? t('take.screen', { name }) : name;
}

function Recording({ row, table }: { row: RecordingReport; table: RecordingTable }) {
  const open = useSignal<'play' | 'delete' | undefined>(undefined);
  const name = nameOf(row);
  const date = new Date(row.startedAt).toLocaleString(dateLocale(), { dateStyle: 'medium', timeStyle: 'short' });
  const facts = [span(row.durationMs), inBytes(row.bytes), row.video && `${row.video.codec} ${row.video.width}\u00a0×\u00a0${row.video.height}`, row.format.toUpperCase(), row.gaps > 0 && t('gaps', { n: row.gaps })];
  const close = () => (open.value = undefined);
  return (
    <li class="recording" data-testid="recording" data-state={row.state}>
      <div>
        {row.part ? <h3>{name}</h3> : <h2>{name}</h2>}
        <p class="small quiet">{[date, ...facts].filter(Boolean).join(' · ')}</p>
        {row.state !== 'finished' && <p class={`small recording-${row.state}`}>{t(`state.${row.state}`)}{row.reason ? ` (${row.reason})` : ''}</p>}
      </div>
      <div class="recording-actions">
        <Button icon={Play} onClick={() => (open.value = 'play')} title={t('play.what', { name, date })} testid="recording-play">
          {t('play')}
        </Button>
        <a class="button button-secondary button-medium" href={`${row.url}&download=1`} download data-testid="recording-download">
          <Icon icon={Download} />
          <span>{t('download')}</span>
        </a>
        {row.state !== 'recording' && (
          <Button icon={Trash2} kind="quiet" onClick={() => (open.value = 'delete')} testid="recording-delete">
            {t('delete')}
          </Button>
        )}
      </div>
      {open.value === 'play' && (
        <Dialog title={`${name}, ${date}`} onClose={close} testid="recording-player">
          <video class="recording-video" src={row.url} controls autoplay data-testid="recording-video" />
        </Dialog>
      )}
      {open.value === 'delete' && <DeleteDialog name={name} remove={() => table.remove(row.id)} onClose={close} />}
    </li>
  );
}

function DeleteDialog({ name, remove, onClose }: { name: string; remove: () => Promise<void>; onClose: () => void }) {
  const failed = useSignal<string | undefined>(undefined);
  const act = () => {
    remove().then(onClose, (error: unknown) => (failed.value = error instanceof LiveProblem ? error.code : 'no-answer'));
  };
  return (
    <Dialog title={t('delete.title')} onClose={onClose} testid="recording-delete-dialog">
      <p>{t('delete.text', { name })}</p>
      {failed.value && <p role="alert">{t('delete.failed', { code: failed.value })}</p>}
      <div class="recording-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button kind="danger" onClick={act} testid="recording-delete-confirm">
          {t('delete')}
        </Button>
      </div>
    </Dialog>
  );
}

/** 950 kB, 3.4 MB, 1.2 GB. */
function inBytes(bytes: number): string {
  for (const [size, unit] of [[1e9, 'GB'], [1e6, 'MB']] as const) if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  return `${Math.ceil(bytes / 1000)} kB`;
}
