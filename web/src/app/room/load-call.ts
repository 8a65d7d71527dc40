/** Loads the code of calls once. A load that failed is tried again by the next caller. */
type CallCode = typeof import('./call-chunk');

let loaded: CallCode | undefined;
let loading: Promise<CallCode> | undefined;

/** The code, if it is there. */
export function callCode(): CallCode | undefined {
  return loaded;
}

export function loadCall(): Promise<CallCode> {
  loading ??= import('./call-chunk').then(
    (code) => (loaded = code),
    (error: unknown) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
}
