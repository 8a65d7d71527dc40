/** The link that lets somebody else into the room. It carries no token: that would make its holder us. */
import { roomPath } from '../router';

export function roomLink(room: string): string {
  return location.origin + roomPath(room);
}

/** The page on which others watch the room without being in it. */
export function watchPath(room: string): string {
  return `/live/room/${encodeURIComponent(room)}`;
}

/** True where the link leads nobody else here: it names the machine one sits at. */
export function isLocalLink(): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname);
}

export function canShareLink(): boolean {
  return typeof navigator.share === 'function' && matchMedia('(pointer: coarse)').matches;
}

export function shareLink(link: string): void {
  // Rejects when the person changes their mind.
  void navigator.share({ url: link }).catch(() => undefined);
}
