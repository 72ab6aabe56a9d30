import { Alert, Button, Flex, NumberInput, Select, Text, useExtensionActions } from '@hubspot/ui-extensions';
import {
  ConfirmButton,
  ErrorAlert,
  useAction,
  useFormat,
  useProblem,
  useText,
  type Broadcast,
  type BroadcastHold,
} from '@lumo/screens';
import { useState } from 'react';

interface Props {
  broadcast: Broadcast;
  hold: BroadcastHold;
  may: boolean;
  onChanged: () => void;
}

const ORDERS = ['oldest', 'newest', 'random'] as const;

/** Why a broadcast waits for a person, and what can be done (P-128): send to some, try again, end it. */
export const Held = ({ broadcast, hold, may, onChanged }: Props) => {
  const t = useText('broadcasts');
  const { number } = useFormat();
  const explain = useProblem();
  const { addAlert } = useExtensionActions<'pages'>();
  const resume = useAction('POST /broadcasts/{slot}/{broadcast}/resume');
  const cancel = useAction('POST /broadcasts/{slot}/{broadcast}/cancel');
  const { name, sent, recipients } = broadcast;
  const path = { slot: broadcast.slot, broadcast: broadcast.id };
  const done = (message: string) => {
    addAlert({ type: 'success', message });
    onChanged();
    return true;
  };
  const go = async (body: { first?: number; order?: (typeof ORDERS)[number] }) => {
    const now = await resume.run({ path, body });
    if (!now) return;
    if (now.status === 'held') onChanged();
    else done(t('done.resumed', { name }));
  };
  const quota = hold.reason === 'quota';
  const why = hold.code ? explain({ code: hold.code, message: hold.message ?? '' }) : null;
  return (
    <Flex direction="column" gap="small">
      <Alert variant="warning" title={t(hold.reason === 'quota' ? 'held.title' : `attention.${hold.reason}`)}>
        <Flex direction="column" gap="flush">
          {quota ? (
            <Text>{t('held.text', { need: hold.need ?? broadcast.left, remaining: hold.remaining, sent })}</Text>
          ) : (
            <Text>{t('attention.text', { sent: number(sent), total: number(recipients) })}</Text>
          )}
          {why && <Text>{`${why.text} ${why.todo}`}</Text>}
        </Flex>
      </Alert>
      {quota && <SomeFirst broadcast={broadcast} hold={hold} disabled={!may || resume.busy} onGo={go} />}
      <Flex gap="small" align="center" wrap>
        <Button size="sm" testId="resume" disabled={!may || resume.busy} onClick={() => void go({})}>
          {t(quota ? 'held.wait' : 'attention.resume')}
        </Button>
        {quota && <Text variant="microcopy">{t('held.waitHelp')}</Text>}
      </Flex>
      <Flex gap="small" align="center" wrap>
        <ConfirmButton
          id="end-broadcast"
          label={t('held.cancel')}
          title={t('held.ask', { name })}
          confirm={t('held.cancel')}
          danger
          disabled={!may}
          busy={cancel.busy}
          error={cancel.error}
          onConfirm={async () => (await cancel.run({ path, body: {} })) !== null && done(t('done.ended', { name }))}
        >
          <Text>{t('held.cancelHelp')}</Text>
        </ConfirmButton>
        <Text variant="microcopy">{t('held.cancelHelp')}</Text>
      </Flex>
      <ErrorAlert error={resume.error} />
    </Flex>
  );
};

interface SomeProps {
  broadcast: Broadcast;
  hold: BroadcastHold;
  disabled: boolean;
  onGo: (body: { first: number; order?: (typeof ORDERS)[number] }) => Promise<void>;
}

/** As many as the quota allows, by a rule; after the first message the rule is fixed. */
const SomeFirst = ({ broadcast, hold, disabled, onGo }: SomeProps) => {
  const t = useText('broadcasts');
  const most = Math.max(0, Math.min(hold.remaining, broadcast.left));
  const [first, setFirst] = useState(most);
  const [order, setOrder] = useState<(typeof ORDERS)[number]>('oldest');
  const begun = broadcast.sent > 0;
  return (
    <Flex direction="column" gap="xs">
      <Text format={{ fontWeight: 'demibold' }}>{t('held.first')}</Text>
      <Flex gap="small" align="end" wrap>
        <NumberInput
          name="held-first"
          label={t('held.count')}
          min={1}
          max={most}
          precision={0}
          value={first}
          onChange={(n) => setFirst(Number.isFinite(n) ? Math.trunc(n) : 0)}
        />
        {!begun && (
          <Select
            name="held-order"
            label={t('held.order')}
            value={order}
            options={ORDERS.map((value) => ({ value, label: t(`held.${value}`) }))}
            onChange={(value) => setOrder(ORDERS.find((known) => known === value) ?? 'oldest')}
          />
        )}
        <Button
          size="sm"
          testId="send-some"
          disabled={disabled || first < 1 || first > most}
          onClick={() => void onGo({ first, ...(!begun && { order }) })}
        >
          {t('held.go', { n: first })}
        </Button>
      </Flex>
      <Text variant="microcopy">{t('held.firstHelp')}</Text>
    </Flex>
  );
};
