/** Devices, language and appearance, in the call. */
import { Dialog } from '../components/Dialog';
import { DevicePickers } from '../components/DevicePickers';
import { DeviceProblems } from '../components/DeviceProblems';
import { MicMeter } from '../components/MicMeter';
import { PreferenceFields } from '../components/PreferenceFields';
import type { CallView } from './call-view';
import { KnockSoundField } from './KnockSoundField';
import { LetterKeysField } from './LetterKeysField';
import { t } from '../texts';

export function SettingsDialog({ view, onClose }: { view: CallView; onClose: () => void }) {
  const { media } = view.call;
  return (
    <Dialog title={t('settings.title')} onClose={onClose} testid="settings-dialog">
      <DeviceProblems media={media} />
      <DevicePickers media={media} />
      <MicMeter track={media.microphone.value} />
      <PreferenceFields />
      <LetterKeysField view={view} />
      {view.call.meeting.mayAdmit.value && <KnockSoundField view={view} />}
    </Dialog>
  );
}
