import { useApi, type Loaded, type Status } from '@lumo/screens';

const WHILE_RUNNING_MS = 3_000;
const OTHERWISE_MS = 30_000;

/** What the Dashboard shows, brought up to date while the page is open. */
export const useStatus = (): Loaded<Status> =>
  useApi('GET /status', {}, { every: (status) => (status?.run ? WHILE_RUNNING_MS : OTHERWISE_MS) });

/** Changes whenever a run begins, goes on to another phase or ends: what lists runs asks again then. */
export const runsVersion = (status: Status | null): string =>
  [status?.run, status?.lastRun].map((run) => (run ? `${run.id} ${run.status}` : '-')).join(' ');
