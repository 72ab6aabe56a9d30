import { Flex, Inline, StatusTag, Text, Tile } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { useFormat, useProblem, useText, type Status } from '@lumo/screens';
import { ResyncButton } from './ResyncButton.tsx';
import { RunProgress } from './RunProgress.tsx';

const VARIANTS = { Normal: 'success', Syncing: 'info', Applying: 'info', Failed: 'danger' } as const;

/** The four states of P-70, with what belongs to each, and "Resync Data". */
export const StatusTile = ({ status, onChanged }: { status: Status; onChanged: () => void }) => {
  const t = useText('dashboard');
  const problem = useProblem();
  const format = useFormat(status.timeZone);
  const { state, run, lastRun, counters } = status;
  const failed = state === 'Failed' && lastRun?.error ? problem(lastRun.error) : null;
  const never = state === 'Normal' && lastRun === null;
  return (
    <Tile>
      <Flex direction="column" gap="medium">
        <Flex justify="between" align="start" gap="medium" wrap>
          <Flex direction="column" gap="xs">
            <Inline gap="small">
              <StatusTag variant={never ? 'default' : VARIANTS[state]}>{t(`state.${state}`)}</StatusTag>
              {counters.failures > 0 && (
                <StatusTag variant="warning">{t('itemsFailed', { n: counters.failures })}</StatusTag>
              )}
            </Inline>
            <Text format={{ fontWeight: 'demibold' }}>{never ? t('state.never') : t(`state.${state}.text`)}</Text>
            {failed && (
              <Text>
                {failed.text} {failed.todo}
              </Text>
            )}
            {lastRun && (
              <Text variant="microcopy">
                {t('lastSync', { when: format.dateTime(lastRun.endedAt ?? lastRun.startedAt) })}
              </Text>
            )}
            {status.runDue && <Text variant="microcopy">{t('runDue')}</Text>}
            {(failed ?? counters.failures > 0) && <PageLink to="/help/errorsContinue">{t('errorsLink')}</PageLink>}
          </Flex>
          <ResyncButton running={run !== null} onStarted={onChanged} />
        </Flex>
        {run && <RunProgress run={run} format={format} />}
      </Flex>
    </Tile>
  );
};
