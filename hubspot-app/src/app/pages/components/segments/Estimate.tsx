import { Alert, Flex, Heading, LoadingSpinner, Statistics, StatisticsItem, Text, Tile } from '@hubspot/ui-extensions';
import {
  ErrorAlert,
  useFormat,
  useText,
  type Loaded,
  type SegmentEstimate,
  type SegmentEstimated,
} from '@lumo/screens';

/** How many friends meet the conditions, and how they are reached (P-122, P-123). */
export const Estimate = ({ from }: { from: Loaded<SegmentEstimated> }) => {
  const t = useText('segments');
  const { data, error, loading } = from;
  return (
    <Tile>
      <Flex direction="column" gap="small">
        <Flex gap="small" align="center">
          <Heading>{t('count.title')}</Heading>
          {loading && <LoadingSpinner size="xs" label={t('count.loading')} />}
        </Flex>
        <ErrorAlert error={error} />
        {data?.estimate ? <Numbers estimate={data.estimate} /> : <Reason state={data?.state} />}
      </Flex>
    </Tile>
  );
};

const Reason = ({ state }: { state: SegmentEstimated['state'] | undefined }) => {
  const t = useText('segments');
  if (state === undefined) return null;
  if (state === 'preparing') return <Alert variant="info" title={t('count.preparing')} />;
  return <Text>{t('count.invalid')}</Text>;
};

const Numbers = ({ estimate }: { estimate: SegmentEstimate }) => {
  const t = useText('segments');
  const { number, dateTime } = useFormat();
  const parts = ['linked', 'notLinked', 'blocked', 'unknown', 'notFriends'] as const;
  return (
    <Flex direction="column" gap="small">
      <Statistics>
        <StatisticsItem label={t('count.recipients')} number={number(estimate.recipients)}>
          <Text variant="microcopy">{t('count.of', { n: estimate.friends })}</Text>
        </StatisticsItem>
        {parts.map((part) => (
          <StatisticsItem key={part} label={t(`count.${part}`)} number={number(estimate[part])} />
        ))}
      </Statistics>
      {estimate.notFriends > 0 && <Text variant="microcopy">{t('count.notFriendsHelp')}</Text>}
      {estimate.approximate && <Text variant="microcopy">{t('count.approximate', { n: estimate.friends })}</Text>}
      {estimate.membersAsOf !== undefined && (
        <Text variant="microcopy">{t('count.members', { time: dateTime(estimate.membersAsOf) })}</Text>
      )}
      <Text variant="microcopy">{t('count.asOf', { time: dateTime(estimate.asOf) })}</Text>
    </Flex>
  );
};
