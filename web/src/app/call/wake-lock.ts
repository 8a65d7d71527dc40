/** Keeps the screen on during a call, where the browser can. Returns the way to let it go. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | undefined;
  let over = false;
  const hold = () => {
    if (over || document.visibilityState !== 'visible') return;
    void navigator.wakeLock?.request('screen').then(
      (sentinel) => {
        if (over) void sentinel.release();
        else lock = sentinel;
      },
      // Refused when the battery is low: the screen then goes dark as usual.
      () => undefined,
    );
  };
  hold();
  document.addEventListener('visibilitychange', hold);
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', hold);
    void lock?.release();
  };
}
