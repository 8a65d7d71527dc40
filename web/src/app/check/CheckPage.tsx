/** Why a call fails: one verdict in a sentence, then the list of checks, then a report for whoever helps. */
import './check.css';
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { PageShell } from '../components/PageShell';
import { CheckSession } from './session';
import { CheckGroupList } from './CheckGroupList';
import { OverallCard } from './OverallCard';
import { ReportSection } from './ReportSection';
import { t } from './texts';

export function CheckPage() {
  const session = useMemo(() => new CheckSession(new URLSearchParams(location.search)), []);
  const title = t('page.title');
  useEffect(() => {
    document.title = `${title} · Parlor`;
    return () => {
      document.title = 'Parlor';
    };
  }, [title]);
  useEffect(() => {
    if (session.auto) void session.start();
    return () => session.stop();
  }, [session]);
  useDeviceChange(session);
  return (
    <PageShell>
      <div class="check">
        <h1 class="check-title">{title}</h1>
        <OverallCard session={session} />
        {session.started.value && session.groups.map((group) => <CheckGroupList key={group} session={session} group={group} />)}
        {session.started.value && <ReportSection session={session} />}
      </div>
    </PageShell>
  );
}

/** What is plugged in or pulled out is listed at once. */
function useDeviceChange(session: CheckSession): void {
  const missed = useSignal(false);
  useEffect(() => {
    const media = navigator.mediaDevices as MediaDevices | undefined;
    const changed = () => {
      if (session.busy.peek()) missed.value = true;
      else if (session.states.peek().some(({ id }) => id === 'devices')) void session.again('devices');
    };
    media?.addEventListener('devicechange', changed);
    return () => media?.removeEventListener('devicechange', changed);
  }, [session]);
  useEffect(() => {
    if (session.busy.value || !missed.value) return;
    missed.value = false;
    void session.again('devices');
  }, [session.busy.value]);
}
