/** Initials on a colour made from the name; a figure for those without one. */
import './avatar.css';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { UserRound } from 'lucide';
import { Icon } from './Icon';

/** The first letters of the first and last word; one sign for names in Han characters. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letter = (word: string | undefined) => [...(word ?? '')][0]?.toLocaleUpperCase() ?? '';
  if (/^\p{Script=Han}/u.test(words[0] ?? '')) return [...(words[0] ?? '')].slice(-2).join('');
  return letter(words[0]) + (words.length > 1 ? letter(words.at(-1)) : '');
}

/** A hue in degrees, the same for the same name everywhere. */
function hueOf(name: string): number {
  let hash = 0;
  for (const sign of name) hash = (hash * 31 + (sign.codePointAt(0) ?? 0)) % 3600;
  return hash / 10;
}

export function Avatar({ name }: { name: string }) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => element.current?.style.setProperty('--hue', String(hueOf(name))), [name]);
  return (
    <div ref={element} class="avatar" aria-hidden="true">
      {initials(name) || <Icon icon={UserRound} size={36} />}
    </div>
  );
}
