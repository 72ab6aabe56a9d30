import type { Run } from '@lumo/screens';
import type { Key } from '@lumo/screens';

export const isOver = (run: Run): boolean => !['syncing', 'applying'].includes(run.status);

/** The words of a run's status (P-72). */
export function statusKey(run: Run): Key<'dashboard'> {
  if (run.dryRun) {
    if (run.status === 'failed') return 'run.previewFailed';
    return isOver(run) ? 'run.previewComplete' : 'run.previewing';
  }
  const byHand = run.trigger === 'manual';
  switch (run.status) {
    case 'syncing':
      return byHand ? 'run.resyncing' : 'run.syncing';
    case 'failed':
      return byHand ? 'run.resyncFailed' : 'run.failed';
    default:
      return `run.${run.status}`;
  }
}

export function statusVariant(run: Run): 'success' | 'warning' | 'danger' | 'info' {
  switch (run.status) {
    case 'complete':
      return run.failed > 0 ? 'warning' : 'success';
    case 'complete_with_errors':
      return 'warning';
    case 'failed':
      return 'danger';
    default:
      return 'info';
  }
}
