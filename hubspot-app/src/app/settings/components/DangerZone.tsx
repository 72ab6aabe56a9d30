import {
  Alert,
  Button,
  Checkbox,
  DescriptionList,
  DescriptionListItem,
  Flex,
  Heading,
  Text,
} from '@hubspot/ui-extensions';
import {
  ConfirmButton,
  Loadable,
  useAction,
  useApi,
  useFormat,
  useHubSpotLinks,
  useText,
  type Farewell,
} from '@lumo/screens';
import { useState } from 'react';

/** What disconnecting would mean, and doing it after two confirmations (P-155 to P-158). */
export const DangerZone = ({ may, onDone }: { may: boolean; onDone: () => void }) => {
  const t = useText('settings');
  const summary = useApi('GET /disconnect', {});
  const [left, setLeft] = useState<Farewell | null>(null);
  const gone = left ?? (summary.data?.state === 'removed' ? summary.data : null);
  return (
    <Flex direction="column" gap="medium">
      <Heading>{t('danger.title')}</Heading>
      {gone ? (
        <Gone />
      ) : (
        <>
          <Text>{t('danger.text')}</Text>
          <Loadable from={summary} label={t('danger.loading')}>
            {(data) => (
              <Leave
                summary={data}
                may={may}
                onDone={(farewell) => {
                  setLeft(farewell);
                  onDone();
                }}
              />
            )}
          </Loadable>
        </>
      )}
    </Flex>
  );
};

const Gone = () => {
  const t = useText('settings');
  const words = useText('common');
  const links = useHubSpotLinks();
  return (
    <Alert variant="success" title={t('danger.done')}>
      <Text>{t('danger.doneText')}</Text>
      <Text>{t('danger.after')}</Text>
      <Button size="sm" href={{ url: links.reconnect, external: true }}>
        {words('reconnect')}
      </Button>
    </Alert>
  );
};

interface LeaveProps {
  summary: Farewell;
  may: boolean;
  onDone: (farewell: Farewell) => void;
}

const Leave = ({ summary, may, onDone }: LeaveProps) => {
  const t = useText('settings');
  const format = useFormat();
  const action = useAction('POST /disconnect');
  const [understood, setUnderstood] = useState(false);
  const disconnect = async () => {
    const answer = await action.run({ body: { confirm: true } });
    if (!answer) return false;
    onDone(answer);
    return true;
  };
  const namesOf = (all: { name: string; slot: number }[]) =>
    all.map(({ name, slot }) => name || t('slot', { n: slot })).join(', ') || '–';
  return (
    <Flex direction="column" gap="medium">
      <DescriptionList direction="row">
        <DescriptionListItem label={t('danger.accounts')}>
          <Text>{namesOf(summary.accounts)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('danger.friends')}>
          <Text>{format.number(summary.friends)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('danger.mappings')}>
          <Text>{format.number(summary.mappings)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('danger.unsent')}>
          <Text>{format.number(summary.unsent)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('danger.failures')}>
          <Text>{format.number(summary.failures)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('danger.broadcasts')}>
          <Flex direction="column" gap="flush">
            {summary.broadcasts.length === 0 && <Text>{t('danger.noBroadcasts')}</Text>}
            {summary.broadcasts.map((cast) => (
              <Text key={cast.id}>
                {t(`danger.${cast.status}`, { name: cast.name, time: format.dateTime(cast.sendAt) })}
              </Text>
            ))}
          </Flex>
        </DescriptionListItem>
        <DescriptionListItem label={t('danger.inboxes')}>
          <Text>{namesOf(summary.inboxes)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label={t('danger.workflows')}>
          <Text>{t('danger.workflowsText')}</Text>
        </DescriptionListItem>
      </DescriptionList>
      {summary.unsent > 0 && <Alert variant="warning" title={t('danger.unsentText')} />}
      <Text variant="microcopy">{t('danger.after')}</Text>
      <Checkbox name="understand" checked={understood} readOnly={!may} onChange={setUnderstood}>
        {t('danger.understand')}
      </Checkbox>
      <Flex>
        <ConfirmButton
          id="disconnect-lumo"
          label={t('danger.button')}
          title={t('danger.confirmTitle')}
          confirm={t('danger.button')}
          danger
          disabled={!may || !understood}
          busy={action.busy}
          error={action.error}
          onOpen={action.clear}
          onConfirm={disconnect}
        >
          <Text>{t('danger.confirmText')}</Text>
        </ConfirmButton>
      </Flex>
    </Flex>
  );
};
