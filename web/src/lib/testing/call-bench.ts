/** A call whose server is the test, and whose connections are made of nothing. */
import { Call } from '../call';
import type { IceGrant } from '../ice-servers';
import { LocalMedia } from '../local-media';
import type { RosterEntry } from '../message';
import { parseUrlParameters } from '../url-parameters';
import type { FakeChannel } from './fake-channel';
import { FakeConnection } from './fake-connection';

export interface CallBench {
  channel: FakeChannel;
  /** Every connection that the call makes is added here. */
  connections: FakeConnection[];
  fetchIceServers?: () => Promise<IceGrant>;
}

/** Not joined yet. Its devices are none. */
export function makeCall({ channel, connections, fetchIceServers }: CallBench): Call {
  return new Call({
    channel,
    media: new LocalMedia({ devices: undefined, audio: {}, video: {}, choice: { camera: '', microphone: '', speaker: '' }, microphoneOn: true, cameraOn: true, modest: true }),
    parameters: parseUrlParameters(''),
    createConnection: () => {
      const connection = new FakeConnection();
      connections.push(connection);
      return connection as unknown as RTCPeerConnection;
    },
    fetchIceServers: fetchIceServers ?? (async () => ({ servers: [], lifetimeMs: Infinity })),
    now: () => Date.now(),
  });
}

/** Somebody who sends sound and picture. */
export function member(uid: string, name = uid): RosterEntry {
  return { uid, name, v: 2, connection: 'online', state: { audio: true, video: true, screen: false } };
}
