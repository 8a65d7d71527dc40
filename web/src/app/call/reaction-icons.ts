/** What reactions look like. */
import { Heart, Laugh, PartyPopper, ThumbsDown, ThumbsUp, type IconNode } from 'lucide';
import type { Reaction } from '../../lib/meeting';

export const REACTION_ICONS: Readonly<Record<Reaction, IconNode>> = {
  'thumbs-up': ThumbsUp,
  heart: Heart,
  laugh: Laugh,
  celebrate: PartyPopper,
  'thumbs-down': ThumbsDown,
};
