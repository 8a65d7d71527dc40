/** Which microphone, camera and speaker. Kinds of which there is nothing to choose are left out. */
import { Select, type SelectOption } from './Select';
import type { LocalMedia } from '../../lib/local-media';
import { t } from '../texts';

/** Only some browsers let a page choose the speaker. */
const canChooseSpeaker = 'setSinkId' in HTMLMediaElement.prototype;

export interface DevicePickersProps {
  media: LocalMedia;
  /** False where nothing is heard. */
  speaker?: boolean;
}

export function DevicePickers({ media, speaker = true }: DevicePickersProps) {
  const choice = media.choice.value;
  const options = (kind: MediaDeviceKind): SelectOption[] => {
    // Before permission the browser gives neither ids nor names.
    const known = media.devices.value.filter((device) => device.kind === kind && device.deviceId !== '');
    return known.map((device, index) => ({ value: device.deviceId, label: device.label || t('device.unnamed', { n: index + 1 }) }));
  };
  const microphones = options('audioinput');
  const cameras = options('videoinput');
  const speakers = speaker && canChooseSpeaker ? options('audiooutput') : [];
  const current = (chosen: string, track: MediaStreamTrack | null, list: readonly SelectOption[]) => {
    const used = track?.getSettings().deviceId;
    return list.some((option) => option.value === used) ? (used as string) : chosen || (list[0]?.value ?? '');
  };
  return (
    <div class="device-pickers">
      {microphones.length > 0 && (
        <Select label={t('device.microphone')} value={current(choice.microphone, media.microphone.value, microphones)} options={microphones} onSelect={(id) => void media.selectMicrophone(id)} testid="pick-microphone" />
      )}
      {cameras.length > 0 && (
        <Select label={t('device.camera')} value={current(choice.camera, media.camera.value, cameras)} options={cameras} onSelect={(id) => void media.selectCamera(id)} testid="pick-camera" />
      )}
      {speakers.length > 0 && (
        <Select label={t('device.speaker')} value={current(choice.speaker, null, speakers)} options={speakers} onSelect={(id) => media.selectSpeaker(id)} testid="pick-speaker" />
      )}
    </div>
  );
}
