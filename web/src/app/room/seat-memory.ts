/** The seat of this tab in a room and what was written there, for the page that comes after a reload. What is kept ends with the tab. */
import type { Call } from '../../lib/call';
import type { ChatMessage } from '../../lib/chat';
import type { Seat, Signalling } from '../../lib/signalling';

const KEY = 'parlor.seat';
/** As long as the server keeps the seat of a page that went. After that the lobby asks first: cameras do not go on by surprise. */
const RETURN_WITHIN_MS = 8_000;

interface Kept extends Seat {
  room: string;
  /** When the page went; undefined while it is there, or when it crashed. */
  partedAt?: number;
  chat?: readonly ChatMessage[];
}

/** The last ones: what is kept must fit into the storage of a tab. */
const CHAT_KEPT_MAX = 100;

/** The seat that this tab held in the room when it was reloaded or crashed. */
export function leftSeat(room: string): Seat | undefined {
  const kept = read();
  return kept?.room === room ? { uid: kept.uid, resume: kept.resume } : undefined;
}

/** Whether this page was in the room a moment ago, and was loaded again. */
export function comesBack(room: string, now: number): boolean {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  const kept = read();
  if (navigation?.type !== 'reload' || kept?.room !== room || kept.partedAt === undefined) return false;
  return now >= kept.partedAt && now - kept.partedAt < RETURN_WITHIN_MS;
}

/** What the page had shown of the chat. */
export function leftChat(room: string): readonly ChatMessage[] {
  const kept = read();
  return kept?.room === room ? (kept.chat ?? []) : [];
}

/** Keeps the seat for as long as the call lasts, and gives it up with it; a page that goes only parts with it. */
export function keepSeat(room: string, signalling: Signalling, call: Call): void {
  let kept: Kept | undefined;
  const keep = (seat: Kept | undefined) => {
    kept = seat;
    write(seat);
  };
  signalling.state.subscribe((state) => {
    if (state === 'open' && signalling.seat) keep({ room, ...signalling.seat });
    if (state === 'closed') keep(undefined);
  });
  const leave = () => {
    const seat = kept;
    const chat = call.chat.messages.peek().slice(-CHAT_KEPT_MAX);
    call.part();
    if (seat) write({ ...seat, partedAt: Date.now(), chat });
  };
  addEventListener('pagehide', leave);
  call.phase.subscribe((phase) => {
    if (phase === 'left' || phase === 'refused') removeEventListener('pagehide', leave);
  });
}

function read(): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    if (typeof kept !== 'object' || kept === null) return undefined;
    const { room, uid, resume, partedAt, chat } = kept as Record<string, unknown>;
    if (typeof room !== 'string' || typeof uid !== 'string' || typeof resume !== 'string') return undefined;
    return { room, uid, resume, ...(typeof partedAt === 'number' && { partedAt }), ...(Array.isArray(chat) && { chat: chat.filter(isMessage) }) };
  } catch {
    return undefined;
  }
}

/** Whether it can be shown. An older or a newer client of this origin may have written it. */
function isMessage(value: unknown): value is ChatMessage {
  if (typeof value !== 'object' || value === null) return false;
  const { text, at, from } = value as Partial<Record<keyof ChatMessage, unknown>>;
  const writer = from as { uid?: unknown; name?: unknown } | null | undefined;
  return typeof text === 'string' && typeof at === 'number' && (writer === undefined || (typeof writer?.uid === 'string' && typeof writer.name === 'string'));
}

function write(kept: Kept | undefined): void {
  try {
    if (kept) sessionStorage.setItem(KEY, JSON.stringify(kept));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Without storage a reloaded page waits until the server forgets the old one.
  }
}
