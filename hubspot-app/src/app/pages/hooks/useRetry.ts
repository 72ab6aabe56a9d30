import { useExtensionActions } from '@hubspot/ui-extensions';
import { useAction, useText, type Retried } from '@lumo/screens';
import { useState } from 'react';

/** As many pages of failed items as are tried in one go; more would keep the button busy for minutes. */
const MOST_PAGES = 200;

/** "Retry" of one failed item and "Retry all" (P-73). */
export function useRetry(onDone: () => void) {
  const t = useText('dashboard');
  const { addAlert } = useExtensionActions<'pages'>();
  const single = useAction('POST /failures/{failure}/retry');
  const all = useAction('POST /failures/retry-all');
  const [busy, setBusy] = useState<string | null>(null);

  const tell = ({ retried, refused }: Pick<Retried, 'retried' | 'refused'>) => {
    if (retried > 0) addAlert({ type: 'success', message: t('failures.retrying', { n: retried }) });
    if (refused > 0) addAlert({ type: 'warning', message: t('failures.refused', { n: refused }) });
    onDone();
  };

  const retry = async (failure: string) => {
    all.clear();
    setBusy(failure);
    const answer = await single.run({ path: { failure } });
    setBusy(null);
    if (answer) tell(answer);
  };

  const retryAll = async () => {
    single.clear();
    setBusy('all');
    const sum = { retried: 0, refused: 0 };
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const answer = await all.run({ body: cursor ? { cursor } : {} });
      if (!answer) break;
      sum.retried += answer.retried;
      sum.refused += answer.refused;
      if (!answer.next) break;
      cursor = answer.next;
    }
    setBusy(null);
    tell(sum);
  };

  return { retry, retryAll, busy, error: single.error ?? all.error };
}
