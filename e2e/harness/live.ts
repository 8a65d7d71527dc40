// A page that publishes or plays a live stream, with nothing but what the browser has: as other people's players do.
import type { Page } from '@playwright/test';

/** How the offer goes to the server: as SDP (WHIP, WHEP), or in JSON as SRS's clients send it. */
export type Way = 'sdp' | 'json';

export interface Stream {
  /** Pictures decoded, or encoded. */
  frames: number;
  /** Packets of sound that came. A muted element, as players need to begin by themselves, has no energy to be measured. */
  soundPackets: number;
  /** Tracks in the one stream of the video element. */
  tracks: number;
}

declare global {
  var live: { connection: RTCPeerConnection; session: string | null };
}

/** Publishes camera and microphone. */
export function publishes(page: Page, url: string, way: Way): Promise<void> {
  return page.evaluate(connect, { url, way, sends: true });
}

/** Plays into a video element that fills the page. */
export function plays(page: Page, url: string, way: Way): Promise<void> {
  return page.evaluate(connect, { url, way, sends: false });
}

/** Ends the session as far as the page can: by its path, where it has one, and by closing the connection. */
export async function ends(page: Page): Promise<void> {
  await page.evaluate(async () => {
    if (live.session !== null) await fetch(live.session, { method: 'DELETE' });
    live.connection.close();
  });
}

/** What the page sends or receives. */
export function observe(page: Page): Promise<Stream> {
  return page.evaluate(async () => {
    const stream = { frames: 0, soundPackets: 0, tracks: 0 };
    for (const report of (await live.connection.getStats()).values()) {
      if (report.kind === 'video') stream.frames += report.framesDecoded ?? report.framesEncoded ?? 0;
      if (report.type === 'inbound-rtp' && report.kind === 'audio') stream.soundPackets += report.packetsReceived ?? 0;
    }
    const shown = document.querySelector('video')?.srcObject;
    if (shown instanceof MediaStream) stream.tracks = shown.getTracks().length;
    return stream;
  });
}

/** Runs in the page. */
async function connect({ url, way, sends }: { url: string; way: Way; sends: boolean }): Promise<void> {
  const connection = new RTCPeerConnection();
  if (sends) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 180 } });
    for (const track of stream.getTracks()) connection.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
  } else {
    const video = document.createElement('video');
    Object.assign(video, { autoplay: true, muted: true, playsInline: true });
    document.body.replaceChildren(video);
    connection.ontrack = ({ streams }) => {
      video.srcObject = streams[0] ?? null;
    };
    for (const kind of ['audio', 'video']) connection.addTransceiver(kind, { direction: 'recvonly' });
  }
  await connection.setLocalDescription();
  const offer = connection.localDescription?.sdp ?? '';
  const json = JSON.stringify({ api: url, tid: '2b45a06', streamurl: 'webrtc://host/live/browser', clientip: null, sdp: offer });
  const [type, body] = way === 'sdp' ? ['application/sdp', offer] : ['application/json', json];
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  const answer = way === 'sdp' ? text : JSON.parse(text).sdp;
  await connection.setRemoteDescription({ type: 'answer', sdp: answer });
  globalThis.live = { connection, session: response.headers.get('location') };
}
