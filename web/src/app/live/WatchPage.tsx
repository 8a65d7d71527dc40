/** The page of a stream: it plays, whatever it takes. */
import './live.css';
import './player.css';
import { useEffect, useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { Radio, Share2 } from 'lucide';
import { LiveApi } from '../../lib/live/api';
import { parseStreamPath, shownName, type StreamName } from '../../lib/live/stream-name';
import { Button } from '../components/Button';
import { MessagePage } from '../components/MessagePage';
import { PageShell } from '../components/PageShell';
import { navigate } from '../router';
import { OnAirMark } from './OnAirMark';
import { PlaybackDetails } from './PlaybackDetails';
import { Player } from './Player';
import { ShareDialog } from './ShareDialog';
import { takeFromAddress, token } from './token';
import { span, t } from './texts';
import { useInfo } from './use-info';
import { useTitle } from './use-title';
import { WatchSession } from './watch-session';

export function WatchPage({ path }: { path: string }) {
  useMemo(takeFromAddress, []);
  const name = useMemo(() => parseStreamPath(path), [path]);
  if (name) return <Watch key={path} name={name} />;
  return (
    <MessagePage title={t('watch.unknown')} text={t('watch.unknown.text', { example: `${location.origin}/live/lesson` })} icon={Radio} testid="watch-unknown">
      <Button onClick={() => navigate('/live')}>{t('watch.to-list')}</Button>
    </MessagePage>
  );
}

function Watch({ name }: { name: StreamName }) {
  const given = token.value;
  const session = useMemo(() => new WatchSession(name, given), [name, given]);
  const details = useSignal(false);
  useTitle(shownName(name));
  useEffect(() => {
    session.start();
    return () => session.stop();
  }, [session]);
  const player = <Player session={session} name={name} details={details.value} onDetails={() => (details.value = !details.value)} />;
  if (new URLSearchParams(location.search).get('embed') === '1') {
    return (
      <main class="embed">
        {player}
        {details.value && <PlaybackDetails session={session} />}
      </main>
    );
  }
  return (
    <PageShell>
      <div class="watch wide">
        {player}
        <Head session={session} name={name} />
        {details.value && <PlaybackDetails session={session} />}
      </div>
    </PageShell>
  );
}

function Head({ session, name }: { session: WatchSession; name: StreamName }) {
  const sharing = useSignal(false);
  const info = useInfo(useMemo(() => new LiveApi(token.peek()), []));
  const { state, report } = session.playback;
  const isOnAir = state.value === 'playing' && report.value !== undefined;
  return (
    <header class="live-head">
      <div class="watch-name">
        <h1>{shownName(name)}</h1>
        <p class="quiet small">
          {isOnAir ? <OnAirMark /> : t('watch.off-air')}
          {isOnAir && report.value && <span data-testid="viewers">{t('list.viewers', { n: report.value.viewers })}</span>}
          {isOnAir && report.value && <span>{t('list.since', { span: span(Date.now() - report.value.since) })}</span>}
        </p>
      </div>
      <div class="watch-actions">
        <Button kind="quiet" onClick={() => navigate('/live' + location.search + location.hash)} testid="to-list">
          {t('watch.to-list')}
        </Button>
        <Button icon={Share2} onClick={() => (sharing.value = true)} testid="share-open">
          {t('watch.share')}
        </Button>
      </div>
      {sharing.value && <ShareDialog name={name} info={info} onClose={() => (sharing.value = false)} />}
    </header>
  );
}
