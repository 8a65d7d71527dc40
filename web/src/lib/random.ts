/** Names drawn from the browser's cryptographic generator. */

/** Letters and digits of a member id, as the course's clients draw them. */
const UID_ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const UID_LENGTH = 12;
/** 36^32 is 2^165: who does not know a claim does not guess it. */
const CLAIM_LENGTH = 32;
/** Enough that two offers of one call never have the same mark. */
const MARK_LENGTH = 12;
/** Letters of a readable room id: without `l` and `o`, which are read as digits. 24^10 is 2^45: not to be guessed. */
const ROOM_ALPHABET = 'abcdefghijkmnpqrstuvwxyz';
const ROOM_GROUPS = [3, 4, 3];

/** A source of random bytes; `crypto.getRandomValues` unless a test brings its own. */
export type FillRandom = (bytes: Uint8Array<ArrayBuffer>) => void;

const secure: FillRandom = (bytes) => {
  crypto.getRandomValues(bytes);
};

/** `length` characters of `alphabet`, each equally likely: bytes that would favour the first ones are drawn again. */
export function randomText(alphabet: string, length: number, fill: FillRandom = secure): string {
  const fair = 256 - (256 % alphabet.length);
  const bytes = new Uint8Array(length);
  let text = '';
  while (text.length < length) {
    fill(bytes);
    for (const byte of bytes) {
      if (byte < fair && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}

/** An id for this visit to a room. */
export function newUid(fill: FillRandom = secure): string {
  return randomText(UID_ALPHABET, UID_LENGTH, fill);
}

/** The value that proves a first `join` to be ours when its answer is lost. */
export function newClaim(fill: FillRandom = secure): string {
  return randomText(UID_ALPHABET, CLAIM_LENGTH, fill);
}

/** What tells one offer from another. */
export function newMark(fill: FillRandom = secure): string {
  return randomText(UID_ALPHABET, MARK_LENGTH, fill);
}

/** A room id that can be read aloud: `abc-defg-hij`. */
export function newRoomId(fill: FillRandom = secure): string {
  return ROOM_GROUPS.map((length) => randomText(ROOM_ALPHABET, length, fill)).join('-');
}
