/** The name of the house; leads home. */
import { navigate } from '../router';

export function Brand() {
  const go = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    navigate('/');
  };
  return (
    <a class="brand" href="/" onClick={go}>
      <svg width="26" height="26" viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="3.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
        <path d="M7 28V12a6 6 0 0 1 6-6h6a6.5 6.5 0 0 1 0 13h-6" />
        <circle cx="19" cy="12.5" r="1.6" fill="currentColor" stroke="none" />
      </svg>
      Parlor
    </a>
  );
}
