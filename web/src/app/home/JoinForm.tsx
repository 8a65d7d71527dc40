/** Into a room by its code or link. */
import { useState } from 'preact/hooks';
import { Button } from '../components/Button';
import { TextField } from '../components/TextField';
import { parseRoomId, parseRoomQuery } from '../../lib/room-id';
import { navigate, roomPath } from '../router';
import { t } from '../texts';

/** A pasted link may carry parameters; this is enough for all of them. */
const INPUT_LENGTH_MAX = 2000;

export function JoinForm() {
  const [input, setInput] = useState('');
  const [wrong, setWrong] = useState(false);
  const join = (event: Event) => {
    event.preventDefault();
    const room = parseRoomId(input);
    if (room === undefined) setWrong(true);
    else navigate(roomPath(room) + (parseRoomQuery(input, location.origin) || location.search));
  };
  return (
    <form class="join-form" onSubmit={join}>
      <TextField
        label={t('home.join.label')}
        value={input}
        onInput={(value) => {
          setInput(value);
          setWrong(false);
        }}
        maxLength={INPUT_LENGTH_MAX}
        placeholder="abc-defg-hij"
        {...(wrong && { invalid: t(input.trim() === '' ? 'home.join.empty' : 'home.join.wrong') })}
        testid="join-code"
      />
      <Button type="submit" testid="join-code-submit">
        {t('home.join')}
      </Button>
    </form>
  );
}
