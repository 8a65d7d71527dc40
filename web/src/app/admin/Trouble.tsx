/** What is shown is old, and why. */
import type { ApiProblem } from '../../lib/admin/api';
import { word } from './texts';

export function Trouble({ problem }: { problem: ApiProblem | undefined }) {
  return (
    <p class="admin-trouble" role="status" data-testid="admin-trouble">
      {problem && word('problem', problem.code)}
    </p>
  );
}
