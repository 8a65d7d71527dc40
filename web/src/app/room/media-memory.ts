/** What the browser remembers of devices and name, and the media it makes from that. */
import { effect } from '@preact/signals';
import { LocalMedia } from '../../lib/local-media';
import type { UrlParameters } from '../../lib/url-parameters';
import { recall, remember } from '../preferences';

/** Machines with fewer cores than this get smaller pictures: encoding and decoding share them with everything else. */
const COMFORTABLE_CORES = 4;

/** Opens nothing yet. Choices are remembered from here on; call `forget` when the media is closed. */
export function recallMedia(parameters: UrlParameters): { media: LocalMedia; forget: () => void } {
  const media = new LocalMedia({
    devices: navigator.mediaDevices as MediaDevices | undefined,
    audio: parameters.audio,
    video: parameters.video,
    choice: { camera: recall('camera') ?? '', microphone: recall('microphone') ?? '', speaker: recall('speaker') ?? '' },
    microphoneOn: recall('microphone.off') === null,
    cameraOn: recall('camera.off') === null,
    modest: navigator.hardwareConcurrency < COMFORTABLE_CORES,
  });
  const forget = effect(() => {
    const { camera, microphone, speaker } = media.choice.value;
    remember('camera', camera || null);
    remember('microphone', microphone || null);
    remember('speaker', speaker || null);
    if (parameters.audio !== false) remember('microphone.off', media.microphoneOn.value ? null : 'yes');
    if (parameters.video !== false) remember('camera.off', media.cameraOn.value ? null : 'yes');
  });
  return { media, forget };
}
