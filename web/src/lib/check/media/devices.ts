/** Check 6: what is plugged in. */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';

export interface Device {
  readonly kind: MediaDeviceKind;
  /** Empty as long as the page has no permission. */
  readonly label: string;
}

export interface DeviceFindings {
  readonly devices: readonly Device[];
  /** The browser tells when something is plugged in or pulled out. */
  readonly hotPlug: boolean;
}

export function judgeDevices({ devices, hotPlug }: DeviceFindings): Outcome {
  const of = (kind: MediaDeviceKind) => devices.filter((device) => device.kind === kind).map(({ label }) => label);
  const [cameras, microphones, speakers] = [of('videoinput'), of('audioinput'), of('audiooutput')];
  const details = { cameras, microphones, speakers, hotPlug };
  const values = { cameras: cameras.length, microphones: microphones.length };
  if (cameras.length === 0 && microphones.length === 0) {
    return outcome('warn', 'verdict.devices.none', { advice: 'advice.devices.none', details });
  }
  if (microphones.length === 0) {
    return outcome('warn', 'verdict.devices.no-microphone', { advice: 'advice.devices.no-microphone', details });
  }
  if (cameras.length === 0) {
    return outcome('warn', 'verdict.devices.no-camera', { advice: 'advice.devices.no-camera', details });
  }
  return outcome('pass', 'verdict.devices.ok', { values, details });
}

/** Chromium lists the default and the communications device a second time under these ids. */
const ALIASES = ['default', 'communications'];

export const devices: Check = {
  id: 'devices',
  group: 'media',
  timeoutMs: 4_000,
  run: async () => {
    if (!('mediaDevices' in navigator)) return outcome('skipped', 'verdict.insecure');
    const listed = await navigator.mediaDevices.enumerateDevices();
    const real = listed.filter(({ deviceId }) => !ALIASES.includes(deviceId));
    return judgeDevices({
      devices: real.map(({ kind, label }) => ({ kind, label })),
      hotPlug: 'ondevicechange' in navigator.mediaDevices,
    });
  },
};
