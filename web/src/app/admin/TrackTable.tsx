/** What a member publishes, layer by layer. */
import { layerOf, perSecond, recent } from '../../lib/admin/rates';
import type { FlowStats, LayerStats, TrackStats } from '../../lib/admin/report';
import { Table, type TableRow } from './Table';
import { bitrate, whole } from './format';
import { t, word } from './texts';

export function TrackTable({ flow, flows }: { flow: FlowStats; flows: ReadonlyArray<(FlowStats & { at: number }) | undefined> }) {
  if (flow.tracks.length === 0) return null;
  const row = (track: TrackStats, layer: LayerStats, place: number): TableRow => {
    const { source, codec, muted, kind } = track;
    const pictures = recent(perSecond(flows, (one) => layerOf(one, source, layer.rid)?.pictures));
    const about = place === 0 ? [codec, muted && t('track.muted')] : [];
    const name = [word('source', source), layer.rid, ...about].filter(Boolean).join(' ');
    const size = layer.width === null ? '–' : `${layer.width} × ${layer.height}`;
    const isVideo = kind === 'video';
    const cells = [
      name,
      layer.active ? bitrate(layer.bps) : t('layer.off'),
      isVideo ? size : '–',
      isVideo ? whole(pictures) : '–',
      layer.viewers,
      isVideo ? layer.keyFrames : '–',
      layer.nackedPackets,
      isVideo ? layer.keyFrameRequests : '–',
      place === 0 && track.standstills ? track.standstills.count : '–',
    ];
    return { key: `${source} ${layer.rid ?? ''}`, cells, testid: 'admin-layer', state: layer.active ? 'on' : 'off' };
  };
  const head = [t('track'), t('rate'), t('size'), t('fps'), t('viewers'), t('key-frames'), t('nacked'), t('asked'), t('standstills')];
  const rows = flow.tracks.flatMap((track) => track.layers.map((layer, place) => row(track, layer, place)));
  return (
    <>
      <h3>{t('tracks')}</h3>
      <Table label={t('tracks')} head={head} rows={rows} />
    </>
  );
}
