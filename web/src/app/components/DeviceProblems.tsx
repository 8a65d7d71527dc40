/** What stands between the page and a device: what happened, why, what to do in this browser. */
import './device-problems.css';
import { CircleAlert } from 'lucide';
import { Button } from './Button';
import { Icon } from './Icon';
import type { DeviceKind, DeviceProblem, LocalMedia } from '../../lib/local-media';
import { browserFamily } from '../browser-family';
import { t, type TextKey } from '../texts';

const KINDS: readonly DeviceKind[] = ['audio', 'video'];

export function DeviceProblems({ media }: { media: LocalMedia }) {
  const problem = media.problem.value;
  const [audio, video] = [problem.audio, problem.video];
  // One explanation for both, where both have the same problem.
  if (audio && audio === video) return <Problem what="both" problem={audio} onRetry={() => void media.start()} />;
  return (
    <>
      {KINDS.map((kind) => {
        const found = problem[kind];
        return found && <Problem key={kind} what={kind} problem={found} onRetry={() => void (kind === 'audio' ? media.setMicrophone(true) : media.setCamera(true))} />;
      })}
    </>
  );
}

interface ProblemProps {
  what: DeviceKind | 'both';
  problem: DeviceProblem;
  onRetry: () => void;
}

function Problem({ what, problem, onRetry }: ProblemProps) {
  const title = t(`problem.${problem}.${what}`);
  const advice: TextKey = problem === 'blocked' ? `help.blocked.${browserFamily()}` : `help.${problem}`;
  return (
    <section class="device-problem" role="status" data-testid={`problem-${what}`} data-problem={problem}>
      <Icon icon={CircleAlert} />
      <div>
        <p>
          <strong>{title}</strong> {t(advice)}
        </p>
        {problem !== 'insecure' && (
          <Button onClick={onRetry} testid="device-retry">
            {t('retry')}
          </Button>
        )}
      </div>
    </section>
  );
}
