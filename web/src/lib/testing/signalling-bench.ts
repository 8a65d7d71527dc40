/** Signalling whose sockets are in the hands of the test. */
import type { ChannelEvent } from '../channel';
import { Signalling, type SignallingOptions } from '../signalling';
import { FakeSocket } from './fake-socket';

export interface SignallingBench {
  /** Every socket that is opened is added here. */
  sockets: FakeSocket[];
  events: ChannelEvent[];
}

/** Not open yet. */
export function makeSignalling({ sockets, events }: SignallingBench, more: Partial<SignallingOptions> = {}): Signalling {
  const made = new Signalling({
    url: 'ws://parlor.test/ws',
    roomId: 'abc-defg-hij',
    name: 'Ana',
    mediaState: () => ({ audio: true, video: false, screen: false }),
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    random: () => 0,
    ...more,
  });
  made.onEvent = (event) => events.push(event);
  return made;
}
