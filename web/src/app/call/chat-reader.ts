/** Whom the next message in the chat is for. */

/** Who reads it; `to` is undefined for everybody. */
export interface Reader<Person> {
  to: Person | undefined;
  /** The one who was chosen has left. What was meant for one is nothing for everybody: it must not be sent. */
  gone: boolean;
}

/** @param chosen a uid, or undefined for everybody */
export function readerOf<Person extends { readonly uid: string }>(chosen: string | undefined, others: readonly Person[]): Reader<Person> {
  const to = chosen === undefined ? undefined : others.find(({ uid }) => uid === chosen);
  return { to, gone: chosen !== undefined && !to };
}
