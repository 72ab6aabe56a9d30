import { Alert, Flex, Heading, ProgressBar, Statistics, StatisticsItem, Text } from '@hubspot/ui-extensions';
import { Loadable, useApi, useFormat, useMay, useProblem, useText, type Broadcast } from '@lumo/screens';
import { Held } from './Held.tsx';
import { Results, useRate } from './Results.tsx';
import { StatusMark } from './StatusMark.tsx';
import { Unsure } from './Unsure.tsx';

/** A broadcast that was confirmed: how far it is, what it waits for, and how it went (P-125, P-128, P-129). */
export const Sent = ({ broadcast, onChanged }: { broadcast: Broadcast; onChanged: () => void }) => {
  const t = useText('broadcasts');
  const { number, dateTime } = useFormat();
  const explain = useProblem();
  const may = useMay().send_messages;
  const { slot, id, status, sent, recipients, refused } = broadcast;
  const part = useRate();
  const failed = Object.entries(refused);
  const results = useApi(
    'GET /broadcasts/{slot}/{broadcast}/results',
    { path: { slot, broadcast: id } },
    { skip: sent === 0, version: String(sent) },
  );
  return (
    <Flex direction="column" gap="medium">
      <Flex gap="small" align="center" wrap>
        <Heading>{broadcast.name}</Heading>
        <StatusMark broadcast={broadcast} />
      </Flex>
      {status === 'scheduled' && (
        <Alert variant="info" title={t('scheduled.title', { time: dateTime(broadcast.sendAt) })}>
          {t('scheduled.text', { n: recipients })}
        </Alert>
      )}
      {status === 'sending' && (
        <ProgressBar
          title={t('status.sending')}
          value={sent}
          maxValue={Math.max(1, recipients)}
          valueDescription={t('progress.sending', { sent: number(sent), total: number(recipients) })}
        />
      )}
      {status === 'held' && broadcast.hold && (
        <Held broadcast={broadcast} hold={broadcast.hold} may={may} onChanged={onChanged} />
      )}
      {status === 'partly_sent' && (
        <Alert variant="warning" title={t('partly.title')}>
          {t('partly.text', { sent: number(sent), total: number(recipients) })}
        </Alert>
      )}
      {broadcast.unsure > 0 && <Unsure broadcast={broadcast} may={may} onChanged={onChanged} />}
      <Heading>{t('results.title')}</Heading>
      <Statistics>
        <StatisticsItem label={t('results.sent')} number={number(recipients)} />
        <StatisticsItem label={t('results.delivered')} number={number(sent)}>
          {recipients > 0 && (
            <Text variant="microcopy">{t('results.deliveryRate', { percent: part(sent, recipients) })}</Text>
          )}
        </StatisticsItem>
        <StatisticsItem
          label={t('results.refused')}
          number={number(failed.reduce((sum, [, count]) => sum + count, 0))}
        />
      </Statistics>
      {broadcast.membersAsOf !== null && (
        <Text variant="microcopy">{t('estimate.asOf', { time: dateTime(broadcast.membersAsOf) })}</Text>
      )}
      {failed.length > 0 && (
        <Flex direction="column" gap="flush">
          <Text format={{ fontWeight: 'demibold' }}>{t('results.reasons')}</Text>
          {failed.map(([code, count]) => (
            <Text key={code}>{`${number(count)}: ${explain({ code, message: code }).text}`}</Text>
          ))}
        </Flex>
      )}
      {broadcast.tracking === 'off' ? (
        <Text>{t('results.untracked')}</Text>
      ) : (
        sent > 0 && (
          <Loadable from={results} label={t('results.loading')}>
            {(data) => <Results results={data} broadcast={broadcast} />}
          </Loadable>
        )
      )}
    </Flex>
  );
};
