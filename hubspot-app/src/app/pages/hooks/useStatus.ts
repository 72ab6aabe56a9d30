import { useApi, type Loaded, type Status } from '@lumo/screens';

const WHILE_RUNNING_MS = 3_000;
const BEFORE_A_RUN_MS = 5_000;
const OTHERWISE_MS = 30_000;

/** How long the Dashboard waits before it looks again. */
export const pauseAfter = (status: Status | null) => {
  if (status?.run) return WHILE_RUNNING_MS;
  return status?.runDue || status?.connection === 'pending' ? BEFORE_A_RUN_MS : OTHERWISE_MS;
};

/** What the Dashboard shows, brought up to date while the page is open: soon when something is about to begin. */
export const useStatus = (): Loaded<Status> => useApi('GET /status', {}, { every: pauseAfter });

/** Changes whenever a run begins, goes on to another phase or ends: what lists runs asks again then. */
export const runsVersion = (status: Status | null): string =>
  [status?.run, status?.lastRun].map((run) => (run ? `${run.id} ${run.status}` : '-')).join(' ');
