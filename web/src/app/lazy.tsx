/** A component whose code is loaded when it is first drawn. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from './components/Button';
import { t } from './texts';

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [Loaded, show] = useState<{ it: ComponentType<P> | undefined }>({ it: loaded });
    const [failed, fail] = useState(false);
    useEffect(() => {
      if (loaded || failed) return;
      load().then(
        (component) => {
          loaded = component;
          show({ it: component });
        },
        () => fail(true),
      );
    }, [failed]);
    if (Loaded.it) return <Loaded.it {...props} />;
    if (!failed) return null;
    return (
      <div class="load-failed" role="alert">
        <p>{t('load.failed')}</p>
        <Button onClick={() => fail(false)}>{t('retry')}</Button>
      </div>
    );
  };
}
