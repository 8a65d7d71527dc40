/** The report to copy, to download, or to read. */
import { useState } from 'preact/hooks';
import { Copy, Download } from 'lucide';
import { Button } from '../components/Button';
import type { CheckSession } from './session';
import { t } from './texts';

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `parlor-check-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.json`;
  link.click();
  URL.revokeObjectURL(url);
}

export function ReportSection({ session }: { session: CheckSession }) {
  const [showAddresses, setShowAddresses] = useState(false);
  const [copied, setCopied] = useState<'yes' | 'no' | null>(null);
  const text = session.report(showAddresses);
  const copy = () => {
    const clipboard = navigator.clipboard as Clipboard | undefined;
    const written = clipboard ? clipboard.writeText(text) : Promise.reject(new Error('no clipboard in this context'));
    written.then(
      () => setCopied('yes'),
      () => setCopied('no'),
    );
  };
  return (
    <section class="check-report">
      <h2>{t('report.title')}</h2>
      <p class="quiet">{t('report.intro')}</p>
      <div class="check-controls">
        <Button icon={Copy} onClick={copy} testid="check-copy">
          {t(copied === 'yes' ? 'report.copied' : 'report.copy')}
        </Button>
        <Button icon={Download} onClick={() => download(text)} testid="check-download">
          {t('report.download')}
        </Button>
      </div>
      <p role="status" class="small">
        {copied === 'no' && t('report.copy-failed')}
        {copied === 'yes' && <span class="visually-hidden">{t('report.copied')}</span>}
      </p>
      <label class="check-option">
        <input
          type="checkbox"
          checked={showAddresses}
          onChange={(event) => {
            setShowAddresses(event.currentTarget.checked);
            setCopied(null);
          }}
          data-testid="check-addresses"
        />
        {t('report.addresses')}
      </label>
      <details class="check-details" open={copied === 'no'}>
        <summary>{t('report.show')}</summary>
        <pre class="check-json" tabIndex={0} aria-label={t('report.title')} data-testid="check-report">
          {text}
        </pre>
      </details>
    </section>
  );
}
