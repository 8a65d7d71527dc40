/** Asks for the token, and says where to get one. */
import { useSignal } from '@preact/signals';
import type { ApiProblem } from '../../lib/admin/api';
import { Button } from '../components/Button';
import { TextField } from '../components/TextField';
import { signIn } from './token';
import { t, word } from './texts';

/** The longest token that the server reads. */
const TOKEN_LENGTH_MAX = 4096;

export function SignIn({ refused }: { refused: ApiProblem | undefined }) {
  const typed = useSignal('');
  const submit = (event: Event) => {
    event.preventDefault();
    // People paste the whole link as often as the token in it.
    const given = typed.value.trim().replace(/^.*#token=/, '');
    if (given !== '') signIn(given);
  };
  return (
    <form class="admin-sign-in" onSubmit={submit} data-testid="admin-sign-in">
      <h1>{t('sign-in.title')}</h1>
      <p>{t('sign-in.text')}</p>
      <pre>parlor admin</pre>
      <p class="quiet small">{t('sign-in.where')}</p>
      <TextField label={t('sign-in.token')} value={typed.value} onInput={(value) => (typed.value = value)} maxLength={TOKEN_LENGTH_MAX} {...(refused && { invalid: word('problem', refused.code) })} testid="admin-token" />
      <div>
        <Button kind="primary" type="submit" testid="admin-submit">
          {t('sign-in.submit')}
        </Button>
      </div>
    </form>
  );
}
