import {
  Alert,
  DescriptionList,
  DescriptionListItem,
  Flex,
  Heading,
  Inline,
  Statistics,
  StatisticsItem,
  StatusTag,
  Text,
} from '@hubspot/ui-extensions';
import { HelpLink, useProblem, useText, type Format, type RunDetail } from '@lumo/screens';
import { RunProgress } from '../dashboard/RunProgress.tsx';
import { isOver, statusKey, statusVariant } from '../../utils/run.ts';

/** What was found, and what came of it. */
const COUNTS = [
  ['read', 'matched', 'linked', 'updated', 'unchanged'],
  ['dirty', 'conflicts', 'invalid', 'failed'],
] as const;

/** Who started a run, how long it took, what it counted, and why it failed. */
export const RunSummary = ({ run, format }: { run: RunDetail; format: Format }) => {
  const t = useText('dashboard');
  const trigger = t(`trigger.${run.trigger}`);
  const what = run.extent === 'contact' ? `${t('extent.contact')} ${run.contactId ?? ''}` : t(`extent.${run.extent}`);
  return (
    <Flex direction="column" gap="medium">
      <Inline gap="small" align="center">
        <Heading>{format.dateTime(run.startedAt)}</Heading>
        <StatusTag variant={statusVariant(run)}>{t(statusKey(run))}</StatusTag>
      </Inline>
      {run.error && <RunFault run={run} />}
      {!isOver(run) && <RunProgress run={run} format={format} />}
      <DescriptionList direction="row">
        <DescriptionListItem label={t('detail.trigger')}>
          <Text>{run.actor ? t('detail.byWhom', { trigger, who: run.actor }) : trigger}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('detail.extent')}>
          <Text>{`${what} · ${t(run.full ? 'detail.full' : 'detail.changed')}`}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('detail.duration')}>
          <Text>{run.durationMs === null ? '–' : format.duration(run.durationMs)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('detail.ended')}>
          <Text>{format.dateTime(run.endedAt)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('detail.apiCalls')}>
          <Text>{run.apiCalls === null ? '–' : format.number(run.apiCalls)}</Text>
        </DescriptionListItem>
      </DescriptionList>
      <Flex direction="column" gap="xs">
        <Heading>{t('detail.counts')}</Heading>
        {COUNTS.map((names) => (
          <Statistics key={names[0]}>
            {names.map((name) => (
              <StatisticsItem
                key={name}
                id={name}
                label={t(`counts.${name}`)}
                number={format.number(run.counts[name])}
              />
            ))}
          </Statistics>
        ))}
        <Text>{t('detail.lists', { n: run.lists })}</Text>
      </Flex>
    </Flex>
  );
};

const RunFault = ({ run }: { run: RunDetail }) => {
  const problem = useProblem();
  if (!run.error) return null;
  const { text, todo, detail, topic } = problem(run.error);
  return (
    <Alert title={text} variant={run.status === 'failed' ? 'danger' : 'warning'}>
      <Text>{todo}</Text>
      {detail && <Text variant="microcopy">{detail}</Text>}
      <HelpLink topic={topic} />
    </Alert>
  );
};
