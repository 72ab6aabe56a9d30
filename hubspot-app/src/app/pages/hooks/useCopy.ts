import { useExtensionActions } from '@hubspot/ui-extensions';
import { call, asApiError, useOrigin, useProblem, useText } from '@lumo/screens';
import type { Args } from '@lumo/screens';
import { useEffect, useRef, useState } from 'react';
import { toCsv, toTable } from '../utils/csv.ts';

export type Form = 'csv' | 'table';
export type Filter = Omit<NonNullable<Args<'GET /changes/export'>['query']>, 'cursor'>;
type Rows = readonly (readonly string[])[];

/** More is no use in a clipboard. */
const MOST_ROWS = 20_000;

/** Puts rows on the clipboard: an extension cannot offer a file. */
export function useCopy() {
  const { copyTextToClipboard, addAlert } = useExtensionActions<'pages'>();
  const t = useText('dashboard');
  return async (rows: Rows, form: Form, truncated = false) => {
    const n = rows.length - 1;
    if (n < 1) {
      addAlert({ type: 'info', message: t('csv.empty') });
      return;
    }
    try {
      await copyTextToClipboard(form === 'csv' ? toCsv(rows) : toTable(rows));
      addAlert({
        type: truncated ? 'warning' : 'success',
        message: t(truncated ? 'csv.truncated' : 'csv.copied', { n }),
      });
    } catch {
      addAlert({ type: 'danger', message: t('csv.failed') });
    }
  };
}

/** Fetches the change log page by page and copies it. */
export function useExport(filter: Filter) {
  const origin = useOrigin();
  const copy = useCopy();
  const problem = useProblem();
  const { addAlert } = useExtensionActions<'pages'>();
  const [busy, setBusy] = useState(false);
  const mounted = useRef(true);

  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);

  const run = async (form: Form) => {
    setBusy(true);
    try {
      const rows: string[][] = [];
      let cursor: string | undefined;
      do {
        const page = await call(origin, 'GET /changes/export', { query: { ...filter, cursor } });
        if (rows.length === 0) rows.push(page.columns);
        rows.push(...page.rows);
        cursor = page.next ?? undefined;
      } while (cursor && rows.length <= MOST_ROWS && mounted.current);
      if (mounted.current) await copy(rows, form, cursor !== undefined);
    } catch (error) {
      addAlert({ type: 'danger', message: problem(asApiError(error)).text });
    } finally {
      if (mounted.current) setBusy(false);
    }
  };
  return { run, busy };
}
