/** A program built on a call, for the browser tests: it joins a room without camera and microphone, speaks, and notes what it hears. */
import { Call } from '../call';
import { fetchIceServers } from '../ice-servers';
import { LocalMedia } from '../local-media';
import { Signalling } from '../signalling';
import { parseUrlParameters } from '../url-parameters';

/** What a program has heard about its topic. */
export interface Note {
  data: unknown;
  uid: string;
}

export class Program {
  readonly heard: Note[] = [];
  readonly #call: Call;

  private constructor(call: Call, topic: string) {
    this.#call = call;
    call.data.listen(topic, (data, uid) => this.heard.push({ data, uid }));
  }

  /** Joins a room of the server that this page comes from. */
  static async enter(roomId: string, name: string, topic: string): Promise<Program> {
    const media = new LocalMedia({ devices: undefined, audio: false, video: false, choice: { camera: '', microphone: '', speaker: '' }, microphoneOn: false, cameraOn: false, modest: true });
    const channel = new Signalling({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
      roomId,
      name,
      mediaState: () => media.state.peek(),
      openSocket: (url) => new WebSocket(url),
    });
    const call = new Call({
      channel,
      media,
      parameters: parseUrlParameters(''),
      createConnection: (configuration) => new RTCPeerConnection(configuration),
      fetchIceServers: () => fetchIceServers(location.origin, undefined),
      now: () => Date.now(),
    });
    const program = new Program(call, topic);
    await call.join();
    return program;
  }

  say(topic: string, data: unknown, lossy: boolean): boolean {
    return this.#call.data.send(topic, data, { lossy });
  }
}
