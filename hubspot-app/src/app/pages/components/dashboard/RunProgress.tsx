import { Flex, LoadingSpinner, ProgressBar, Text } from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { useText, type Format, type RunningRun } from '@lumo/screens';

/** How far a run is (P-60): percent and time left where anybody can tell, what was read otherwise. */
export const RunProgress = ({ run, format }: { run: RunningRun; format: Format }) => {
  const t = useText('dashboard');
  const read =
    run.expected > 0
      ? t('progress.read', { read: run.read, expected: run.expected })
      : t('progress.counting', { read: run.read });
  return (
    <Flex direction="column" gap="xs">
      {run.percent === null ? (
        <LoadingSpinner label={read} showLabel />
      ) : (
        <ProgressBar
          title={t('progress.title')}
          aria-label={t('progress.title')}
          value={run.percent}
          maxValue={100}
          showPercentage
          valueDescription={read}
        />
      )}
      {run.secondsLeft !== null && run.secondsLeft > 0 && (
        <Text variant="microcopy">{t('progress.left', { time: format.duration(run.secondsLeft * 1000) })}</Text>
      )}
      {run.pending > 0 && <Text variant="microcopy">{t('progress.pending', { n: run.pending })}</Text>}
      <PageLink to="/help/slow">{t('slowLink')}</PageLink>
    </Flex>
  );
};
