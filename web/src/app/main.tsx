/** The entry: restores what the browser remembers, then draws. */
import '@preact/signals';
import { render } from 'preact';
import { App } from './App';
import { restorePreferences } from './preferences';

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app');
void restorePreferences().then(() => render(<App />, root));
