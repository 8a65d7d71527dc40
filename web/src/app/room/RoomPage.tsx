/** A room from the lobby through the call to the door. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { lazy } from '../lazy';
import { JoiningPage } from './JoiningPage';
import { LeftPage } from './LeftPage';
import { LobbyPage } from '../lobby/LobbyPage';
import { RefusedPage } from './RefusedPage';
import type { Call } from '../../lib/call';
import type { LocalMedia } from '../../lib/local-media';
import { parseUrlParameters } from '../../lib/url-parameters';
import { recallMedia } from './media-memory';
import { comesBack } from './seat-memory';
import { callCode, loadCall } from './load-call';
import { WaitingPage } from './WaitingPage';
import { recall, remember } from '../preferences';
import { visitRoom } from '../recent-rooms';
import { t } from '../texts';

const CallPage = lazy(() => loadCall().then((code) => code.CallPage));

export function RoomPage({ room }: { room: string }) {
  const parameters = useMemo(() => parseUrlParameters(location.search), [room]);
  /** A new visit opens the devices anew. */
  const [visit, setVisit] = useState(1);
  const { media, forget } = useMemo(() => recallMedia(parameters), [parameters, visit]);
  const [call, setCall] = useState<Call>();
  const [notLoaded, setNotLoaded] = useState(false);
  const rejoining = useRef(comesBack(room, Date.now()));
  const [returning, setReturning] = useState(rejoining.current);
  const unread = call?.chat.unread.value ?? 0;

  // Nobody waits for it: whoever has joined by then is told.
  useEffect(() => void loadCall().catch(() => undefined), []);
  useEffect(() => {
    void media.start();
    return () => {
      forget();
      media.close();
    };
  }, [media]);
  useEffect(() => {
    if (parameters.ignored.length > 0) console.warn(`Parlor: without effect in this address: ${parameters.ignored.join(', ')}`);
  }, [parameters]);
  useEffect(() => () => call?.hangUp(), [call]);
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${room} · Parlor`;
    return () => {
      document.title = 'Parlor';
    };
  }, [room, unread]);

  const enter = (name: string, withMedia: LocalMedia) => {
    remember('name', name || null);
    visitRoom(room, Date.now());
    const begin = ({ startCall }: NonNullable<ReturnType<typeof callCode>>) => {
      const next = startCall({ room, name, media: withMedia, parameters });
      setCall(next);
      void next.join();
    };
    setNotLoaded(false);
    const code = callCode();
    if (code) begin(code);
    else void loadCall().then(begin, () => setNotLoaded(true)).finally(() => setReturning(false));
  };
  const backToLobby = () => {
    setCall(undefined);
    setVisit(visit + 1);
  };
  /** Straight back in: name and devices are known. */
  const rejoin = () => {
    rejoining.current = true;
    backToLobby();
  };
  useLayoutEffect(() => {
    if (!rejoining.current) return;
    rejoining.current = false;
    enter(recall('name') ?? '', media);
  }, [media]);

  switch (call?.phase.value) {
    case undefined:
      if (returning) return null;
      return <LobbyPage room={room} media={media} name={recall('name') ?? ''} problem={notLoaded ? t('load.failed.join') : undefined} checks={parameters.loopback ? undefined : { token: parameters.token ?? null }} onJoin={(name) => enter(name, media)} />;
    case 'joining':
      return <JoiningPage call={call} onCancel={backToLobby} />;
    case 'waiting':
      return (
        <WaitingPage
          media={media}
          onCancel={() => {
            call.hangUp();
            backToLobby();
          }}
        />
      );
    case 'joined':
      return <CallPage room={room} call={call} />;
    case 'left':
      return <LeftPage room={room} media={media} dismissal={call.dismissal.value} onRejoin={rejoin} />;
    case 'refused':
      return <RefusedPage error={call.refusal.value} media={media} onRetry={backToLobby} onRejoin={rejoin} />;
  }
}
