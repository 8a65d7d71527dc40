/** The rooms this browser was in, newest first. Kept in this browser only. */
import { signal } from '@preact/signals';
import { isRoomId } from '../lib/room-id';
import { recall, remember } from './preferences';

const ROOMS_MAX = 8;

export interface RecentRoom {
  room: string;
  /** Milliseconds since 1970. */
  at: number;
}

export const recentRooms = signal<readonly RecentRoom[]>(restore());

function restore(): RecentRoom[] {
  try {
    const kept: unknown = JSON.parse(recall('rooms') ?? '[]');
    if (!Array.isArray(kept)) return [];
    return kept.filter((entry): entry is RecentRoom => typeof entry?.room === 'string' && isRoomId(entry.room) && typeof entry.at === 'number').slice(0, ROOMS_MAX);
  } catch {
    return [];
  }
}

function keep(rooms: readonly RecentRoom[]): void {
  recentRooms.value = rooms;
  remember('rooms', rooms.length > 0 ? JSON.stringify(rooms) : null);
}

export function visitRoom(room: string, at: number): void {
  keep([{ room, at }, ...recentRooms.peek().filter((entry) => entry.room !== room)].slice(0, ROOMS_MAX));
}

export function forgetRoom(room: string): void {
  keep(recentRooms.peek().filter((entry) => entry.room !== room));
}
