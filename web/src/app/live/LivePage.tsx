/** What is on air; and, when nothing is, how to begin. */
import './live.css';
import { useMemo } from 'preact/hooks';
import { Radio } from 'lucide';
import { LiveApi } from '../../lib/live/api';
import { StreamWatch } from '../../lib/live/stream-watch';
import { Button } from '../components/Button';
import { Icon } from '../components/Icon';
import { PageShell } from '../components/PageShell';
import { navigate } from '../router';
import { Beginning } from './Beginning';
import { StreamCard } from './StreamCard';
import { TokenForm } from './TokenForm';
import { takeFromAddress, token } from './token';
import { t } from './texts';
import { useInfo } from './use-info';
import { useSeen } from './use-seen';
import { useTitle } from './use-title';

export function LivePage() {
  useMemo(takeFromAddress, []);
  useTitle(t('list.title'));
  const given = token.value;
  const api = useMemo(() => new LiveApi(given), [given]);
  const watch = useMemo(() => new StreamWatch(api), [api]);
  useSeen(watch);
  const info = useInfo(api);
  const [list, problem] = [watch.list.value, watch.problem.value];
  return (
    <PageShell>
      <div class="wide">
        <header class="live-head">
          <h1>{t('list.title')}</h1>
          {info && info.publish !== 'off' && (
            <Button kind="primary" icon={Radio} onClick={() => navigate('/studio')} testid="go-live">
              {t('list.go-live')}
            </Button>
          )}
        </header>
        <p class="visually-hidden" role="status">
          {list && (list.streams.length === 1 ? t('list.count.one') : t('list.count', { n: list.streams.length }))}
        </p>
        {problem?.isAboutAccess && <TokenForm problem={problem.code} />}
        {problem && !problem.isAboutAccess && (
          <p class="live-away" role="alert" data-testid="live-away">
            {t('list.away')}
          </p>
        )}
        {list && list.streams.length > 0 && (
          <ul class="live-grid" data-testid="live-list">
            {list.streams.map((report) => (
              <StreamCard key={`${report.app}/${report.stream}`} report={report} />
            ))}
          </ul>
        )}
        {list?.next && <p class="small quiet">{t('list.more')}</p>}
        {list?.streams.length === 0 && <Nothing />}
        {list?.streams.length === 0 && info && <Beginning info={info} />}
      </div>
    </PageShell>
  );
}

function Nothing() {
  return (
    <div class="live-nothing" data-testid="live-empty">
      <Icon icon={Radio} size={28} />
      <div>
        <h2>{t('list.empty')}</h2>
        <p class="quiet">{t('list.empty.text')}</p>
      </div>
    </div>
  );
}
