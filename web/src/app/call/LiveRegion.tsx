/** Says what happens to those who do not see it. Lines are added, never replaced: what is still being read is read to its end. */
import { useEffect, useRef } from 'preact/hooks';
import type { Announcement } from '../../lib/announcements';
import { REACTIONS } from '../../lib/meeting';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { t } from '../texts';

export function LiveRegion({ view }: { view: CallView }) {
  const { announcements, connection, media } = view.call;
  const recent = announcements.recent.value;
  const read = useRef(0);
  const { audio } = media.state.value;
  const state = connection.value;
  useEffect(() => {
    for (const announcement of recent) {
      if (announcement.key <= read.current) continue;
      view.say(inWords(announcement));
      if (announcement.kind === 'knock') view.hearKnock();
    }
    read.current = recent.at(-1)?.key ?? read.current;
  }, [recent]);
  useEffect(() => view.say(t(audio ? 'said.mic.on' : 'said.mic.off')), [audio]);
  useEffect(() => view.say(t(`connection.${state}`)), [state]);
  return (
    <div class="visually-hidden" role="log" aria-live="polite" data-testid="announcements">
      {view.said.value.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}

function inWords({ kind, name, text = '' }: Announcement): string {
  const reaction = REACTIONS.find((known) => known === text);
  return t(`said.${kind}`, { name: displayName(name), text: kind === 'reaction' && reaction ? t(`reaction.${reaction}`) : text });
}
