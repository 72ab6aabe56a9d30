import { LoadingSpinner } from '@hubspot/ui-extensions';
import type { ReactNode } from 'react';
import type { Loaded } from '../api/useApi.ts';
import { ErrorPanel, StaleAlert } from './Problems.tsx';

interface Props<T> {
  from: Pick<Loaded<T>, 'data' | 'error' | 'reload'>;
  /** What is being loaded, for the spinner. */
  label: string;
  children: (data: T) => ReactNode;
}

/** The states of something that is loaded: loading, failed, there, and there but old. */
export function Loadable<T>({ from, label, children }: Props<T>) {
  if (from.data !== null) {
    return (
      <>
        <StaleAlert error={from.error} onRetry={from.reload} />
        {children(from.data)}
      </>
    );
  }
  if (from.error) return <ErrorPanel error={from.error} onRetry={from.reload} />;
  return <LoadingSpinner label={label} showLabel layout="centered" />;
}
