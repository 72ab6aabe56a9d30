import { Alert, Flex, Statistics, StatisticsItem, Text, useDebounce } from '@hubspot/ui-extensions';
import { ErrorAlert, useApi, useFormat, useText, type Audience, type Broadcasting, type Slot } from '@lumo/screens';

interface Props {
  slot: Slot;
  audience: Audience;
  settings: Broadcasting | null;
}

const WHILE_PREPARING_MS = 5_000;

/** Who would get it, what is left of the plan and what it costs, while the audience is being chosen (P-122, P-128). */
export const LiveEstimate = ({ slot, audience, settings }: Props) => {
  const t = useText('broadcasts');
  const { number, dateTime } = useFormat();
  const chosen = JSON.parse(useDebounce(JSON.stringify(audience))) as Audience;
  const ready = chosen.kind === 'all' || Boolean(chosen.ref);
  const count = useApi(
    'POST /broadcasts/estimate',
    { body: { slot, audience: chosen } },
    // It fails while a HubSpot list is read for the first time.
    { skip: !ready, every: (data) => (data === null ? WHILE_PREPARING_MS : null) },
  );
  const quota = useApi('GET /accounts/{slot}/quota', { path: { slot } });
  if (!ready) return null;
  const { data } = count;
  const month = quota.data;
  const left = month?.limited ? Math.max(0, (month.quota ?? 0) - month.used - month.reserved) : null;
  const price = settings?.price ?? 0;
  return (
    <Flex direction="column" gap="xs">
      <ErrorAlert error={count.error} />
      {data && (
        <Statistics>
          <StatisticsItem label={t('estimate.recipients')} number={number(data.recipients)} />
          {left !== null && <StatisticsItem label={t('estimate.left')} number={number(left)} />}
          {price > 0 && (
            <StatisticsItem
              label={t('review.cost')}
              number={`${number(data.recipients * price)} ${settings?.currency ?? ''}`}
            />
          )}
        </Statistics>
      )}
      {data && left !== null && data.recipients > left && (
        <Alert variant="warning" title={t('quota.short', { n: data.recipients - left })} />
      )}
      {data?.approximate && <Text variant="microcopy">{t('estimate.approximate')}</Text>}
      {data?.membersAsOf !== undefined && (
        <Text variant="microcopy">{t('estimate.asOf', { time: dateTime(data.membersAsOf) })}</Text>
      )}
    </Flex>
  );
};
