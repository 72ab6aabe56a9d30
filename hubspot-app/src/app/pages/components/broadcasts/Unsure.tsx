import { Alert, Button, Flex, Text } from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useText, type Broadcast } from '@lumo/screens';

interface Props {
  broadcast: Broadcast;
  may: boolean;
  onChanged: () => void;
}

/** Recipients of whom LINE no longer tells whether it accepted their message: a person decides how they count. */
export const Unsure = ({ broadcast, may, onChanged }: Props) => {
  const t = useText('broadcasts');
  const settle = useAction('POST /broadcasts/{slot}/{broadcast}/settle');
  const path = { slot: broadcast.slot, broadcast: broadcast.id };
  const decide = async (sent: boolean) => {
    if (await settle.run({ path, body: { sent } })) onChanged();
  };
  return (
    <Alert variant="warning" title={t('unsure.title', { n: broadcast.unsure })}>
      <Flex direction="column" gap="small">
        <Text>{t('unsure.text')}</Text>
        <Flex gap="small" wrap>
          <Button size="sm" disabled={!may || settle.busy} onClick={() => void decide(true)} testId="settle-sent">
            {t('unsure.sent')}
          </Button>
          <Button size="sm" disabled={!may || settle.busy} onClick={() => void decide(false)} testId="settle-not">
            {t('unsure.not')}
          </Button>
        </Flex>
        <ErrorAlert error={settle.error} />
      </Flex>
    </Alert>
  );
};
