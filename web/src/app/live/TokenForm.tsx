/** Asks for the token, and says why. */
import { useSignal } from '@preact/signals';
import { Button } from '../components/Button';
import { TextField } from '../components/TextField';
import { enterToken } from './token';
import { t } from './texts';

/** The longest token that the server reads. */
const TOKEN_LENGTH_MAX = 4096;

export interface TokenFormProps {
  /** The code of the server's refusal. */
  problem: string;
  /** What it is needed for; for playing where nothing is said. */
  text?: string;
}

export function TokenForm({ problem, text = t('token.text') }: TokenFormProps) {
  const typed = useSignal('');
  if (problem === 'switched-off') return <p data-testid="token-off">{t('token.off')}</p>;
  const submit = (event: Event) => {
    event.preventDefault();
    // People paste the whole link as often as the token in it.
    const given = typed.value.trim().replace(/^.*[?#&]token=([^&]*).*$/, '$1');
    if (given !== '') enterToken(given);
  };
  return (
    <form class="token-form" onSubmit={submit} data-testid="token-form">
      <h2>{t('token.title')}</h2>
      <p class="quiet">{text}</p>
      <TextField label={t('token.field')} value={typed.value} onInput={(value) => (typed.value = value)} maxLength={TOKEN_LENGTH_MAX} {...(problem !== 'token-needed' && { invalid: t('token.refused') })} testid="token" />
      <div>
        <Button kind="primary" type="submit" testid="token-submit">
          {t('token.submit')}
        </Button>
      </div>
    </form>
  );
}
