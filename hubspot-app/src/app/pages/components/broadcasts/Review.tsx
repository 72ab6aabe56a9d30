import {
  Alert,
  DateInput,
  Flex,
  Heading,
  Statistics,
  StatisticsItem,
  Text,
  TimeInput,
  ToggleGroup,
  useExtensionActions,
  useExtensionContext,
} from '@hubspot/ui-extensions';
import {
  ConfirmButton,
  momentOf,
  picked,
  useAction,
  useFormat,
  useProblem,
  useText,
  type Broadcast,
  type BroadcastReview,
} from '@lumo/screens';
import { useState } from 'react';

interface Props {
  broadcast: Broadcast;
  review: BroadcastReview;
  /** What was reviewed is what is kept. */
  current: boolean;
  onChanged: () => void;
}

/** What LINE says of the message, who gets it, what it costs, and the last question before it is sent (P-124, P-128). */
export const Review = ({ broadcast, review, current, onChanged }: Props) => {
  const t = useText('broadcasts');
  const explain = useProblem();
  const { number, dateTime } = useFormat();
  const { estimate } = review;
  const missing = estimate.recipients - review.remaining;
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('review.audience')}</Heading>
      {review.ok ? (
        <Text>{t('review.ok')}</Text>
      ) : (
        <Alert variant="danger" title={t('review.problems')}>
          {review.lineSays
            ? t('review.lineSays', { why: review.lineSays })
            : review.problems.map((p) => explain(p).text).join(' ')}
        </Alert>
      )}
      <Statistics>
        <StatisticsItem label={t('estimate.recipients')} number={number(estimate.recipients)} />
        <StatisticsItem label={t('estimate.linked')} number={number(estimate.linked)} />
        <StatisticsItem label={t('estimate.blocked')} number={number(estimate.blocked)} />
        <StatisticsItem label={t('estimate.notFriends')} number={number(estimate.notFriends)} />
      </Statistics>
      {estimate.membersAsOf !== undefined && (
        <Text variant="microcopy">{t('estimate.asOf', { time: dateTime(estimate.membersAsOf) })}</Text>
      )}
      <Heading>{t('review.quota')}</Heading>
      {review.limited ? (
        <Statistics>
          <StatisticsItem label={t('quota.plan')} number={number(review.quota)} />
          <StatisticsItem label={t('quota.used')} number={number(review.used)} />
          <StatisticsItem label={t('quota.reserved')} number={number(review.reserved)} />
          <StatisticsItem label={t('quota.remaining')} number={number(review.remaining)} />
        </Statistics>
      ) : (
        <Text>{t('quota.unlimited')}</Text>
      )}
      {!review.enough && (
        <Alert variant="warning" title={t('quota.short', { n: missing })}>
          {t('quota.shortText')}
        </Alert>
      )}
      <Text>
        {`${t('review.cost')}: ${review.cost > 0 ? `${number(review.cost)} ${review.currency ?? ''}` : t('review.noPrice')}`}
      </Text>
      <Text>{t(review.personal ? 'review.personal' : 'review.equal')}</Text>
      {review.ok && current && <Send broadcast={broadcast} recipients={estimate.recipients} onChanged={onChanged} />}
    </Flex>
  );
};

const SOONEST_MS = 5 * 60_000;

const Send = ({
  broadcast,
  recipients,
  onChanged,
}: {
  broadcast: Broadcast;
  recipients: number;
  onChanged: () => void;
}) => {
  const t = useText('broadcasts');
  const { dateTime } = useFormat();
  const { portal } = useExtensionContext();
  const { addAlert } = useExtensionActions<'pages'>();
  const confirm = useAction('POST /broadcasts/{slot}/{broadcast}/confirm');
  const [later, setLater] = useState(false);
  const [at, setAt] = useState(() => Date.now() + 12 * SOONEST_MS);
  const when = picked(at, portal.timezone);
  const { name } = broadcast;
  const go = async () => {
    const path = { slot: broadcast.slot, broadcast: broadcast.id };
    const now = await confirm.run({ path, body: { sendAt: later ? at : 0 } });
    if (!now) return false;
    const said = later ? 'done.scheduled' : 'done.confirmed';
    if (now.status !== 'held') addAlert({ type: 'success', message: t(said, { name }) });
    onChanged();
    return true;
  };
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('send.title')}</Heading>
      <ToggleGroup
        name="send-when"
        label={t('send.when')}
        toggleType="radioButtonList"
        inline
        value={later ? 'later' : 'now'}
        options={[
          { value: 'now', label: t('send.now') },
          { value: 'later', label: t('send.later') },
        ]}
        onChange={(value) => setLater(String(value) === 'later')}
      />
      {later && (
        <Flex gap="small" align="end" wrap>
          <DateInput
            name="send-date"
            label={t('send.date')}
            format="YYYY-MM-DD"
            value={{ year: when.year, month: when.month, date: when.date }}
            onChange={(day) =>
              day && setAt(momentOf({ ...when, year: day.year, month: day.month, date: day.date }, portal.timezone))
            }
          />
          <TimeInput
            name="send-time"
            label={t('send.time', { zone: portal.timezone })}
            value={{ hours: when.hours, minutes: when.minutes }}
            onChange={(time) =>
              time && setAt(momentOf({ ...when, hours: time.hours, minutes: time.minutes }, portal.timezone))
            }
          />
        </Flex>
      )}
      <ConfirmButton
        id="confirm-broadcast"
        label={t(later ? 'send.button.later' : 'send.button.now')}
        title={t(later ? 'send.ask.later' : 'send.ask.now', { name })}
        confirm={t(later ? 'send.confirm.later' : 'send.confirm.now')}
        primary
        busy={confirm.busy}
        error={confirm.error}
        onOpen={confirm.clear}
        onConfirm={go}
      >
        <Text>{t('send.about', { n: recipients })}</Text>
        {later && <Text>{t('send.at', { time: dateTime(at) })}</Text>}
        <Text>{t('send.frozen')}</Text>
        <Text>{t('send.final')}</Text>
      </ConfirmButton>
    </Flex>
  );
};
