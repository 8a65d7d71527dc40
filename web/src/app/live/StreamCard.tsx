/** A stream on air, as a link to its page. */
import { Play, Volume2 } from 'lucide';
import type { StreamReport } from '../../lib/live/api';
import { shownName, watchPath } from '../../lib/live/stream-name';
import { Icon } from '../components/Icon';
import { navigate } from '../router';
import { OnAirMark } from './OnAirMark';
import { span, t, word } from './texts';

export function StreamCard({ report }: { report: StreamReport }) {
  const path = watchPath(report) + location.search + location.hash;
  const go = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    navigate(path);
  };
  const name = shownName(report);
  return (
    <li>
      <a class="stream-card" href={path} onClick={go} aria-label={t('list.watch', { name })} data-testid="live-stream" data-stream={`${report.app}/${report.stream}`}>
        <span class="stream-card-picture">
          <OnAirMark />
          <Icon icon={report.video || !report.audio ? Play : Volume2} size={32} />
          {report.video && report.video.height > 0 && <span class="stream-card-size">{`${report.video.width} × ${report.video.height}`}</span>}
        </span>
        <span class="stream-card-name">{name}</span>
        <span class="stream-card-facts small quiet">{factsOf(report)}</span>
      </a>
    </li>
  );
}

function factsOf(report: StreamReport): string {
  const codecs = [report.video?.codec, report.audio?.codec].filter((codec) => codec !== undefined).join(' + ');
  return [t('list.viewers', { n: report.viewers }), t('list.since', { span: span(Date.now() - report.since) }), t('list.from', { protocol: word('protocol', report.protocol) }), codecs].filter((fact) => fact !== '').join(' · ');
}
