/** Sends what is on air on to other servers, for who may: video services give an address and a key for it. */
import { useSignal } from '@preact/signals';
import { Plus, X } from 'lucide';
import type { StreamTargets } from '../../lib/live/stream-targets';
import type { TargetReport } from '../../lib/live/targets';
import { Button } from '../components/Button';
import { IconButton } from '../components/IconButton';
import { TextField } from '../components/TextField';
import { t, targetTrouble } from './texts';

/** What the server takes. */
const BYTES_MAX = 2048;

export function StudioTargets({ targets }: { targets: StreamTargets }) {
  const [listed, problem] = [targets.targets.value, targets.problem.value];
  if (listed === undefined) return null;
  return (
    <details class="studio-targets" open={listed.length > 0} data-testid="studio-targets">
      <summary>{t('targets')}</summary>
      {listed.length > 0 && (
        <ul>
          {listed.map((target) => (
            <Target key={target.id} target={target} onRemove={() => void targets.remove(target.id)} />
          ))}
        </ul>
      )}
      <NewTarget targets={targets} />
      {problem && (
        <p class="studio-problem" role="alert" data-testid="studio-target-problem" data-problem={problem}>
          {targetTrouble(problem)}
        </p>
      )}
    </details>
  );
}

function Target({ target, onRemove }: { target: TargetReport; onRemove: () => void }) {
  const { url, state, reason, source } = target;
  return (
    <li data-testid="studio-target" data-state={state}>
      <div>
        <bdi>{url}</bdi>
        <p class="studio-target-state">{t(`targets.${state}`)}</p>
        {state === 'retrying' && reason && <p class="studio-problem">{reason}</p>}
        {source !== 'request' && <p class="studio-target-state">{t('targets.of-operator')}</p>}
      </div>
      {source === 'request' && <IconButton icon={X} label={t('targets.remove', { url })} onClick={onRemove} testid="studio-target-remove" />}
    </li>
  );
}

function NewTarget({ targets }: { targets: StreamTargets }) {
  const [url, key] = [useSignal(''), useSignal('')];
  const add = async (event: Event) => {
    event.preventDefault();
    if (await targets.add(url.peek().trim(), key.peek().trim())) url.value = key.value = '';
  };
  return (
    <form onSubmit={(event) => void add(event)}>
      <TextField label={t('targets.url')} value={url.value} onInput={(value) => (url.value = value)} maxLength={BYTES_MAX} placeholder="rtmps://video.example.com/live2" testid="studio-target-url" />
      <TextField label={t('targets.key')} value={key.value} onInput={(value) => (key.value = value)} maxLength={BYTES_MAX} isSecret testid="studio-target-key" />
      <Button type="submit" icon={Plus} disabled={url.value.trim() === ''} testid="studio-target-add">
        {t('targets.add')}
      </Button>
    </form>
  );
}
