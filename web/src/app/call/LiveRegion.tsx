/** Says what happens to those who do not see it: joins, leaves, messages, the own microphone. */
import { useEffect, useState } from 'preact/hooks';
import { REACTIONS } from '../../lib/meeting';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { t } from '../texts';

export function LiveRegion({ view }: { view: CallView }) {
  const { announcement, connection, media } = view.call;
  const [words, setWords] = useState('');
  const happened = announcement.value;
  const { audio } = media.state.value;
  const state = connection.value;
  useEffect(() => {
    if (!happened) return;
    const name = displayName(happened.name);
    const reaction = REACTIONS.find((known) => known === happened.text);
    const text = happened.kind === 'reaction' && reaction ? t(`reaction.${reaction}`) : (happened.text ?? '');
    setWords(t(`said.${happened.kind}`, { name, text }));
  }, [happened]);
  useEffect(() => setWords(t(audio ? 'said.mic.on' : 'said.mic.off')), [audio]);
  useEffect(() => setWords(t(`connection.${state}`)), [state]);
  return (
    <div class="visually-hidden" role="status" aria-live="polite" data-testid="announcements">
      {words}
    </div>
  );
}
