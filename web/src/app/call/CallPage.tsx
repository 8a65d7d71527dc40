/** Talk: the other person large, everything else out of the way. */
import './call.css';
import './tiles.css';
import { useEffect, useMemo } from 'preact/hooks';
import { lazy } from '../lazy';
import { CallView } from './call-view';
import { ChatBubble } from './ChatBubble';
import { ChatPanel } from './ChatPanel';
import { Controls } from './Controls';
import { EndDialog } from './EndDialog';
import { LiveRegion } from './LiveRegion';
import { Notices } from './Notices';
import { OnAir } from './OnAir';
import { RemoveDialog } from './RemoveDialog';
import { SettingsDialog } from './SettingsDialog';
import { ShortcutsDialog } from './ShortcutsDialog';
import { Stage } from './Stage';
import { TopBar } from './TopBar';
import { Voices } from './Voices';
import { useIdle } from './use-idle';
import { keepAwake } from './wake-lock';
import { listenForShortcuts } from './shortcuts';
import type { Call } from '../../lib/call';
import { t } from '../texts';

const StatsOverlay = lazy(() => import('./StatsOverlay').then((module) => module.StatsOverlay));
const PeoplePanel = lazy(() => import('./PeoplePanel').then((module) => module.PeoplePanel));
const LinkDialog = lazy(() => import('./LinkDialog').then((module) => module.LinkDialog));

export function CallPage({ room, call }: { room: string; call: Call }) {
  const view = useMemo(() => new CallView(call), [call]);
  const idle = useIdle();
  useEffect(() => listenForShortcuts(view), [view]);
  useEffect(() => keepAwake(), []);
  useEffect(() => watchNetwork(call), [call]);
  const close = () => view.openDialog(undefined);
  const quiet = idle && call.connection.value === 'connected' && !view.moreOpen.value && !view.reactionsOpen.value;
  return (
    <div class={`call ${view.panel.value ? 'call-with-panel' : ''}`} data-quiet={quiet}>
      <h1 class="visually-hidden">{t('call.title', { room })}</h1>
      <main class={`call-stage ${call.media.screen.value ? 'call-stage-sharing' : ''}`}>
        <Stage room={room} view={view} />
        <TopBar room={room} view={view} />
        <OnAir view={view} />
        <Notices view={view} />
        <ChatBubble view={view} />
        {view.statsOpen.value && <StatsOverlay view={view} />}
      </main>
      <Voices view={view} />
      {view.chatOpen.value && <ChatPanel view={view} />}
      {view.peopleOpen.value && <PeoplePanel room={room} view={view} />}
      <Controls view={view} />
      <LiveRegion view={view} />
      {view.dialog.value === 'link' && <LinkDialog room={room} onClose={close} />}
      {view.dialog.value === 'settings' && <SettingsDialog view={view} onClose={close} />}
      {view.dialog.value === 'end' && <EndDialog view={view} onClose={close} />}
      {view.removal.value && <RemoveDialog view={view} removal={view.removal.value} />}
      {view.dialog.value === 'shortcuts' && <ShortcutsDialog view={view} onClose={close} />}
    </div>
  );
}

interface NetworkInformation extends EventTarget {
  addEventListener(type: 'change', listener: () => void): void;
}

/** Tells the call when the browser says that it is on another network. */
function watchNetwork(call: Call): () => void {
  const changed = () => call.networkChanged();
  const network = (navigator as { connection?: NetworkInformation }).connection;
  let kind = networkKind(network);
  // `change` also tells of a new estimate of the speed; only another kind of network is another network.
  const maybe = () => {
    const now = networkKind(network);
    if (now !== kind) changed();
    kind = now;
  };
  const back = () => {
    if (document.visibilityState === 'visible') call.channel.probe();
  };
  addEventListener('online', changed);
  network?.addEventListener('change', maybe);
  document.addEventListener('visibilitychange', back);
  return () => {
    removeEventListener('online', changed);
    network?.removeEventListener('change', maybe);
    document.removeEventListener('visibilitychange', back);
  };
}

function networkKind(network: NetworkInformation | undefined): unknown {
  return (network as { type?: unknown } | undefined)?.type;
}
