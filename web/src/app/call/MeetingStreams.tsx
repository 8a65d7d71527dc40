/** Through the media server: what comes from whom, and which sizes of our own picture somebody watches. */
import type { Sample, Stream } from '../../lib/stats';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { t } from '../texts';

/** A stream that is slower than this stands still. */
const KBPS_MIN = 0.5;

export function MeetingStreams({ view, sample }: { view: CallView; sample: Sample }) {
  const session = view.call.topology.session.value;
  if (!session) return null;
  const owners = session.owners();
  const people = view.call.participants.value;
  const incoming = sample.incoming.flatMap((stream) => {
    const owner = owners.get(stream.mid);
    const person = people.find(({ uid }) => uid === owner?.uid);
    if (!owner || !person || stream.kbps < KBPS_MIN) return [];
    const shown = session.find(owner.uid, owner.source);
    return [{ stream, name: displayName(person.name.value), source: owner.source, layer: shown?.layer }];
  });
  const layers = sample.outgoing.filter((stream) => stream.rid !== undefined);
  return (
    <>
      {incoming.length > 0 && (
        <table class="stats-table" data-testid="stats-people">
          <caption>{t('stats.people')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('stats.person')}</th>
              <th scope="col">kbit/s</th>
              <th scope="col">{t('stats.layer')}</th>
              <th scope="col">{t('stats.size')}</th>
              <th scope="col">{t('stats.lost')}</th>
              <th scope="col">{t('stats.again')}</th>
              <th scope="col">{t('stats.frozen')}</th>
            </tr>
          </thead>
          <tbody>
            {incoming.map(({ stream, name, source, layer }) => (
              <tr key={stream.mid} data-testid="stats-stream" data-source={source} data-layer={layer} data-width={stream.width}>
                <th scope="row">
                  {name} <span class="quiet">{t(`source.${source}`)}</span>
                </th>
                <td>{Math.round(stream.kbps)}</td>
                <td>{layer}</td>
                <td>{size(stream)}</td>
                <td>{stream.loss === undefined ? '' : `${(stream.loss * 100).toFixed(1)} %`}</td>
                <td>{Math.round(stream.resentKbps)}</td>
                <td>{stream.kind === 'video' ? `${stream.freezeSeconds.toFixed(1)} s` : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {layers.length > 0 && (
        <table class="stats-table" data-testid="stats-layers">
          <caption>{t('stats.layers')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('stats.layer')}</th>
              <th scope="col">kbit/s</th>
              <th scope="col">fps</th>
              <th scope="col">{t('stats.size')}</th>
              <th scope="col">{t('stats.again')}</th>
            </tr>
          </thead>
          <tbody>
            {layers.map((stream) => (
              <tr key={`${stream.mid} ${stream.rid}`} data-testid="stats-out-layer" data-rid={stream.rid} data-active={stream.active}>
                <th scope="row">
                  {stream.rid} <span class="quiet">{t(`source.${session.link.value?.sourceOf(stream.mid) ?? 'camera'}`)}</span>
                </th>
                <td>{stream.active ? Math.round(stream.kbps) : t('stats.layer.off')}</td>
                <td>{stream.active && stream.fps !== undefined ? Math.round(stream.fps) : ''}</td>
                <td>{stream.active ? size(stream) : ''}</td>
                <td>{Math.round(stream.resentKbps)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function size({ width, height }: Stream): string {
  return width ? `${width}×${height}` : '';
}
