/** For whoever looks after the server: what it does at this moment, drawn; its rooms; and what can be done about them. */
import './admin.css';
import { useEffect, useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { AdminApi, type ApiProblem } from '../../lib/admin/api';
import { PageShell } from '../components/PageShell';
import { Overview } from './Overview';
import { RoomView } from './RoomView';
import { SignIn } from './SignIn';
import { signOut, takeFromAddress, token } from './token';
import { t } from './texts';

export function AdminPage({ room }: { room: string | null }) {
  const refused = useSignal<ApiProblem | undefined>(undefined);
  const title = t('title');
  useEffect(() => {
    takeFromAddress();
    addEventListener('hashchange', takeFromAddress);
    document.title = `${title} · Parlor`;
    return () => {
      removeEventListener('hashchange', takeFromAddress);
      document.title = 'Parlor';
    };
  }, [title]);
  const given = token.value;
  const api = useMemo(() => (given === null ? undefined : new AdminApi(given)), [given]);
  const onRefused = (problem: ApiProblem) => {
    refused.value = problem;
    signOut();
  };
  return (
    <PageShell>
      {api ? (
        <div class="wide">{room === null ? <Overview api={api} onRefused={onRefused} /> : <RoomView key={room} api={api} room={room} onRefused={onRefused} />}</div>
      ) : (
        <SignIn refused={refused.value} />
      )}
    </PageShell>
  );
}
