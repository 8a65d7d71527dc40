/** All checks, in the order in which they are shown and run. */
import { apis } from './browser/apis';
import { browser } from './browser/browser';
import { codecs } from './browser/codecs';
import { peerConnection } from './browser/peer-connection';
import { secureContext } from './browser/secure-context';
import { simulcast } from './browser/simulcast';
import { transforms } from './browser/transforms';
import type { Check } from './context';
import { audioProcessing } from './media/audio-processing';
import { autoplay } from './media/autoplay';
import { camera } from './media/camera';
import { devices } from './media/devices';
import { microphone } from './media/microphone';
import { permissions } from './media/permissions';
import { screenShare } from './media/screen-share';
import { speaker } from './media/speaker';
import { bandwidth } from './net/bandwidth';
import { direct } from './net/direct';
import { natMapping } from './net/nat-mapping';
import { quality } from './net/quality';
import { mediaTcp, mediaUdp } from './net/reach';
import { stun } from './net/stun';
import { turnTcp, turnTls, turnUdp } from './net/turn';
import { websocket } from './net/websocket';
import { CHECK_GROUPS, type CheckGroup } from './types';

export const CHECKS: readonly Check[] = [
  secureContext,
  browser,
  peerConnection,
  apis,
  codecs,
  simulcast,
  transforms,
  permissions,
  devices,
  camera,
  microphone,
  audioProcessing,
  speaker,
  autoplay,
  screenShare,
  websocket,
  stun,
  natMapping,
  turnUdp,
  turnTcp,
  turnTls,
  direct,
  mediaUdp,
  mediaTcp,
  quality,
  bandwidth,
];

/** `?run=net,media`: the groups named, or all when none of the names is known. */
export function selectGroups(parameter: string | null): readonly CheckGroup[] {
  const asked = (parameter ?? '').split(',').map((name) => name.trim());
  const known = CHECK_GROUPS.filter((group) => asked.includes(group));
  return known.length > 0 ? known : CHECK_GROUPS;
}
