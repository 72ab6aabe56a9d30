import { Flex } from '@hubspot/ui-extensions';
import { PageLink, usePageRoute } from '@hubspot/ui-extensions/pages';
import { Loadable, useApi, useFormat, useText } from '@lumo/screens';
import { ChangeLog } from '../components/runs/ChangeLog.tsx';
import { DryRun } from '../components/runs/DryRun.tsx';
import { RunFailures } from '../components/runs/RunFailures.tsx';
import { RunSummary } from '../components/runs/RunSummary.tsx';
import { useStatus } from '../hooks/useStatus.ts';
import { isOver } from '../utils/run.ts';

const WHILE_RUNNING_MS = 3_000;

/** One run in detail (P-73); a dry run shows what it found instead of the change log (P-64). */
export const RunPage = () => {
  const t = useText('dashboard');
  const words = useText('common');
  const { params } = usePageRoute();
  const status = useStatus();
  const format = useFormat(status.data?.timeZone);
  const detail = useApi(
    'GET /runs/{run}',
    { path: { run: params.run ?? '' } },
    { every: (run) => (run && !isOver(run) ? WHILE_RUNNING_MS : null) },
  );
  const held = status.data?.banner?.code === 'PREVIEW_NEEDED';
  return (
    <Flex direction="column" gap="large">
      <PageLink to="/">{words('back')}</PageLink>
      <Loadable from={detail} label={t('detail.loading')}>
        {(run) => (
          <Flex direction="column" gap="large">
            <RunSummary run={run} format={format} />
            {run.dryRun && <DryRun run={run} format={format} held={held} />}
            <RunFailures failures={run.failures} format={format} onDone={detail.reload} />
            {!run.dryRun && <ChangeLog run={run.id} format={format} />}
          </Flex>
        )}
      </Loadable>
    </Flex>
  );
};
